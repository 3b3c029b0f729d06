//! What a person meets: the grammar, the screens, the messages and the exit codes of `tarquet`.
//!
//! The **grammar** ([`Cli`]) is what may be typed, **low args** ([`args`]) are what was; the **context** is what it means
//! here: terminal, colours, width, coordinator, stores. A **command** (one file each under `commands/`) takes its args and
//! the context and returns an [`Exit`] or an error; only [`main`] prints errors. A **screen** is a pure function from a
//! view to text, in the words of the **face** that the job's kind has. **Answers** go to stdout, **talk** goes to stderr,
//! and no module but `terminal` knows which is a terminal.
//!
//! ```text
//! app ─▶ grammar ─▶ commands ─▶ screens ─▶ progress ─▶ kinds ─▶ context ─▶ render ─▶ terminal ─▶ args
//! ```

mod app;
pub mod args;
mod certs;
mod commands;
mod connection;
mod context;
mod doctor;
mod error;
mod exit;
mod generate;
mod grammar;
mod kinds;
mod local;
mod object;
mod offline;
mod plan;
mod progress;
mod quarantine;
mod removal;
mod render;
mod resources;
mod screens;
mod spec;
mod terminal;
mod uploads;

pub use app::main;
pub use exit::Exit;
pub use grammar::Cli;
