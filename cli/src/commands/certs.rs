//! `tarquet certs`: certificates and tokens for a cluster.

use crate::{
    certs::{Authority, Folder, Identity, Party, add, fresh_token, names_in, names_of, retire, store_secret},
    context::Context,
    error::CliError,
    exit::Exit,
};
use serde::Serialize;
use std::path::PathBuf;
use tarquet_common::{clock::Clock, codes::cluster, failure::Failure};
use tarquet_coordinator::access::Role;

/// What to do.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  tarquet certs init certs --san coordinator.example\n  \
                        tarquet certs renew certs\n  tarquet certs token certs worker")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make an authority, certificates and tokens for coordinator, workers, operators and viewers
    Init(Init),
    /// Make new certificates by the same authority; running services take them up
    Renew(Names),
    /// Make one more token of a role, or retire all but the newest
    Token(TokenArgs),
}

#[derive(Debug, clap::Args)]
struct Init {
    #[command(flatten)]
    names: Names,
    /// Do nothing if a complete set is there already
    #[arg(long)]
    if_missing: bool,
    /// Also make DIR/store/rpc_secret, which a Garage store is started with, unless it is there
    #[arg(long)]
    store_secret: bool,
}

#[derive(Debug, clap::Args)]
struct Names {
    /// Folder of the set
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// Name or address by which others reach the coordinator; repeat for more
    #[arg(long, value_name = "NAME")]
    san: Vec<String>,
    /// Days that the certificates are valid
    #[arg(long, value_name = "N", default_value = "365", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
}

#[derive(Debug, clap::Args)]
struct TokenArgs {
    /// Folder of the set
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// viewer, operator or worker
    #[arg(value_name = "ROLE", value_parser = role)]
    role: Role,
    /// Make none; let only the token in DIR/ROLE/token stay valid
    #[arg(long)]
    retire: bool,
}

/// What was done.
#[derive(Serialize)]
struct Done {
    dir: PathBuf,
    written: Vec<String>,
}

fn role(text: &str) -> Result<Role, String> {
    Role::of(text).ok_or_else(|| "write viewer, operator or worker".to_owned())
}

/// Makes what is asked for.
pub(crate) fn run(args: &Args, cx: &Context) -> Result<Exit, CliError> {
    let now = cx.clock.unix_ms();
    match &args.action {
        Action::Init(args) => init(args, now, cx),
        Action::Renew(args) => renew(args, now, cx),
        Action::Token(args) if args.retire => retire_others(args, cx),
        Action::Token(args) => one_more(args, cx),
    }
}

fn init(args: &Init, now: u64, cx: &Context) -> Result<Exit, CliError> {
    let Names { dir, san, days } = &args.names;
    let names = names_of(san)?;
    let folder = Folder(dir);
    let of_store = if args.store_secret { store_secret(dir)? } else { None };
    if folder.is_complete()? {
        if let (true, Some(secret)) = (args.if_missing, of_store) {
            let files = vec![secret];
            folder.write(&files)?;
            cx.say(&format!("A complete set is in {}; it got the store's secret.", dir.display()));
            return written(dir, files, cx);
        }
        if args.if_missing {
            cx.say(&format!("A complete set is in {}; nothing was changed.", dir.display()));
            return written(dir, Vec::new(), cx);
        }
        let told = "the folder holds a set of certificates already";
        return Err(Failure::new(cluster::CERTS_EXIST, told).at_uri(dir.display().to_string()).into());
    }
    let authority = Authority::new(now, &fresh_token(Role::Viewer)?[10..16])?;
    let mut files = vec![
        ("ca/ca.key".to_owned(), authority.key.clone()),
        ("ca/ca.crt".to_owned(), authority.cert.clone()),
    ];
    let mut tokens = String::from("# role    sha256 of the token\n");
    for party in Party::ALL {
        files.push((party.file("ca.crt"), authority.cert.clone()));
        files.extend(identity(party, authority.sign(party, &names, *days)?));
        if let Party::Client(role) = party {
            let token = fresh_token(role)?;
            tokens = add(&tokens, role, &token, "certs-init");
            files.push((party.file("token"), token + "\n"));
        }
    }
    files.push((Party::Coordinator.file("tokens"), tokens));
    files.extend(of_store);
    folder.write(&files)?;
    cx.say(&how_to_use(&args.names));
    written(dir, files, cx)
}

