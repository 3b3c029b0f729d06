//! `tarquet plan`: what a job would do.

use super::Look;
use crate::render::{bytes, count, counted};
use serde::Serialize;
use std::fmt::Write;

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

/// The screen.
pub(crate) fn plan(view: &PlanView, look: Look) -> String {
    let about = look.about();
    let mut out =
        format!("Plan for \"{}\": nothing has been written\n\n", crate::render::visible(&view.name));
    let mut line = |key: &str, left: String, right: String| {
        let text = format!("  {key:<9} {left:<34} {right}");
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{}", text.trim_end());
    };
    let estimated = if view.indexed < view.archives { format!("{about} ") } else { String::new() };
    let first = view.inputs.first().cloned().unwrap_or_default();
    line("Inputs", format!("{}, {}", counted(view.archives, "archive"), bytes(view.input_bytes)), first);
    for more in view.inputs.iter().skip(1) {
        line("", String::new(), more.clone());
    }
    let sizes = format!("median {}, largest {}", bytes(view.member_median), bytes(view.member_largest));
    line("Members", format!("{estimated}{}", count(view.members)), sizes);
    let from = format!("(from {} of {} indexes)", count(view.indexed), count(view.archives));
    let ignored =
        if view.ignored > 0 { format!("{} more do not count", count(view.ignored)) } else { String::new() };
    line("", ignored, from);
    if view.sampled > 0 {
        line("Schema", columns(view, look), String::new());
        let alike = if view.identical { "identical" } else { "joined" };
        line(
            "",
            String::new(),
            format!("{alike} in {} sampled of {}", count(view.sampled), count(view.members)),
        );
    }
    let size =
        format!("{estimated}{} partitions {about} {}", count(view.partitions), bytes(view.partition_bytes));
    line("Output", size, view.output.clone());
    line("", String::new(), view.encoding.clone());
    line(
        "Work",
        format!(
            "{}; up to {} {}",
            counted(view.shards, "shard"),
            counted(view.shards, "slot"),
            if view.shards == 1 { "helps" } else { "help" }
        ),
        String::new(),
    );
    line("Memory", format!("{} a slot, whatever the archive's size", bytes(view.slot_bytes)), String::new());
    let (get, put) = view.requests;
    line("Requests", format!("{about} {} GET, {} PUT", count(get), count(put)), String::new());
    for warning in &view.warnings {
        line("Warning", warning.clone(), String::new());
    }
    out
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
