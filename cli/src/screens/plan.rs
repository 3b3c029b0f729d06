//! `tarquet plan`: what a job would do.

use super::Look;
use crate::render::{Pairs, bytes, count, counted, visible, wrap};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

/// What a plan says to people, whatever made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct PlanView {
    /// The job's name.
    pub name: String,
    /// The input globs.
    pub inputs: Vec<String>,
    /// Archives and loose objects.
    pub archives: u64,
    /// Their bytes.
    pub input_bytes: u64,
    /// Members that count.
    pub members: u64,
    /// Members that do not, by the filter.
    pub ignored: u64,
    /// Bytes of the median member.
    pub member_median: u64,
    /// Bytes of the largest member.
    pub member_largest: u64,
    /// Archives whose index was there or made; the others are estimated.
    pub indexed: u64,
    /// Columns: name and type, as in the frozen schema.
    pub columns: Vec<(String, String)>,
    /// Members that were sampled for them.
    pub sampled: u64,
    /// Whether all samples had one schema.
    pub identical: bool,
    /// Output partitions.
    pub partitions: u64,
    /// Bytes of one, about.
    pub partition_bytes: u64,
    /// Where they go.
    pub output: String,
    /// How they are encoded: `portable: snappy, delta ints`.
    pub encoding: String,
    /// Shards of the convert stage.
    pub shards: u64,
    /// Memory of a slot.
    pub slot_bytes: u64,
    /// Requests, about: GET, PUT.
    pub requests: (u64, u64),
    /// What people should know.
    pub warnings: Vec<String>,
}

/// Columns of a key, after two of indent, and of a figure before what is said about it.
const KEYS: usize = 9;
const FIGURES: usize = 28;

/// The screen.
pub(crate) fn plan(view: &PlanView, look: Look) -> String {
    let name =
        wrap(&format!("Plan for \"{}\": nothing has been written", visible(&view.name)), 0, 2, look.width);
    let mut lines = Lines { pairs: Pairs::new(2, KEYS, look.width), look };
    inputs(view, &mut lines);
    if view.sampled > 0 {
        schema(view, &mut lines);
    }
    output(view, &mut lines);
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
fn estimated(view: &PlanView, look: Look) -> String {
    if view.indexed < view.archives { format!("{} ", look.about()) } else { String::new() }
}

fn inputs(view: &PlanView, lines: &mut Lines) {
    let first = view.inputs.first().map(String::as_str).unwrap_or_default();
    lines.line(
        "Inputs",
        &format!("{}, {}", counted(view.archives, "archive"), bytes(view.input_bytes)),
        first,
    );
    for more in view.inputs.iter().skip(1) {
        lines.line("", "", more);
    }
    let members = format!("{}{}", estimated(view, lines.look), count(view.members));
    let sizes = format!("median {}, largest {}", bytes(view.member_median), bytes(view.member_largest));
    lines.line("Members", &members, &sizes);
    let from = format!("from {} of {} indexes", count(view.indexed), count(view.archives));
    let ignored = match view.ignored {
        0 => String::new(),
        n => format!("{} more do not count", count(n)),
    };
    lines.line("", &ignored, &from);
}

fn schema(view: &PlanView, lines: &mut Lines) {
    let alike = if view.identical { "identical" } else { "joined" };
    lines.whole("Schema", &columns(view, lines.look));
    lines.whole("", &format!("{alike} in {} sampled of {}", count(view.sampled), count(view.members)));
}

fn output(view: &PlanView, lines: &mut Lines) {
    let (about, shards) = (lines.look.about(), counted(view.shards, "shard"));
    let partitions = counted(view.partitions, "partition");
    let size = format!("{}{partitions} {about} {}", estimated(view, lines.look), bytes(view.partition_bytes));
    lines.line("Output", &size, &view.output);
    lines.line("", "", &view.encoding);
    let help = if view.shards == 1 { "helps" } else { "help" };
    lines.whole("Work", &format!("{shards}; up to {} {help}", counted(view.shards, "slot")));
    lines.whole("Memory", &format!("{} a slot, whatever the archive's size", bytes(view.slot_bytes)));
    let (get, put) = view.requests;
    lines.whole("Requests", &format!("{about} {} GET, {} PUT", count(get), count(put)));
}

/// `ts timestamp[ns] · sensor_id int64 · v0..v4 double`, runs of numbered columns of one type taken together.
fn columns(view: &PlanView, look: Look) -> String {
    let mut runs: Vec<(String, String, &str)> = Vec::new();
    for (name, kind) in &view.columns {
        match runs.last_mut() {
            Some((_, last, of)) if *of == kind && follows(last, name) => last.clone_from(name),
            _ => runs.push((name.clone(), name.clone(), kind)),
        }
    }
    let text = |(first, last, kind): &(String, String, &str)| match first == last {
        true => format!("{first} {kind}"),
        false => format!("{first}..{last} {kind}"),
    };
    runs.iter().map(text).collect::<Vec<_>>().join(look.dot())
}

/// Whether `next` is `last` with its number raised by one.
fn follows(last: &str, next: &str) -> bool {
    let split = |s: &str| {
        let stem = s.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        (s[..stem].to_owned(), s[stem..].parse::<u64>().ok())
    };
    match (split(last), split(next)) {
        ((a, Some(m)), (b, Some(n))) => a == b && m.checked_add(1) == Some(n),
        _ => false,
    }
}