fn identity(party: Party, made: Identity) -> [(String, String); 2] {
    [(party.file("tls.key"), made.key), (party.file("tls.crt"), made.cert)]
}

fn how_to_use(names: &Names) -> String {
    let dir = names.dir.display();
    let host = names.san.first().map_or("localhost", String::as_str);
    format!(
        "Each folder holds all that one party needs; hand over that folder alone, and keep {dir}/ca to yourself.\n\n\
         tarquet coordinator --listen 0.0.0.0:7481 --http 0.0.0.0:7480 --tls-cert {dir}/coordinator/tls.crt \
         --tls-key {dir}/coordinator/tls.key --client-ca {dir}/coordinator/ca.crt --tokens {dir}/coordinator/tokens\n\n\
         tarquet worker --coordinator https://{host}:7481 --tls-ca {dir}/worker/ca.crt --tls-cert {dir}/worker/tls.crt \
         --tls-key {dir}/worker/tls.key --token-file {dir}/worker/token\n\n\
         tarquet jobs --coordinator https://{host}:7481 --tls-ca {dir}/operator/ca.crt \
         --tls-cert {dir}/operator/tls.crt --tls-key {dir}/operator/tls.key --token-file {dir}/operator/token\n\n\
         The certificates end in {} days: `tarquet certs renew {dir}`.",
        names.days
    )
}

fn renew(args: &Names, now: u64, cx: &Context) -> Result<Exit, CliError> {
    let folder = Folder(&args.dir);
    let authority = Authority::of(folder.text("ca/ca.crt")?, folder.text("ca/ca.key")?, now);
    let mut typed = args.san.clone();
    typed.extend(names_in(&folder.read(&Party::Coordinator.file("tls.crt"))?)?);
    let names = names_of(&typed)?;
    let mut files = Vec::new();
    for party in Party::ALL {
        files.extend(identity(party, authority.sign(party, &names, args.days)?));
    }
    folder.write(&files)?;
    cx.say("Running services take the new certificates up by themselves; those on other machines need their folder.");
    written(&args.dir, files, cx)
}

fn one_more(args: &TokenArgs, cx: &Context) -> Result<Exit, CliError> {
    let (folder, party) = (Folder(&args.dir), Party::Client(args.role));
    let tokens = Party::Coordinator.file("tokens");
    let token = fresh_token(args.role)?;
    let text = add(&folder.text(&tokens)?, args.role, &token, "certs-token");
    // The coordinator's first: nobody shall hold a token that it does not know.
    let files = vec![(tokens, text), (party.file("token"), token + "\n")];
    folder.write(&files)?;
    let dir = args.dir.display();
    cx.say(&format!(
        "Old tokens stay valid. Once every {} has the new one: `tarquet certs token {dir} {} --retire`.",
        args.role, args.role
    ));
    written(&args.dir, files, cx)
}

fn retire_others(args: &TokenArgs, cx: &Context) -> Result<Exit, CliError> {
    let (folder, party) = (Folder(&args.dir), Party::Client(args.role));
    let tokens = Party::Coordinator.file("tokens");
    let keep = folder.text(&party.file("token"))?;
    let Some((text, gone)) = retire(&folder.text(&tokens)?, args.role, keep.trim()) else {
        let told = format!(
            "the token in {} is not in the coordinator's file, so none would be left",
            party.file("token")
        );
        return Err(Failure::new(cluster::TOKENS_UNUSABLE, told)
            .at_uri(args.dir.display().to_string())
            .into());
    };
    let files = vec![(tokens, text)];
    folder.write(&files)?;
    cx.say(&format!("{gone} tokens of role {} are not valid any more.", args.role));
    written(&args.dir, files, cx)
}

fn written(dir: &std::path::Path, files: Vec<(String, String)>, cx: &Context) -> Result<Exit, CliError> {
    use crate::args::Format;
    let mut written: Vec<String> = files.into_iter().map(|(name, _)| name).collect();
    written.sort();
    match cx.format() {
        Format::Table | Format::Name => {
            let lines = written.iter().map(|name| format!("{}\n", dir.join(name).display()));
            cx.answer(&lines.collect::<String>())?;
        }
        Format::Json | Format::Jsonl => cx.answer_json(&Done { dir: dir.to_owned(), written })?,
    }
    Ok(Exit::Done)
}
