//! `tarquet config show`: every setting in force, and where it comes from. Settings are flags and environment variables;
//! of files there are only those of AWS's tools, which the store's own library reads. Secrets are never shown.

use crate::{
    args::Format,
    context::Context,
    error::CliError,
    exit::Exit,
    render::{Align, Table},
};
use clap::{ArgMatches, parser::ValueSource};
use serde::Serialize;

/// What to do with the settings.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

/// What to do with the settings.
#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List them
    Show {
        /// Say of each where it comes from: default, environment or command line
        #[arg(long)]
        origin: bool,
    },
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Setting {
    /// The flag, without dashes; a command's own as `worker.slots`.
    key: String,
    /// What is in force; absent when nothing is.
    value: Option<String>,
    /// `default`, the variable's name, `command line`, or `unset`.
    origin: String,
    /// The variable that sets it.
    env: Option<String>,
}

/// Lists the settings.
pub(crate) fn run(
    args: &Args,
    cx: &Context,
    grammar: &clap::Command,
    matches: &ArgMatches,
) -> Result<Exit, CliError> {
    let Action::Show { origin } = args.action;
    let settings = gather(grammar, matches);
    match cx.format() {
        Format::Json => cx.answer_json(&settings)?,
        Format::Jsonl => settings.iter().try_for_each(|s| cx.answer_json(s))?,
        Format::Name => cx.answer(&settings.iter().map(|s| format!("{}\n", s.key)).collect::<String>())?,
        Format::Table => cx.answer(&table(&settings, origin, cx.terminal.width))?,
    }
    Ok(Exit::Done)
}

fn table(settings: &[Setting], origin: bool, width: usize) -> String {
    let value = |s: &Setting| s.value.clone().unwrap_or_else(|| "-".into());
    if origin {
        let mut t =
            Table::new(vec![("SETTING", Align::Left), ("VALUE", Align::Left), ("FROM", Align::Left)], 1);
        settings.iter().for_each(|s| t.row([s.key.clone(), value(s), s.origin.clone()]));
        return t.render(width);
    }
    let mut t = Table::new(vec![("SETTING", Align::Left), ("VALUE", Align::Left)], 1);
    settings.iter().for_each(|s| t.row([s.key.clone(), value(s)]));
    t.render(width)
}

/// The globals as parsed, then what each command takes from its environment.
fn gather(grammar: &clap::Command, matches: &ArgMatches) -> Vec<Setting> {
    let innermost = innermost(matches);
    let mut settings: Vec<Setting> =
        grammar.get_arguments().filter(|a| is_setting(a)).map(|a| parsed(a, innermost)).collect();
    for setting in &mut settings {
        take_from_aws(setting, &|name| std::env::var(name).ok());
    }
    settings.extend(OTHERS.iter().map(|name| other(name, std::env::var(name).ok())));
    for command in grammar.get_subcommands() {
        let own = command.get_arguments().filter(|a| a.get_env().is_some());
        settings.extend(own.map(|a| from_environment(command.get_name(), a)));
    }
    settings.into_iter().map(without_secret).collect()
}

/// Store flags, and the variables that the store's library reads where the flag is not given, the first that is set.
const AWS: [(&str, &[&str]); 3] = [
    ("profile", &["AWS_PROFILE"]),
    ("region", &["AWS_REGION", "AWS_DEFAULT_REGION"]),
    ("endpoint-url", &["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]),
];

/// Variables that no flag stands for.
const OTHERS: [&str; 7] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "TARQUET_TOKEN",
    "TARQUET_LOG",
    "NO_COLOR",
    "COLUMNS",
];

fn take_from_aws(setting: &mut Setting, variable: &dyn Fn(&str) -> Option<String>) {
    let names = AWS.iter().find(|(flag, _)| *flag == setting.key).map_or(&[][..], |(_, names)| names);
    if setting.origin == "unset"
        && let Some((name, value)) =
            names.iter().find_map(|n| Some((n, variable(n).filter(|v| !v.is_empty())?)))
    {
        *setting = Setting { value: Some(value), origin: (*name).to_owned(), ..setting.clone() };
    }
}

fn other(name: &str, value: Option<String>) -> Setting {
    let value = value.filter(|v| !v.is_empty());
    let origin = if value.is_some() { name } else { "unset" };
    Setting { key: name.to_owned(), origin: origin.to_owned(), value, env: Some(name.to_owned()) }
}

/// A setting that is a secret is not shown; the name of the file that holds one is.
fn without_secret(setting: Setting) -> Setting {
    let key = setting.key.to_ascii_lowercase();
    let secret = key.ends_with("token") || ["secret", "password"].iter().any(|word| key.contains(word));
    match secret {
        true => Setting { value: setting.value.map(|_| "(not shown)".to_owned()), ..setting },
        false => setting,
    }
}

/// Globals are propagated to the command that was called, where flags after its name are seen too.
fn innermost(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, inner)| innermost(inner))
}

