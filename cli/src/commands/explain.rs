//! `tarquet explain`: the table of codes, one row or all.

use crate::{
    args::Format,
    context::Context,
    error::CliError,
    exit::Exit,
    render::{Align, Table, wrap},
};
use serde::Serialize;
use tarquet_common::{
    codes::{Code, Info, TABLE, spec},
    failure::{Class, Failure},
};

/// What to explain.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tarquet explain E0101\n  tarquet explain            lists every code")]
pub(crate) struct Args {
    /// A code, as E0101; without one, all codes are listed
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

/// A row of the table, as JSON.
#[derive(Serialize)]
struct Row {
    code: String,
    class: Class,
    title: &'static str,
    explain: &'static str,
    hint: &'static str,
}

impl Row {
    fn of(info: &Info) -> Self {
        let code = format!("E{:04}", info.number);
        Self { code, class: info.class, title: info.title, explain: info.explain, hint: info.hint }
    }
}

/// Explains.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    match &args.code {
        Some(text) => one(lookup(text)?, cx)?,
        None => all(cx)?,
    }
    Ok(Exit::Done)
}

fn lookup(text: &str) -> Result<Code, CliError> {
    text.trim().parse::<Code>().map_err(|e| {
        Failure::new(spec::BAD_ARGUMENT, e.to_string())
            .with_hint("`tarquet explain` lists every code.")
            .into()
    })
}

fn one(code: Code, cx: &Context) -> Result<(), CliError> {
    let info = code.info();
    match cx.format() {
        Format::Json | Format::Jsonl => cx.answer_json(&Row::of(info)),
        Format::Name => cx.answer(&code.to_string()),
        Format::Table => {
            let wrapped = |text: &str| wrap(text, 0, 0, cx.terminal.width);
            cx.answer(&format!(
                "{code}: {}\n\n{}\n\n{}\n{}\n",
                info.title,
                wrapped(info.explain),
                wrapped(&format!("What to do: {}", info.hint)),
                wrapped(&format!("What Tarquet does: {}", verdict(info.class))),
            ))
        }
    }
}

fn all(cx: &Context) -> Result<(), CliError> {
    let infos = || TABLE.iter().flat_map(|group| group.iter());
    match cx.format() {
        Format::Json => cx.answer_json(&infos().map(|i| Row::of(i)).collect::<Vec<_>>()),
        Format::Jsonl => infos().try_for_each(|i| cx.answer_json(&Row::of(i))),
        Format::Name => cx.answer(&infos().map(|i| format!("E{:04}\n", i.number)).collect::<String>()),
        Format::Table => {
            let mut table = Table::new(vec![("CODE", Align::Left), ("WHAT", Align::Left)], 1);
            for info in infos() {
                table.row([format!("E{:04}", info.number), info.title.to_owned()]);
            }
            cx.answer(&table.render(cx.terminal.width))
        }
    }
}

/// What the engine does about a failure of this class.
fn verdict(class: Class) -> &'static str {
    match class {
        Class::Input => "sets what failed aside in the quarantine and goes on.",
        Class::Environment => "tries again later, elsewhere if possible; held when out of retries.",
        Class::Denied => "holds the job at once.",
        Class::Lost => "gives the work to another worker at once.",
        Class::Bug => "tries once more, then holds the job.",
        Class::Usage => "refuses; nothing is started.",
    }
}
