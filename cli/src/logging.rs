//! The log: stderr, quiet unless asked. `TARQUET_LOG` takes the same filters as `RUST_LOG` does elsewhere.

use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Starts the log at a level that `-q`/`-v` ask for (-1 errors, 0 warnings, 1 info, 2 debug, 3 trace).
pub(crate) fn start(verbosity: i8, service: bool, format: LogFormat, color: bool) {
    let level = match (verbosity, service) {
        (i8::MIN..=-1, _) => "error",
        // The SDK warns of what it then does without, such as metadata of an instance that this is not.
        (0, false) => "warn,aws=error",
        (0, true) | (1, false) => "info,h2=warn,hyper=warn,aws=warn",
        (1, true) | (2, _) => "debug,h2=info,hyper=info,aws=info",
        (3.., _) => "trace",
    };
    let filter = EnvFilter::try_from_env("TARQUET_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let layer = fmt::layer().with_writer(std::io::stderr).with_ansi(color);
    let registry = tracing_subscriber::registry().with(filter);
    // A second start (tests in one process) keeps the first subscriber.
    let _ = match format {
        LogFormat::Text => registry.with(layer).try_init(),
        LogFormat::Json => registry.with(layer.json()).try_init(),
    };
}
