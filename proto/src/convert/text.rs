//! Text that a peer sends and others keep, count or read: cut to a size, and nothing hidden in it.

use super::BadMessage;
use tarquet_common::failure::{Failure, Place};

/// Longest name of a worker, a build, a step or a role, in bytes.
pub(super) const NAME_BYTES: usize = 128;
/// Longest reason that somebody gives, in bytes.
pub const REASON_BYTES: usize = 1 << 10;
/// Causes that are kept of a failure. All of it together takes 8 KiB at most.
const CAUSES: usize = 8;

/// A name: not empty, short, printable.
pub(super) fn name(text: String, field: &'static str) -> Result<String, BadMessage> {
    match () {
        () if text.is_empty() => Err(BadMessage::missing(field)),
        () => optional_name(text, field),
    }
}

/// A name, or nothing.
///
/// # Errors
/// When it is longer than 128 bytes, or has control characters.
pub fn optional_name(text: String, field: &'static str) -> Result<String, BadMessage> {
    if text.len() > NAME_BYTES {
        return Err(BadMessage::malformed(field, format!("{} bytes, at most {NAME_BYTES}", text.len())));
    }
    if text.chars().any(char::is_control) {
        return Err(BadMessage::malformed(field, "it has control characters"));
    }
    Ok(text)
}

/// What a peer tells: control characters are shown instead of taken, and what is longer than `most` bytes is cut.
pub fn told(text: &str, most: usize) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let shown: String = if c.is_control() { c.escape_default().collect() } else { c.into() };
        if out.len() + shown.len() > most {
            while out.len() + '…'.len_utf8() > most {
                out.pop();
            }
            out.push('…');
            break;
        }
        out.push_str(&shown);
    }
    out
}

/// A failure that a worker reports: the coordinator keeps it, logs it and shows it.
pub(super) fn reported(failure: Failure) -> Failure {
    let Failure { code, message, place, expected, found, hint, causes } = failure;
    let cut = |text: Option<String>, most| text.map(|text| told(&text, most));
    Failure {
        code,
        message: told(&message, 2_048),
        place: Place {
            uri: cut(place.uri, 1_536),
            member: cut(place.member, 1_024),
            offset: place.offset,
            item: cut(place.item, 256),
        },
        expected: cut(expected, 384),
        found: cut(found, 384),
        hint: cut(hint, 768),
        causes: causes.iter().take(CAUSES).map(|cause| told(cause, 192)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::codes::ourselves;

    #[test]
    fn what_is_told_is_cut_and_shown() {
        assert_eq!(told("all fine", 20), "all fine");
        assert_eq!(told("a\n2026-01-01 INFO forged\u{1b}[2J", 100), "a\\n2026-01-01 INFO forged\\u{1b}[2J");
        for (text, most) in
            [("x".repeat(5_000), 100), ("ü".repeat(60), 100), ("\n".repeat(60), 100), ("…".repeat(40), 100)]
        {
            let cut = told(&text, most);
            assert!(cut.len() <= most && cut.len() > most - 4 && cut.ends_with('…'), "{cut}");
        }
    }

    #[test]
    fn names_are_short_and_printable() {
        assert_eq!(name("w".repeat(NAME_BYTES), "worker").unwrap().len(), NAME_BYTES);
        for bad in [String::new(), "w".repeat(NAME_BYTES + 1), "a\nb".to_owned(), "a\u{7f}".to_owned()] {
            assert_eq!(name(bad, "worker").unwrap_err().field, "worker");
        }
        assert_eq!(optional_name(String::new(), "step").unwrap(), "");
    }

    #[test]
    fn a_reported_failure_is_small_whatever_is_in_it() {
        let long = || "x\n".repeat(100_000);
        let mut failure =
            Failure::new(ourselves::INVARIANT, long()).at_uri(long()).at_member(long()).at_item(long());
        failure = failure.expected(long(), long()).with_hint(long());
        failure.causes = (0..1_000).map(|_| long()).collect();
        let kept = reported(failure);
        let json = serde_json::to_string(&kept).unwrap();
        assert!(json.len() < 12 << 10, "{} bytes, with every newline escaped twice", json.len());
        let texts = [kept.message.len(), kept.causes.iter().map(String::len).sum()];
        assert!(texts[0] <= 2_048 && texts[1] <= CAUSES * 192);
    }
}
