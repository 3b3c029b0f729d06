//! Just enough of Rust's grammar: code without comments and literals, names, and where tests begin.

/// `text` with comments and the insides of literals blanked; lines stay where they are.
pub(crate) fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| raw_string(rest, out.chars().last())).or_else(|| quoted(rest));
        let length = skipped.unwrap_or(c.len_utf8());
        let (taken, left) = rest.split_at(length);
        if skipped.is_some() {
            out.extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else {
            out.push(c);
        }
        rest = left;
    }
    out
}

fn comment(s: &str) -> Option<usize> {
    if s.starts_with("//") {
        return Some(s.find('\n').unwrap_or(s.len()));
    }
    if !s.starts_with("/*") {
        return None;
    }
    let (mut depth, mut at) = (0_usize, 0);
    while at < s.len() {
        let tail = &s.as_bytes()[at..];
        if tail.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += 1;
        }
    }
    Some(s.len())
}

fn raw_string(s: &str, before: Option<char>) -> Option<usize> {
    let body = s.strip_prefix("br").or_else(|| s.strip_prefix('r'))?;
    let hashes = body.len() - body.trim_start_matches('#').len();
    let inside = body[hashes..].strip_prefix('"')?;
    if before.is_some_and(is_name) {
        return None;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let end = inside.find(&close).map_or(inside.len(), |i| i + close.len());
    Some(s.len() - inside.len() + end)
}

/// A string, or a character literal (a lifetime is neither).
fn quoted(s: &str) -> Option<usize> {
    let quote = s.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let mut escaped = false;
    for (i, c) in s.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return Some(i + 1);
        } else if quote == '\'' && (i > 1 && !s[1..].starts_with('\\')) {
            return None;
        }
    }
    None
}

/// Whether `c` can stand inside a name.
pub(crate) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where `name` stands as a whole name in `code`: byte offsets.
pub(crate) fn names<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(name).map(|(i, _)| i).filter(move |i| {
        let before = code[..*i].chars().next_back();
        let after = code[i + name.len()..].chars().next();
        !before.is_some_and(is_name) && !after.is_some_and(is_name)
    })
}

/// Lines (from 1) on which the crate `name` is reached: `name::…` or `use name`, not `other::name`.
pub(crate) fn crate_uses(code: &str, name: &str) -> Vec<usize> {
    let used = names(code, name).filter(|i| {
        let before = code[..*i].trim_end();
        let absolute = before.ends_with("::") && !before[..before.len() - 2].ends_with(is_name);
        let path = code[i + name.len()..].trim_start().starts_with("::");
        let imported =
            before.ends_with("use") || before.ends_with("crate ") || before.ends_with("extern crate");
        (path || imported) && (absolute || !before.ends_with("::"))
    });
    used.map(|i| line(code, i)).collect()
}

/// The line of a byte offset, from 1.
pub(crate) fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The part before the inline tests, and the inline tests.
pub(crate) fn split_tests(text: &str) -> (&str, &str) {
    let starts = |t: &str| t.starts_with("#[cfg(test)]") || t.starts_with("#[cfg(all(test");
    let mut at = 0;
    for l in text.split_inclusive('\n') {
        if starts(l) && module_follows(&text[at + l.len()..]) {
            return text.split_at(at);
        }
        at += l.len();
    }
    (text, "")
}

fn module_follows(rest: &str) -> bool {
    let next = rest.lines().find(|l| !l.trim_start().starts_with("#[")).unwrap_or("");
    next.starts_with("mod ") && next.trim_end().ends_with('{')
}

/// Whether the whole file is test code.
pub(crate) fn is_test_file(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blank() {
        let text = "a // sled::x\n/* b /* c */ sled */ d \"sl\\\"ed\" r#\"sled\"# 'x' '\\'' &'a str b\"q\"";
        let left: String = code(text).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(left, "a d &'a str b");
        assert_eq!(code(text).lines().count(), text.lines().count());
    }

    #[test]
    fn crates_are_told_from_modules() {
        assert_eq!(crate_uses("use sled::Db;\nlet x = ::sled::open();\nuse sled;", "sled"), [1, 2, 3]);
        let others = "crate::ledger::sled::open(); mod sled; bobsled::x(); self::sled::y()";
        assert!(crate_uses(others, "sled").is_empty());
    }

    #[test]
    fn inline_tests_are_found() {
        let (a, b) = split_tests("fn a() {}\n#[cfg(test)]\nmod tests {\n}\n");
        assert_eq!((a, b), ("fn a() {}\n", "#[cfg(test)]\nmod tests {\n}\n"));
        assert_eq!(split_tests("#[cfg(test)]\nmod tests;\nfn a() {}\n").1, "");
        assert_eq!(split_tests("#[cfg(test)]\nuse x;\nfn a() {}\n").1, "");
    }
}
