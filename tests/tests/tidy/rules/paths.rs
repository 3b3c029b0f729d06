//! Paths in code that begin with `crate`, `super` or `self`.

use crate::rust;

/// One path, braces expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// `["crate", "a", "B"]`.
    pub(super) segments: Vec<String>,
    /// What it is called here: its last segment, or what stands behind `as`.
    pub(super) name: String,
    /// It stands in a `use`.
    pub(super) imported: bool,
}

/// All of them. In a module's root also those that begin with a module: `pub use inner::Thing`.
pub(super) fn paths(code: &str) -> Vec<Path> {
    let mut out = Vec::new();
    for at in rust::names(code, "use") {
        let tree = &code[at + 3..];
        let end = tree.find(';').unwrap_or(tree.len());
        let mut found = Vec::new();
        expand(&tree[..end], &[], &mut found);
        out.extend(found.into_iter().map(|(segments, name)| Path { segments, name, imported: true }));
    }
    for word in ["crate", "super", "self"] {
        for at in rust::names(code, word) {
            let before = code[..at].trim_end();
            if before.ends_with("::")
                || before.ends_with("use")
                || before.ends_with(['{', ',', '(']) && in_use(before)
            {
                continue;
            }
            let segments = spelled(&code[at..]);
            if segments.len() > 1 {
                let name = segments.last().cloned().unwrap_or_default();
                out.push(Path { segments, name, imported: false });
            }
        }
    }
    out
}

/// Whether a `use` that has not ended stands before.
fn in_use(before: &str) -> bool {
    let last = before.rfind(';').map_or(0, |i| i + 1);
    rust::names(&before[last..], "use").next().is_some()
}

/// The segments of a path that code spells out: `crate::a::b(` and no further.
fn spelled(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = code;
    loop {
        let len = rest.find(|c| !rust::is_name(c)).unwrap_or(rest.len());
        if len == 0 {
            return out;
        }
        out.push(rest[..len].to_owned());
        match rest[len..].strip_prefix("::") {
            Some(more) => rest = more,
            None => return out,
        }
    }
}

/// Every path of a use tree, with the name that it gets.
fn expand(tree: &str, above: &[String], out: &mut Vec<(Vec<String>, String)>) {
    let tree = tree.trim();
    if let Some(inner) = tree.strip_prefix('{') {
        let inner = inner.trim_end().strip_suffix('}').unwrap_or(inner);
        for part in parts(inner) {
            expand(part, above, out);
        }
        return;
    }
    match tree.split_once("::") {
        Some((first, rest)) if !first.contains('{') => {
            let mut above = above.to_vec();
            above.push(first.trim().to_owned());
            expand(rest, &above, out);
        }
        _ => {
            let (segment, name) = tree.split_once(" as ").unwrap_or((tree, tree));
            let mut segments = above.to_vec();
            if segment.trim() != "self" || segments.is_empty() {
                segments.push(segment.trim().to_owned());
            }
            let own = segments.last().cloned().unwrap_or_default();
            let name = if name.trim() == "self" { own } else { name.trim().to_owned() };
            out.push((segments, name));
        }
    }
}

/// The parts between the commas of the outermost level.
fn parts(inner: &str) -> Vec<&str> {
    let (mut depth, mut from, mut out) = (0_i32, 0, Vec::new());
    for (i, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                out.push(&inner[from..i]);
                from = i + 1;
            }
            _ => {}
        }
    }
    out.push(&inner[from..]);
    out.into_iter().filter(|p| !p.trim().is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(code: &str) -> Vec<String> {
        let told =
            |p: Path| format!("{}{}={}", if p.imported { "use " } else { "" }, p.segments.join("::"), p.name);
        paths(code).into_iter().map(told).collect()
    }

    #[test]
    fn trees_are_expanded_and_paths_in_code_are_found() {
        assert_eq!(
            told("use crate::{a::{B, self}, c as d};\npub use inner::Thing;"),
            ["use crate::a::B=B", "use crate::a=a", "use crate::c=d", "use inner::Thing=Thing"]
        );
        assert_eq!(told("fn f() { super::g(crate::a::b()) }"), ["crate::a::b=b", "super::g=g"]);
        assert_eq!(told("pub(crate) fn f(self) { self.x }"), Vec::<String>::new());
    }
}
