//! Storage names: what columns and index levels are called in Parquet (FIDELITY 7 and 18).

use crate::python::{label_text, tuple_str};
use std::collections::HashSet;
use tarquet_decode::frame::Label;

/// Names of the columns, in order, no two alike. A repeated one becomes `name__1`, raised until no column
/// has it; `renamed` says which ones were.
pub(crate) struct ColumnNames {
    /// The storage names.
    pub(crate) names: Vec<String>,
    /// Positions of those that are not the label's own text.
    pub(crate) renamed: Vec<usize>,
}

/// Names the columns of a frame with these labels.
pub(crate) fn column_names<'a>(labels: impl Iterator<Item = &'a Label>) -> ColumnNames {
    let labels: Vec<&Label> = labels.collect();
    let own: Vec<String> =
        labels.iter().map(|label| label_text(label).unwrap_or_else(|| "None".to_owned())).collect();
    let everybody: HashSet<&str> = own.iter().map(String::as_str).collect();
    let mut taken: HashSet<String> = HashSet::with_capacity(own.len());
    let mut out = ColumnNames { names: Vec::with_capacity(own.len()), renamed: Vec::new() };
    for (position, text) in own.iter().enumerate() {
        let mut name = text.clone();
        if taken.contains(text) {
            out.renamed.push(position);
            let free =
                |candidate: &String| !taken.contains(candidate) && !everybody.contains(candidate.as_str());
            name = (1_usize..)
                .map(|n| suffixed(labels[position], text, n))
                .find(free)
                .expect("one of n + 1 different names is free among n");
        }
        taken.insert(name.clone());
        out.names.push(name);
    }
    out
}

/// The n-th alternative name. In a tuple the last part is changed, so that the whole still reads as a tuple.
fn suffixed(label: &Label, text: &str, n: usize) -> String {
    match label {
        Label::Tuple(parts) if !parts.is_empty() => {
            let mut texts: Vec<Option<String>> = parts.iter().map(label_text).collect();
            let last = texts.last_mut().expect("not empty");
            *last = Some(format!("{}__{n}", last.as_deref().unwrap_or("None")));
            tuple_str(&texts)
        }
        _ => format!("{text}__{n}"),
    }
}

/// Names of the index levels: the level's own name, or `__index_level_{i}__` with `i` raised until free.
pub(crate) fn level_names(levels: &[Option<String>], columns: &[String]) -> Vec<String> {
    let mut taken: HashSet<String> = columns.iter().cloned().collect();
    let mut names = Vec::with_capacity(levels.len());
    for (position, level) in levels.iter().enumerate() {
        let own = level.as_ref().filter(|name| !taken.contains(*name)).cloned();
        let name = own.unwrap_or_else(|| free_level(position, &taken));
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// The first `__index_level_{i}__` from `position` on that nobody has.
fn free_level(position: usize, taken: &HashSet<String>) -> String {
    (position..)
        .map(|i| format!("__index_level_{i}__"))
        .find(|name| !taken.contains(name))
        .expect("one of n + 1 different names is free among n")
}

/// `wanted`, or `wanted` with `_` added until no column has it.
pub(crate) fn free_name(wanted: &str, taken: &[String]) -> String {
    let mut name = wanted.to_owned();
    while taken.contains(&name) {
        name.push('_');
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(labels: &[Label]) -> Vec<String> {
        column_names(labels.iter()).names
    }

    #[test]
    fn repeated_names_are_raised_until_free() {
        let s = |t: &str| Label::Str(t.into());
        assert_eq!(named(&[s("a"), s("a"), s("a__1"), s("a")]), ["a", "a__2", "a__1", "a__3"]);
        assert_eq!(named(&[Label::Int(0), s("0")]), ["0", "0__1"]);
        let tuple = Label::Tuple(vec![s("a"), Label::Int(1)]);
        assert_eq!(named(&[tuple.clone(), tuple]), ["('a', '1')", "('a', '1__1')"]);
        assert_eq!(named(&[Label::None, s("None")]), ["None", "None__1"]);
    }

    #[test]
    fn levels_take_their_name_or_a_free_number() {
        let s = |t: &str| Some(t.to_owned());
        let columns = ["x".to_owned(), "__index_level_1__".to_owned()];
        assert_eq!(level_names(&[s("t"), None], &columns), ["t", "__index_level_2__"]);
        assert_eq!(
            level_names(&[s("x"), s("t"), s("t")], &columns),
            ["__index_level_0__", "t", "__index_level_2__"]
        );
    }
}
