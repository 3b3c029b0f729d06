//! What a rule says.

use crate::tree::Tree;
use std::fmt;

/// From the tree to everything in it that breaks the rule.
pub(crate) type Rule = fn(&Tree) -> Vec<Finding>;

/// One place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl Finding {
    pub(crate) fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// A file that a rule lets be, and why.
pub(crate) struct Allowed {
    pub(crate) path: &'static str,
    pub(crate) why: &'static str,
}

/// Takes out what is allowed; an exception without a finding is one itself.
pub(crate) fn without_allowed(tree: &Tree, findings: Vec<Finding>, allowed: &[Allowed]) -> Vec<Finding> {
    let stale = allowed.iter().filter(|a| tree.get(a.path).is_some());
    let stale = stale.filter(|a| !findings.iter().any(|f| f.path == a.path));
    let stale: Vec<Finding> = stale
        .map(|a| Finding::new(a.path, 1, format!("is excused ({}) and needs it no longer", a.why)))
        .collect();
    let kept = findings.into_iter().filter(|f| !allowed.iter().any(|a| a.path == f.path));
    kept.chain(stale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exception_that_is_not_needed_is_found() {
        let tree = Tree::of(&[("a.rs", ""), ("b.rs", "")]);
        let allowed = [Allowed { path: "a.rs", why: "old" }, Allowed { path: "b.rs", why: "good" }];
        let left = without_allowed(&tree, vec![Finding::new("b.rs", 3, "x")], &allowed);
        assert_eq!(left, [Finding::new("a.rs", 1, "is excused (old) and needs it no longer")]);
    }
}