fn is_setting(arg: &clap::Arg) -> bool {
    arg.get_long().is_some()
        && !["help", "version", "quiet", "verbose", "yes"].contains(&arg.get_id().as_str())
}

fn key(arg: &clap::Arg) -> String {
    arg.get_long().unwrap_or_else(|| arg.get_id().as_str()).to_owned()
}

fn env_name(arg: &clap::Arg) -> Option<String> {
    arg.get_env().map(|e| e.to_string_lossy().into_owned())
}

fn parsed(arg: &clap::Arg, matches: &ArgMatches) -> Setting {
    let id = arg.get_id().as_str();
    let raw = matches.get_raw(id).into_iter().flatten();
    let value = raw.map(|v| v.to_string_lossy().into_owned()).reduce(|a, b| format!("{a} {b}"));
    let env = env_name(arg);
    let origin = match matches.value_source(id) {
        Some(ValueSource::CommandLine) => "command line".to_owned(),
        Some(ValueSource::EnvVariable) => env.clone().unwrap_or_default(),
        Some(_) => "default".to_owned(),
        None => "unset".to_owned(),
    };
    Setting { key: key(arg), value, origin, env }
}

fn from_environment(command: &str, arg: &clap::Arg) -> Setting {
    let env = env_name(arg);
    let set = env.as_ref().and_then(std::env::var_os).map(|v| v.to_string_lossy().into_owned());
    let default = arg.get_default_values().first().map(|v| v.to_string_lossy().into_owned());
    let origin = match (&set, &default) {
        (Some(_), _) => env.clone().unwrap_or_default(),
        (None, Some(_)) => "default".to_owned(),
        (None, None) => "unset".to_owned(),
    };
    Setting { key: format!("{command}.{}", key(arg)), value: set.or(default), origin, env }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unset(key: &str) -> Setting {
        Setting { key: key.to_owned(), value: None, origin: "unset".to_owned(), env: None }
    }

    #[test]
    fn what_the_stores_library_reads_is_in_force_too() {
        let mut region = unset("region");
        take_from_aws(&mut region, &|name| (name == "AWS_DEFAULT_REGION").then(|| "eu-west-1".to_owned()));
        assert_eq!(
            (region.value.as_deref(), region.origin.as_str()),
            (Some("eu-west-1"), "AWS_DEFAULT_REGION")
        );
        let mut said =
            Setting { value: Some("here".to_owned()), origin: "command line".to_owned(), ..unset("region") };
        take_from_aws(&mut said, &|_| Some("there".to_owned()));
        assert_eq!(said.value.as_deref(), Some("here"), "the flag goes before");
    }

    #[test]
    fn secrets_are_not_shown() {
        let with =
            |key: &str| without_secret(Setting { value: Some("hunter2".to_owned()), ..unset(key) }).value;
        for key in ["token", "coordinator.token", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
            assert_eq!(with(key).as_deref(), Some("(not shown)"), "{key}");
        }
        for key in ["token-file", "coordinator.tokens", "region", "AWS_ACCESS_KEY_ID"] {
            assert_eq!(with(key).as_deref(), Some("hunter2"), "{key}");
        }
        assert_eq!(without_secret(unset("token")).value, None, "nor that there is one where there is none");
    }
}
