//! From text to a spec, with places; and what is wrong with it all the same.

use super::{
    Spec,
    kind::{Header, ReadSpec},
};
use crate::{codes::spec as codes, sections::SpecError, units::Budget};
use serde::de::DeserializeOwned;

/// Reads a spec: JSON when the text starts with `{`, TOML otherwise; then checks it.
///
/// # Errors
/// What is wrong, and where.
pub fn parse(text: &str) -> Result<Spec, SpecError> {
    let text = Text { text, is_json: text.trim_start().starts_with('{') };
    let header: Header = text.read()?;
    let spec = header.kind.read(text)?;
    check(&spec).map_err(|e| locate(text.text, e))?;
    Ok(spec)
}

/// Finds the first thing wrong with `spec`.
///
/// # Errors
/// What is wrong, and with which key.
pub fn check(spec: &Spec) -> Result<(), SpecError> {
    if spec.version() != 1 {
        let text = format!("version {} of the spec format is not known", spec.version());
        return Err(
            SpecError::about(codes::BAD_VALUE, "version", text).with_hint("this build reads version 1")
        );
    }
    spec.check_kind()?;
    match spec.errors().max_failed {
        Budget::Percent(p) if !(0.0..=100.0).contains(&p) => {
            let text = format!("{p} % is not between 0 and 100");
            Err(SpecError::about(codes::BAD_VALUE, "errors.max_failed", text))
        }
        Budget::Percent(_) | Budget::Count(_) => Ok(()),
    }
}

/// A spec's text.
#[derive(Clone, Copy)]
struct Text<'a> {
    text: &'a str,
    is_json: bool,
}

impl ReadSpec for Text<'_> {
    type Error = SpecError;

    fn read<T: DeserializeOwned>(self) -> Result<T, SpecError> {
        if self.is_json {
            return serde_json::from_str(self.text).map_err(|e| {
                let message = e.to_string();
                let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(m, _)| m);
                explain(message, Some((e.line(), e.column().max(1), 1)))
            });
        }
        toml::from_str(self.text).map_err(|e| {
            let at = e.span().map(|s| place(self.text, s.start, s.end));
            explain(e.message(), at)
        })
    }
}

/// Sorts what a deserializer says into codes, and looks for the word that was meant.
fn explain(message: &str, at: Option<(usize, usize, usize)>) -> SpecError {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let code = if message.starts_with("unknown field") {
        codes::UNKNOWN_KEY
    } else if message.starts_with("missing field") {
        codes::MISSING_KEY
    } else if message.starts_with("unknown variant") || message.starts_with("invalid") {
        codes::BAD_VALUE
    } else {
        codes::SYNTAX
    };
    let subject = quoted.next().map(str::to_owned);
    let known: Vec<&str> = quoted.collect();
    let (message, hint) = match &subject {
        Some(key) if code == codes::UNKNOWN_KEY => (format!("unknown key `{key}`"), suggestion(key, &known)),
        Some(key) if code == codes::MISSING_KEY => (format!("the key `{key}` is missing"), None),
        _ => (message.trim().to_owned(), subject.as_deref().and_then(|s| suggestion(s, &known))),
    };
    SpecError { code, message, at, key: subject, hint }
}

fn suggestion(word: &str, known: &[&str]) -> Option<String> {
    let near = known.iter().map(|k| (distance(word, k), *k)).min()?;
    if near.0 <= 1 + word.len() / 4 {
        return Some(format!("did you mean `{}`?", near.1));
    }
    Some(format!("known here: {}", known.join(", ")))
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let cost = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// Line and column (from 1, in characters) and length of a byte range, cut at the end of its line.
fn place(text: &str, start: usize, end: usize) -> (usize, usize, usize) {
    let before = &text[..start];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
    let len = text[start..end.clamp(start, line_end)].chars().count().max(1);
    (before.matches('\n').count() + 1, text[line_start..start].chars().count() + 1, len)
}

/// Finds the line of a key that [`check`] complains about: the last segment of its path at a line's start.
fn locate(text: &str, mut error: SpecError) -> SpecError {
    let Some(name) = error.key.as_deref().and_then(|k| k.rsplit('.').next()) else { return error };
    for (n, line) in text.lines().enumerate() {
        let key = line.trim_start().trim_start_matches('"');
        let is_key = key
            .strip_prefix(name)
            .is_some_and(|r| r.trim_start_matches('"').trim_start().starts_with(['=', ':']));
        if is_key {
            let column = line.chars().count() - key.chars().count() + 1;
            error.at = Some((n + 1, column, name.chars().count()));
            return error;
        }
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "version = 1\nkind = \"convert\"\n[input]\nuris = [\"in/*.tar.lz4\"]\n[output]\nuri = \"out\"\n";

    fn error(text: &str) -> SpecError {
        parse(text).unwrap_err()
    }

    #[test]
    fn a_small_spec_takes_defaults() {
        let spec = parse(GOOD).unwrap();
        assert_eq!(spec.display_name(), "out");
        assert_eq!(spec.place().home(), "out.tarquet/");
        let json = serde_json::to_string(&spec).unwrap();
        assert!(json.starts_with(r#"{"version":1,"kind":"convert","input":{"#), "{json}");
        assert_eq!(parse(&json).unwrap(), spec);
        assert_eq!(serde_json::from_str::<Spec>(&json).unwrap(), spec);
    }

    #[test]
    fn an_unknown_key_has_a_place_and_a_suggestion() {
        let e = error(&format!("{GOOD}partiton = 100\n"));
        assert_eq!(e.code, codes::UNKNOWN_KEY);
        assert_eq!(e.at, Some((7, 1, 8)));
        assert_eq!(e.message, "unknown key `partiton`");
        assert_eq!(e.hint.as_deref(), Some("did you mean `partitions`?"));
    }

    #[test]
    fn other_mistakes_are_told_apart() {
        assert_eq!(error("version = 1\nkind = ").code, codes::SYNTAX);
        assert_eq!(error("version = 1\nkind = \"convert\"\n[output]\nuri='x'\n").code, codes::MISSING_KEY);
        let e = error(&GOOD.replace("convert", "konvert"));
        assert_eq!((e.code, e.hint.as_deref()), (codes::BAD_VALUE, Some("did you mean `convert`?")));
        assert_eq!(error("{\"version\": 1,}").code, codes::SYNTAX);
    }

    #[test]
    fn what_types_cannot_say_is_located_too() {
        let e = error(&format!("{GOOD}partitions = 0\n"));
        assert_eq!(e.code, codes::BAD_VALUE);
        assert_eq!(e.at, Some((7, 1, 10)));
    }

    #[test]
    fn distances() {
        assert_eq!(distance("partiton", "partitions"), 2);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
