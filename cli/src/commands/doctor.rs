//! `tarquet doctor`: whether this machine, the stores and a spec will do.

use crate::{
    args::Format,
    connection::{block_on, connect, refused},
    context::Context,
    doctor::{self, Finding, Machine, Space, Verdict},
    error::CliError,
    exit::Exit,
    render::{Look, Style, visible, wrap},
    spec,
};
use std::path::{Path, PathBuf};
use tarquet_common::{clock::Clock, spec::Spec, store::Uri};

/// What to check.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tarquet doctor\n  tarquet doctor frames.toml --probe")]
pub(crate) struct Args {
    /// Job spec whose inputs and output are looked at
    #[arg(value_name = "SPEC")]
    spec: Option<PathBuf>,
    /// Try what the output's store can do, with about 20 small requests beside the output
    #[arg(long, requires = "spec")]
    probe: bool,
    /// Folder for what lies between fetching and decoding
    #[arg(
        long,
        value_name = "DIR",
        env = "TARQUET_SCRATCH",
        hide_env_values = true,
        default_value = "/dev/shm"
    )]
    scratch: PathBuf,
}

/// Checks.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    let machine = Machine::gather();
    let mut findings = doctor::machine(&machine);
    if args.scratch != Path::new("/dev/shm") {
        findings.push(doctor::scratch(&args.scratch, &machine));
    }
    match &args.spec {
        Some(file) => {
            let mut spec = spec::read(file)?;
            cx.globals.store.complete_spec(&mut spec);
            findings.extend(disk(&spec));
            findings.extend(block_on(ask_stores(&spec, args.probe, cx))?);
        }
        None => findings.push(Finding::new(
            "stores",
            Verdict::Skipped,
            "name a SPEC to check its inputs and output",
        )),
    }
    findings.push(block_on(coordinator(cx))?);
    tell(&findings, cx)?;
    let worst = findings.iter().map(|f| f.verdict).max().unwrap_or(Verdict::Ok);
    Ok(if worst == Verdict::Bad { exit(&findings) } else { Exit::Done })
}

/// Space where the output is a path.
fn disk(spec: &Spec) -> Option<Finding> {
    let uri = Uri::parse_here(spec.place().uri).ok()?;
    uri.path().map(|path| doctor::space("output disk", Space::of(path), 0))
}

async fn ask_stores(spec: &Spec, probe: bool, cx: &Context) -> Result<Vec<Finding>, CliError> {
    let stores = cx.globals.store.own()?;
    let mut findings = doctor::inputs(&stores, spec).await;
    findings.push(doctor::output(&stores, spec).await);
    findings.push(doctor::lifecycle(&stores, spec).await);
    if probe {
        findings.extend(doctor::probe(&stores, spec, cx.clock.unix_ms()).await);
    } else {
        findings.push(Finding::new(
            "probe",
            Verdict::Skipped,
            "say --probe to try what the output's store can do",
        ));
    }
    Ok(findings)
}

/// Whether a coordinator answers. That none does is only worth a word: `tarquet run` needs none.
async fn coordinator(cx: &Context) -> Result<Finding, CliError> {
    const CHECK: &str = "coordinator";
    let jobs = connect(cx)?;
    Ok(match jobs.workers(None, 1000).await {
        Ok(workers) => {
            let live = workers.lines.iter().filter(|w| w.state == "live").count();
            Finding::new(
                CHECK,
                Verdict::Ok,
                format!("{} answers, {live} live workers", cx.globals.coordinator),
            )
        }
        Err(error) => match refused(error, cx) {
            CliError::Failure(failure) => {
                let told = format!("{}: {}", cx.globals.coordinator, failure.message);
                Finding::new(CHECK, Verdict::Skipped, format!("{told}; `tarquet run` needs none"))
            }
            other => return Err(other),
        },
    })
}

/// The exit of the first bad finding that has a failure behind it.
fn exit(findings: &[Finding]) -> Exit {
    findings.iter().find_map(|f| f.failure.as_ref()).map_or(Exit::Failed, |f| Exit::of_failure(f))
}

fn tell(findings: &[Finding], cx: &Context) -> Result<(), CliError> {
    match cx.format() {
        Format::Json => cx.answer_json(&findings),
        Format::Jsonl => findings.iter().try_for_each(|f| cx.answer_json(f)),
        Format::Name => {
            let bad = findings.iter().filter(|f| f.verdict >= Verdict::Warning);
            cx.answer(&bad.map(|f| format!("{}\n", f.check)).collect::<String>())
        }
        Format::Table => cx.answer(&screen(findings, cx.look())),
    }
}

/// Columns before what was found.
const UNDER: usize = 29;

fn screen(findings: &[Finding], look: Look) -> String {
    let mut out = String::new();
    for finding in findings {
        let (word, style) = match finding.verdict {
            Verdict::Ok => ("ok     ", Style::Good),
            Verdict::Skipped => ("skipped", Style::Dim),
            Verdict::Warning => ("warning", Style::Warning),
            Verdict::Bad => ("bad    ", Style::Error),
        };
        let wrapped = |text: &str| wrap(&visible(text), UNDER, UNDER, look.width);
        let word = look.paint.with(style, word);
        out.push_str(&format!("{word}  {:<19} {}\n", finding.check, wrapped(&finding.found)));
        if let Some(hint) = &finding.hint {
            out.push_str(&format!("{:UNDER$}{}\n", "", wrapped(hint)));
        }
    }
    out
}
