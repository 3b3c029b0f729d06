//! Words that never stand in the tree. They are put together here, so that this file does not hold them.

use super::Finding;
use crate::tree::{File, Tree};
use std::collections::BTreeSet;

/// Marks of work that is not finished.
const UNFINISHED: [&str; 6] = [
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("#[ig", "nore"),
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("TO", "DO"),
];

/// Beginnings of paths of the machine that something was made on.
const MACHINE: [&str; 3] = [concat!("/wo", "rk/"), concat!("/fa", "rm/"), concat!("/ro", "ot/")];

/// The making of the thing is not part of it.
const MAKING: [&str; 9] = [
    concat!("issue ", "#"),
    concat!("issues ", "show"),
    concat!("Clau", "de"),
    concat!("Anthro", "pic"),
    concat!("Chat", "GPT"),
    concat!("Co-", "authored-by"),
    concat!("language ", "model"),
    concat!("sub", "agent"),
    concat!("as an ", "AI"),
];

/// What stands at the root: a stranger finds the room for each thing by these names.
const ROOT: [&str; 24] = [
    ".ci",
    ".dockerignore",
    ".gitattributes",
    ".github",
    ".gitignore",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "benches",
    "cli",
    "client",
    "clippy.toml",
    "common",
    "coordinator",
    "deny.toml",
    "deploy",
    "docs",
    "examples",
    "proto",
    "rustfmt.toml",
    "tests",
    "worker",
];

/// Nothing strays at the root.
pub(crate) fn root(tree: &Tree) -> Vec<Finding> {
    let top = |f: &File| f.path.split('/').next().unwrap_or_default().to_owned();
    let strays: BTreeSet<String> =
        tree.files.iter().map(top).filter(|t| !ROOT.contains(&t.as_str())).collect();
    strays.iter().map(|t| Finding::new(t, 1, "does not belong at the root")).collect()
}

/// Nothing is left for later without a word in the documentation.
pub(crate) fn unfinished(tree: &Tree) -> Vec<Finding> {
    let code = tree.files.iter().filter(|f| !f.path.ends_with("Cargo.lock"));
    code.flat_map(|f| {
        lines_with(&f.path, &f.text, |line| UNFINISHED.iter().find(|w| line.contains(*w)).copied())
    })
    .collect()
}

/// No machine's paths, nor how the thing came to be.
pub(crate) fn machine(tree: &Tree) -> Vec<Finding> {
    let texts = tree.files.iter().filter(|f| !f.path.ends_with("Cargo.lock"));
    texts
        .flat_map(|f| {
            lines_with(&f.path, &f.text, |line| {
                let lower = line.to_lowercase();
                let place =
                    MACHINE.iter().find(|w| line.match_indices(*w).any(|(i, _)| starts_a_path(line, i)));
                place.or_else(|| MAKING.iter().find(|w| lower.contains(&w.to_lowercase()))).copied()
            })
        })
        .collect()
}

/// A path of the machine begins here: it is not the tail of a longer one.
fn starts_a_path(line: &str, at: usize) -> bool {
    !line[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || "_.-}>)*".contains(c))
}

fn lines_with(path: &str, text: &str, hit: impl Fn(&str) -> Option<&'static str>) -> Vec<Finding> {
    let lines = text.lines().enumerate();
    lines.filter_map(|(i, l)| hit(l).map(|w| Finding::new(path, i + 1, format!("holds {w:?}")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found() {
        for word in UNFINISHED {
            assert_eq!(unfinished(&Tree::of(&[("a.py", &format!("x = 1\n# {word}\n"))])).len(), 1, "{word}");
        }
        for word in MACHINE.iter().chain(&MAKING) {
            assert_eq!(machine(&Tree::of(&[("README.md", &format!("see {word}x\n"))])).len(), 1, "{word}");
        }
    }

    #[test]
    fn a_stray_file_at_the_root_is_found() {
        let tree = Tree::of(&[("README.md", ""), ("NOTES.md", ""), ("misc/a.rs", ""), ("misc/b.rs", "")]);
        let paths: Vec<String> = root(&tree).into_iter().map(|f| f.path).collect();
        assert_eq!(paths, ["NOTES.md", "misc"]);
    }

    #[test]
    fn longer_paths_are_not() {
        assert_eq!(
            machine(&Tree::of(&[("a.rs", concat!("s3://bucket/wo", "rk/x and a.com/ro", "ot/x"))])),
            []
        );
    }
}
