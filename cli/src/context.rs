//! What the typed arguments mean in this process: handed to every command.

use crate::{
    args::{Format, Globals, LogFormat, ProgressMode},
    error::CliError,
    render::{Look, Paint, wrap},
    terminal::{Facts, Terminal},
};
use std::io::{self, Write};
use tarquet_common::clock::SystemClock;

/// Everything a command may need that is not its own arguments.
pub(crate) struct Context {
    /// The global arguments.
    pub globals: Globals,
    /// What the streams can do.
    pub terminal: Terminal,
    /// The machine's clocks.
    pub clock: SystemClock,
    /// A service that logs JSON: what it says to people is a line of the log too.
    pub says_json: bool,
}

impl Context {
    /// The context of these globals in this process.
    pub(crate) fn new(globals: Globals, service: bool) -> Self {
        let terminal = Terminal::decide(&Facts::gather(), globals.color);
        let says_json = service && globals.log_format == LogFormat::Json;
        Self { globals, terminal, clock: SystemClock::default(), says_json }
    }

    /// How screens look on stdout.
    pub(crate) fn look(&self) -> Look {
        let Terminal { width, boxes, color_stdout, .. } = self.terminal;
        Look { width, boxes, paint: Paint(color_stdout) }
    }

    /// How answers are written.
    pub(crate) fn format(&self) -> Format {
        self.globals.format
    }

    /// How progress is shown: never `auto`.
    pub(crate) fn progress(&self) -> ProgressMode {
        match self.globals.progress {
            ProgressMode::Auto if self.globals.quiet > 0 => ProgressMode::None,
            ProgressMode::Auto if self.terminal.redraws => ProgressMode::Bar,
            ProgressMode::Auto => ProgressMode::Plain,
            chosen => chosen,
        }
    }

    /// Writes an answer to stdout. A reader that left is not an error of ours.
    pub(crate) fn answer(&self, text: &str) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        write!(out, "{text}{newline}").and_then(|()| out.flush()).map_err(CliError::answer)
    }

    /// Writes an answer as JSON: pretty, or on one line.
    pub(crate) fn answer_json(&self, value: &impl serde::Serialize) -> Result<(), CliError> {
        let text = match self.format() {
            Format::Jsonl => serde_json::to_string(value),
            Format::Json | Format::Table | Format::Name => serde_json::to_string_pretty(value),
        };
        self.answer(&text.map_err(|e| CliError::answer(e.into()))?)
    }

    /// Writes an answer as JSON on one line, one of many.
    pub(crate) fn answer_line(&self, value: &impl serde::Serialize) -> Result<(), CliError> {
        self.answer(&serde_json::to_string(value).map_err(|e| CliError::answer(e.into()))?)
    }

    /// Says something to the person, on stderr, unless `-q`.
    pub(crate) fn say(&self, text: &str) {
        if self.says_json {
            tracing::info!("{text}");
        } else if self.globals.quiet == 0 {
            let width = self.terminal.width;
            // What is there to be typed stays in one piece.
            let whole = |line: &str| line.chars().count() <= width || line.starts_with("tarquet ");
            let lines = text.lines().map(|l| if whole(l) { l.to_owned() } else { wrap(l, 0, 0, width) });
            // Talk is not an answer: a closed stderr must not end the command.
            let _ = writeln!(io::stderr().lock(), "{}", lines.collect::<Vec<_>>().join("\n"));
        }
    }
}
