//! What went wrong: by code, or one record.

use super::Look;
use crate::{
    kinds::Noun,
    render::{Align, Pairs, Style, Table, count, head, visible, wrap},
};
use serde::Serialize;
use std::collections::BTreeMap;
use tarquet_common::codes::Code;
use tarquet_encode::FailureRecord;

/// Failures of one code.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct FailureGroup {
    /// The code.
    pub code: Code,
    /// How many.
    pub count: u64,
    /// The message where all are alike, the code's title otherwise.
    pub what: String,
    /// The first of them: its object, and what of it.
    pub example: String,
}

/// Failures by code, gathered one after the other.
#[derive(Debug, Default)]
pub(crate) struct Groups(BTreeMap<Code, FailureGroup>);

impl Groups {
    /// Counts one.
    pub(crate) fn add(&mut self, record: &FailureRecord) {
        let first = || FailureGroup {
            code: record.code,
            count: 0,
            what: record.message.clone(),
            example: example(record),
        };
        let group = self.0.entry(record.code).or_insert_with(first);
        group.count += 1;
        if group.what != record.message {
            record.code.info().title.clone_into(&mut group.what);
        }
    }

    /// The most frequent first.
    pub(crate) fn sorted(self) -> Vec<FailureGroup> {
        let mut groups: Vec<_> = self.0.into_values().collect();
        groups.sort_by(|a, b| b.count.cmp(&a.count).then(a.code.cmp(&b.code)));
        groups
    }
}

/// The object alone, or `object!item` where there is more than one item in it.
fn example(record: &FailureRecord) -> String {
    let object = record.uri.rsplit('/').next().unwrap_or(&record.uri);
    match &record.item {
        Some(item) if record.uri.ends_with(item.as_str()) => object.to_owned(),
        Some(item) => format!("{object}!{item}"),
        None => object.to_owned(),
    }
}

/// One line a code.
pub(crate) fn failures(job: &str, groups: &[FailureGroup], look: Look) -> String {
    let Some(first) = groups.first() else {
        return "No failures: nothing was set aside.\n".to_owned();
    };
    let mut table = Table::new(
        vec![("CODE", Align::Left), ("COUNT", Align::Right), ("WHAT", Align::Left), ("EXAMPLE", Align::Left)],
        3,
    );
    for group in groups {
        let what = head(&visible(&group.what), look.width * 9 / 20);
        table.row([group.code.to_string(), count(group.count), what, group.example.clone()]);
    }
    let table = table.render(look.width);
    format!("{table}\nNext  tarquet failures {job} show 1\n      tarquet explain {}\n", first.code)
}

/// One record, about an item.
pub(crate) fn one_failure(record: &FailureRecord, item: Noun, look: Look) -> String {
    let code = record.code.to_string();
    let message = wrap(&visible(&record.message), code.len() + 2, 2, look.width);
    let mut pairs = Pairs::new(2, 12, look.width);
    let mut line = |key: &str, value: &str| {
        if !value.is_empty() {
            pairs.line(key, value);
        }
    };
    let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
    line("object", &record.uri);
    line("etag", record.etag.as_deref().unwrap_or_default());
    line(item.one, record.item.as_deref().unwrap_or_default());
    line("offset", &number(record.item_offset));
    line("size", &number(record.item_size));
    line("column", record.column.as_deref().unwrap_or_default());
    line("expected", record.expected.as_deref().unwrap_or_default());
    line("found", record.found.as_deref().unwrap_or_default());
    for cause in &record.causes {
        line("cause", cause);
    }
    line("class", record.class.as_str());
    for attempt in &record.attempts {
        line("attempt", &format!("{} after {:.1}s: {}", attempt.worker, attempt.seconds, attempt.error));
    }
    line("fingerprint", &record.fingerprint);
    line("hint", &record.hint);
    let mut out = format!("{}: {message}\n\n{}", look.paint.with(Style::Error, &code), pairs.end());
    if !record.reproduce.is_empty() {
        // To be copied: on a line of its own, in one piece.
        out.push_str(&format!("\nReproduce\n  {}\n", visible(&record.reproduce)));
    }
    out
}
