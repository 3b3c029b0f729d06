//! `tarquet status -w`: the screen again and again, in place on a terminal; elsewhere a line whenever there is news.

use super::wait::interrupted;
use crate::{
    args::Format,
    connection::refused,
    context::Context,
    error::CliError,
    exit::Exit,
    progress::{Pace, ProgressView, plain},
    render::{Frame, Look, head},
    screens::{self, StatusScreen},
    terminal,
};
use std::{io::Write, time::Duration};
use tarquet_client::{Jobs, JobsError};
use tarquet_core::views::ShardFilter;

/// How often a screen is drawn again.
const EVERY: Duration = Duration::from_secs(1);
/// Running shards that are asked for.
const SHARDS: usize = 1000;
/// Workers on the screen.
const WORKERS: usize = 20;
/// Events that are asked for.
const EVENTS: usize = 8;

/// Everything that the screen shows.
pub(super) async fn screen(jobs: &dyn Jobs, job: &str) -> Result<StatusScreen, JobsError> {
    let status = jobs.status(job).await?;
    let id = status.job.to_string();
    let running = jobs.shards(&id, ShardFilter::Running, (0, 0), SHARDS).await?;
    let workers = jobs.workers(None, WORKERS).await?;
    let events = jobs.events(Some(&id), EVENTS).await?;
    Ok(StatusScreen {
        running: running.shards,
        workers: workers.lines,
        events,
        ..StatusScreen::still(status)
    })
}

/// Shows the job until it ends or is held, or somebody presses Ctrl-C. A coordinator that is away for a while is waited for.
pub(super) async fn watch(jobs: &dyn Jobs, job: &str, cx: &Context) -> Result<Exit, CliError> {
    let job = jobs.resolve(job).await.map_err(|e| refused(e, cx))?.to_string();
    let mut canvas = Canvas::of(cx);
    loop {
        let seen = screen(jobs, &job).await;
        let ended = match seen {
            Ok(screen) => {
                canvas.show(&screen, cx)?;
                Exit::of_job(&screen.status)
            }
            Err(JobsError::Unreachable(why)) => {
                canvas.silence(&why, cx)?;
                None
            }
            Err(refusal) => return Err(refused(refusal, cx)),
        };
        if let Some(exit) = ended {
            return Ok(exit);
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = interrupted() => return Ok(Exit::Interrupted),
        }
    }
}

/// Where it is shown.
enum Canvas {
    /// Drawn over what was drawn before.
    Screen { frame: Frame, text: String },
    /// Lines, and the whole screen at the end.
    Lines { pace: Pace, silent: bool },
    /// A status, or a word of it, each time.
    Data,
}

impl Canvas {
    fn of(cx: &Context) -> Self {
        match cx.format() {
            Format::Table if cx.terminal.redraws_stdout => {
                Self::Screen { frame: Frame::default(), text: String::new() }
            }
            Format::Table => Self::Lines { pace: Pace::default(), silent: false },
            Format::Json | Format::Jsonl | Format::Name => Self::Data,
        }
    }

    fn show(&mut self, screen: &StatusScreen, cx: &Context) -> Result<(), CliError> {
        match self {
            Self::Screen { frame, text } => {
                let size = terminal::size(cx.terminal.width);
                *text = screens::status(screen, Look { width: size.columns, ..cx.look() });
                put(&frame.over(text, size))
            }
            Self::Lines { pace, silent } => {
                *silent = false;
                let view = ProgressView::of(&screen.status);
                if Exit::of_job(&screen.status).is_some() {
                    return cx.answer(&screens::status(screen, cx.look()));
                }
                if pace.due(&view) { cx.answer(&plain(&view)) } else { Ok(()) }
            }
            Self::Data if cx.format() == Format::Name => cx.answer(&screen.status.state),
            Self::Data => cx.answer_line(&screen.status),
        }
    }

    /// Nobody answers: what was seen last stays, and it is said that it is old.
    fn silence(&mut self, why: &str, cx: &Context) -> Result<(), CliError> {
        let told = format!("The coordinator does not answer, asking again: {why}");
        match self {
            Self::Screen { frame, text } => {
                let size = terminal::size(cx.terminal.width);
                put(&frame.over(&format!("{}\n\n{text}", head(&told, size.columns)), size))
            }
            Self::Lines { silent, .. } => {
                if !std::mem::replace(silent, true) {
                    cx.say(&told);
                }
                Ok(())
            }
            Self::Data => Ok(()),
        }
    }
}

fn put(drawing: &str) -> Result<(), CliError> {
    let mut out = std::io::stdout().lock();
    out.write_all(drawing.as_bytes()).and_then(|()| out.flush()).map_err(CliError::answer)
}
