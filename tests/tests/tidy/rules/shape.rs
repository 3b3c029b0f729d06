//! How long a file may be, what a module's root may hold, and how exceptions are written.

use super::{Allowed, Finding, without_allowed};
use crate::{
    rust,
    tree::{File, Tree},
};

const LINES_MAX: usize = 600;

const LONG: [Allowed; 0] = [];

const ROOTS_WITH_LOGIC: [Allowed; 0] = [];

const UNWRAPS: [Allowed; 0] = [];

/// At most 600 lines, inline tests not counted.
pub(crate) fn length(tree: &Tree) -> Vec<Finding> {
    let found = tree.rust().filter_map(|f| {
        let lines = rust::split_tests(&f.text).0.lines().count();
        (lines > LINES_MAX)
            .then(|| Finding::new(&f.path, LINES_MAX, format!("has {lines} lines: it wants to be two")))
    });
    without_allowed(tree, found.collect(), &LONG)
}

/// `lib.rs` and `mod.rs` hold docs, `mod` and `pub use`.
pub(crate) fn roots(tree: &Tree) -> Vec<Finding> {
    let sources = tree.rust().filter(|f| !rust::is_test_file(&f.path));
    let roots = sources.filter(|f| f.path.ends_with("/lib.rs") || f.path.ends_with("/mod.rs"));
    let found = roots.filter_map(|f| {
        let code = rust::code(rust::split_tests(&f.text).0);
        let at = function_body(&code)?;
        Some(Finding::new(
            &f.path,
            rust::line(&code, at),
            "holds a function: it belongs in a file of its own",
        ))
    });
    without_allowed(tree, found.collect(), &ROOTS_WITH_LOGIC)
}

/// The first function that has a body (a trait's declaration has none).
fn function_body(code: &str) -> Option<usize> {
    rust::names(code, "fn").find(|i| {
        let end = code[*i..].find(['{', ';']).map(|e| i + e);
        end.is_some_and(|e| code[e..].starts_with('{'))
    })
}

/// An exception to a lint is an `expect` and says why.
pub(crate) fn allows(tree: &Tree) -> Vec<Finding> {
    tree.rust().flat_map(allows_of).collect()
}

fn allows_of(file: &File) -> Vec<Finding> {
    let code = rust::code(&file.text);
    let mut out = Vec::new();
    for name in ["allow", "expect"] {
        for at in rust::names(&code, name) {
            let before = code[..at].trim_end();
            if !before.ends_with("#[") && !before.ends_with("#![") {
                continue;
            }
            let end = code[at..].find(']').map_or(code.len(), |e| at + e);
            let line = rust::line(&code, at);
            if name == "allow" {
                out.push(Finding::new(&file.path, line, "allows a lint: expect it, with the reason"));
            } else if !code[at..end].contains("reason") {
                out.push(Finding::new(&file.path, line, "expects a lint without saying why"));
            }
        }
    }
    out
}

/// No `unwrap()` outside tests: an invariant says itself with `expect`.
pub(crate) fn unwraps(tree: &Tree) -> Vec<Finding> {
    let sources = tree.rust().filter(|f| !rust::is_test_file(&f.path) && !f.path.starts_with("benches/"));
    let found = sources.flat_map(|f| {
        let code = rust::code(rust::split_tests(&f.text).0);
        let at = code.match_indices(".unwrap()").map(|(i, _)| i).collect::<Vec<_>>();
        at.into_iter()
            .map(|i| Finding::new(&f.path, rust::line(&code, i), "unwraps: say why it cannot fail"))
            .collect::<Vec<_>>()
    });
    without_allowed(tree, found.collect(), &UNWRAPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found_and_its_tests_do_not_count() {
        let body = "fn f() {}\n".repeat(LINES_MAX);
        assert_eq!(
            length(&Tree::of(&[("a/src/x.rs", &format!("{body}#[cfg(test)]\nmod tests {{\n}}\n"))])),
            []
        );
        assert_eq!(length(&Tree::of(&[("a/src/x.rs", &format!("{body}fn g() {{}}\n"))])).len(), 1);
    }

    #[test]
    fn logic_in_a_root_is_found() {
        let text = "//! Docs.\nmod a;\npub trait T { fn f(&self); }\nfn g() { }\n";
        assert_eq!(roots(&Tree::of(&[("a/src/lib.rs", text)]))[0].line, 4);
        let declared = "mod a;\npub use a::b;\ntrait T { fn f(&self) -> u8; }\n#[cfg(test)]\nmod tests {\nfn x() {}\n}\n";
        assert_eq!(roots(&Tree::of(&[("a/src/lib.rs", declared)])), []);
    }

    #[test]
    fn silent_exceptions_are_found() {
        let bad = "#[allow(dead_code)]\nfn f() {}\n#![expect(unused)]\n#[expect(x, reason = \"y\")]\n#[allow(z, reason = \"y\")]";
        let lines: Vec<usize> = allows(&Tree::of(&[("a/src/x.rs", bad)])).iter().map(|f| f.line).collect();
        assert_eq!(lines, [1, 5, 3]);
    }

    #[test]
    fn an_unwrap_outside_tests_is_found() {
        let text = "fn f() { x.unwrap(); }\n#[cfg(test)]\nmod tests {\n    fn t() { x.unwrap(); }\n}\n";
        assert_eq!(unwraps(&Tree::of(&[("a/src/x.rs", text)])).len(), 1);
        assert_eq!(unwraps(&Tree::of(&[("a/tests/x.rs", text), ("tests/src/h.rs", text)])), []);
    }
}
