//! Shows views on stderr.

use super::{ProgressView, line, pace::Pace};
use crate::{args::ProgressMode, context::Context};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;

/// Shows progress in one of the ways a user may choose.
pub(crate) struct Reporter {
    shape: Shape,
    width: usize,
    boxes: bool,
}

enum Shape {
    Bar(ProgressBar),
    Plain(Pace),
    Json,
    Nothing,
}

impl Reporter {
    /// The reporter that the context asks for.
    pub(crate) fn new(cx: &Context) -> Self {
        let shape = match cx.progress() {
            ProgressMode::Bar => Shape::Bar(drawn_bar()),
            ProgressMode::Plain | ProgressMode::Auto => Shape::Plain(Pace::default()),
            ProgressMode::Json => Shape::Json,
            ProgressMode::None => Shape::Nothing,
        };
        let Context { terminal, .. } = cx;
        Self { shape, width: terminal.width, boxes: terminal.boxes }
    }

    /// Shows a view.
    pub(crate) fn show(&mut self, view: &ProgressView) {
        match &mut self.shape {
            Shape::Bar(bar) => bar.set_message(line::drawn(view, self.width, self.boxes)),
            Shape::Plain(pace) => {
                if pace.due(view) {
                    say(&line::plain(view));
                }
            }
            Shape::Json => say(&json(view)),
            Shape::Nothing => {}
        }
    }

    /// Takes a bar off the screen.
    pub(crate) fn finish(self) {
        if let Shape::Bar(bar) = self.shape {
            bar.finish_and_clear();
        }
    }
}

fn drawn_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    bar.set_style(ProgressStyle::with_template("{msg}").expect("the template has one known key"));
    bar
}

fn json(view: &ProgressView) -> String {
    let mut value = serde_json::to_value(view).unwrap_or_default();
    value["fraction"] = view.fraction().into();
    value.to_string()
}

/// Talk: a closed stderr must not end the command.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
