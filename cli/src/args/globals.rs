//! Arguments that every command takes.

use super::{SecurityFlags, StoreList};
use clap::{ArgAction, Args, ValueEnum};

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Screens for people.
    Table,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Names only, one a line, for scripts.
    Name,
}

/// How progress is shown on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressMode {
    /// A bar on a terminal, plain lines elsewhere.
    Auto,
    /// A bar that is redrawn.
    Bar,
    /// One line per 5 % or 30 s.
    Plain,
    /// One JSON object a line.
    Json,
    /// Nothing.
    None,
}

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// When something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// Where it makes sense.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Arguments that every command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// The coordinator to talk to
    #[arg(long, global = true, env = "TARQUET_COORDINATOR", hide_env_values = true, value_name = "URL")]
    #[arg(default_value = "http://127.0.0.1:7481")]
    pub coordinator: String,

    /// How to write the answer on stdout
    #[arg(short = 'o', long = "output-format", global = true, value_enum, default_value = "table")]
    #[arg(value_name = "FORMAT", hide_possible_values = true, help = "Answer as table, json, jsonl or name")]
    pub format: Format,

    /// How to show progress on stderr
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        env = "TARQUET_PROGRESS",
        hide_env_values = true
    )]
    #[arg(
        value_name = "MODE",
        hide_possible_values = true,
        help = "Show progress as auto, bar, plain, json, none"
    )]
    pub progress: ProgressMode,

    /// When to use colours
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        env = "TARQUET_COLOR",
        hide_env_values = true,
        hide_short_help = true
    )]
    #[arg(value_name = "WHEN", hide_possible_values = true, help = "Use colours: auto, always, never")]
    pub color: When,

    /// Say nothing but errors
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub quiet: u8,

    /// Say more; twice for debugging
    #[arg(short, long, global = true, action = ArgAction::Count, hide_short_help = true)]
    pub verbose: u8,

    /// Answer yes to every question
    #[arg(short, long, global = true, hide_short_help = true)]
    pub yes: bool,

    /// How services write their log: text or json
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "text",
        env = "TARQUET_LOG_FORMAT",
        hide_env_values = true
    )]
    #[arg(hide_short_help = true)]
    #[arg(value_name = "FORMAT", hide_possible_values = true)]
    pub log_format: LogFormat,

    /// How to reach stores, where the spec does not say.
    #[command(flatten)]
    pub store: StoreFlags,

    /// How to be let in by the coordinator.
    #[command(flatten)]
    pub security: SecurityFlags,
}

/// How to reach object stores, where the spec does not say.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Store options")]
pub struct StoreFlags {
    /// Profile of the AWS configuration
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub profile: Option<String>,

    /// Region of the buckets
    #[arg(long, global = true, value_name = "REGION", hide_short_help = true)]
    pub region: Option<String>,

    /// Endpoint of an S3-compatible store
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub endpoint_url: Option<String>,

    /// Send requests unsigned, for public buckets
    #[arg(long, global = true, hide_short_help = true)]
    pub no_sign_request: bool,

    /// A store that specs may name, with the credentials set up for it; may be given more than once
    #[arg(long, global = true, env = "TARQUET_STORES", hide_env_values = true, hide_short_help = true)]
    #[arg(value_name = "NAME=URL[,profile=NAME][,region=REGION][,anonymous]", long_help = STORE_HELP)]
    pub store: Vec<StoreList>,
}

const STORE_HELP: &str = "\
A store that specs may name, with the credentials set up for it; may be given more than once.

URL is its endpoint, or `aws` for AWS's own. In the variable, spaces are between stores. A coordinator and its workers send \
requests to these stores and to the one of their own environment, and to no other: what a spec asks for besides is refused.";
