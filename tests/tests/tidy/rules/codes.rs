//! Every code of the table is produced by a test.

use super::Finding;
use crate::{
    rust,
    tree::{File, Tree},
};

/// Rows that no test can produce yet, and why.
const UNTESTED: [(&str, &str); 0] = [];

/// The name of each row stands in test code, as a constant or as its number.
pub(crate) fn tested(tree: &Tree) -> Vec<Finding> {
    let tests: Vec<&str> = tree.rust().map(test_code).filter(|t| !t.is_empty()).collect();
    let rows =
        tree.rust().filter(|f| f.path.starts_with("common/src/codes/") && !f.path.ends_with("/mod.rs"));
    let mut out = Vec::new();
    for file in rows {
        for (line, name, number) in rows_of(&file.text) {
            let excused = UNTESTED.iter().any(|(n, _)| *n == name);
            let produced =
                tests.iter().any(|t| names_constant(t, name) || t.contains(&format!("E{number:04}")));
            match (produced, excused) {
                (false, false) => {
                    out.push(Finding::new(
                        &file.path,
                        line,
                        format!("no test produces {name} (E{number:04})"),
                    ));
                }
                (true, true) => {
                    out.push(Finding::new(&file.path, line, format!("{name} is excused and has a test")));
                }
                _ => {}
            }
        }
    }
    out
}

/// The test code of a file; this rule's own does not count.
fn test_code(file: &File) -> &str {
    match () {
        () if file.path.starts_with("tests/tests/tidy/") => "",
        () if rust::is_test_file(&file.path) => &file.text,
        () => rust::split_tests(&file.text).1,
    }
}

fn names_constant(text: &str, name: &str) -> bool {
    rust::names(text, name).next().is_some()
}

/// Rows look like `NAME = 412, Class, "title",`.
fn rows_of(text: &str) -> Vec<(usize, &str, u16)> {
    let parse = |line: &'_ str| -> Option<(usize, u16)> {
        let (name, rest) = line.trim().split_once(" = ")?;
        let number = rest.split(',').next()?.parse().ok()?;
        name.chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
            .then_some((name.len(), number))
    };
    let lines = text.lines().enumerate();
    lines.filter_map(|(i, l)| parse(l).map(|(n, number)| (i + 1, &l.trim()[..n], number))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "//! Rows.\nsuper::codes! {\n    /// Doc.\n    NOT_LZ4 = 301, Input, \"not LZ4\",\n        \"Why.\",\n        \"What.\";\n}\n";

    #[test]
    fn a_code_without_a_test_is_found() {
        let table = ("common/src/codes/archive.rs", TABLE);
        let used = ("worker/src/x.rs", "fn f() { fail(NOT_LZ4) }\n");
        assert_eq!(tested(&Tree::of(&[table, used])).len(), 1);
        let by_name =
            ("worker/src/x.rs", "#[cfg(test)]\nmod tests {\n fn t() { assert_eq!(code, NOT_LZ4) }\n}\n");
        assert_eq!(tested(&Tree::of(&[table, by_name])), []);
        let by_number = ("worker/tests/x.rs", "assert!(out.contains(\"E0301\"));");
        assert_eq!(tested(&Tree::of(&[table, by_number])), []);
    }
}
