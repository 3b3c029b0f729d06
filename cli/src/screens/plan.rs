//! `tarquet plan`: what a job would do.

use super::Look;
use crate::{
    kinds::{PlanLine, Words},
    plan::PlanView,
    render::{Pairs, bytes, count, counted, visible, wrap},
};
use unicode_width::UnicodeWidthStr;

/// Columns of a key, after two of indent, and of a figure before what is said about it.
const KEYS: usize = 9;
const FIGURES: usize = 28;

/// The screen, in the words of the job's kind.
pub(crate) fn plan(words: &Words, view: &PlanView, look: Look) -> String {
    let name =
        wrap(&format!("Plan for \"{}\": nothing has been written", visible(&view.name)), 0, 2, look.width);
    let mut lines = Lines { pairs: Pairs::new(2, KEYS, look.width), look };
    inputs(words, view, &mut lines);
    for line in &view.lines {
        match line {
            PlanLine::Figure { key, estimated, figure, about } => {
                lines.line(key, &format!("{}{figure}", mark(*estimated, look)), about);
            }
            PlanLine::List { key, parts } => lines.whole(key, &parts.join(look.dot())),
        }
    }
    output(words, view, &mut lines);
    for (at, warning) in view.warnings.iter().enumerate() {
        lines.whole(if at == 0 { "Warnings" } else { "" }, warning);
    }
    format!("{name}\n\n{}", lines.pairs.end())
}

/// Lines of a key, a figure, and what is said about it, below the figure where that is too long.
struct Lines {
    pairs: Pairs,
    look: Look,
}

impl Lines {
    fn line(&mut self, key: &str, figure: &str, about: &str) {
        let (figure, about) = (visible(figure), visible(about));
        let beside = 2 + KEYS + 1 + FIGURES + 1;
        if figure.width() <= FIGURES && beside + about.width() <= self.look.width {
            let pad = " ".repeat(FIGURES - figure.width());
            return self.pairs.painted(key, &format!("{figure}{pad} {about}"));
        }
        self.whole(key, &figure);
        if !about.is_empty() {
            self.whole("", &about);
        }
    }

    /// A line that has no second part.
    fn whole(&mut self, key: &str, text: &str) {
        self.pairs.line(key, text);
    }
}

/// `≈ ` before figures that come from parts of what there is.
fn mark(estimated: bool, look: Look) -> String {
    if estimated { format!("{} ", look.about()) } else { String::new() }
}

fn inputs(words: &Words, view: &PlanView, lines: &mut Lines) {
    let first = view.inputs.first().map(String::as_str).unwrap_or_default();
    let there = format!("{}, {}", words.source.counted(view.sources), bytes(view.input_bytes));
    lines.line("Inputs", &there, first);
    for more in view.inputs.iter().skip(1) {
        lines.line("", "", more);
    }
}

fn output(words: &Words, view: &PlanView, lines: &mut Lines) {
    let (about, shards) = (lines.look.about(), counted(view.shards, "shard"));
    let partitions = counted(view.partitions, "partition");
    let size = format!(
        "{}{partitions} of {about} {}",
        mark(view.estimated, lines.look),
        bytes(view.partition_bytes)
    );
    lines.line("Output", &size, &view.output);
    lines.line("", "", &view.encoding);
    let help = if view.shards == 1 { "helps" } else { "help" };
    lines.whole("Work", &format!("{shards}; up to {} {help}", counted(view.shards, "slot")));
    lines.whole(
        "Memory",
        &format!("{} a slot, whatever the {}'s size", bytes(view.slot_bytes), words.source.one),
    );
    let (get, put) = view.requests;
    lines.whole("Requests", &format!("{about} {} GET, {} PUT", count(get), count(put)));
}
