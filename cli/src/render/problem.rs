//! Errors as people read them: code, sentence, place, snippet with a caret, expected and found, causes, hint.

use super::{Paint, Style};
use crate::{error::SpecProblem, terminal::Terminal};
use std::fmt::Write;
use tarquet_common::failure::Failure;
use unicode_width::UnicodeWidthStr;

/// A failure without a text to point into.
pub(crate) fn failure(failure: &Failure, terminal: &Terminal) -> String {
    let paint = Paint(terminal.color_stderr);
    let mut out = heading(failure, paint);
    for (name, value) in facts(failure) {
        line(&mut out, paint, name, &value);
    }
    line(&mut out, paint, "hint", failure.hint());
    out
}

/// A spec's mistake, with the line it is on.
pub(crate) fn spec_problem(problem: &SpecProblem, terminal: &Terminal) -> String {
    let paint = Paint(terminal.color_stderr);
    let mut out = heading(&problem.failure, paint);
    let Some((row, column, len)) = problem.at else {
        line(&mut out, paint, "file", &visible(&problem.file));
        if let Some(key) = &problem.failure.place.item {
            line(&mut out, paint, "key", &visible(key));
        }
        line(&mut out, paint, "hint", problem.failure.hint());
        return out;
    };
    let (corner, bar) = if terminal.boxes { ("┌─", "│") } else { ("-->", "|") };
    let source = problem.text.lines().nth(row - 1).unwrap_or_default();
    let number = row.to_string();
    let margin = " ".repeat(number.len());
    let before: String = source.chars().take(column - 1).collect();
    let marked: String = source.chars().skip(column - 1).take(len).collect();
    let carets = "^".repeat(visible(&marked).width().max(1));
    let hint = problem.failure.hint.as_deref().unwrap_or_default();
    let pad = " ".repeat(visible(&before).width());
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{margin} {corner} {}:{row}:{column}", visible(&problem.file));
    let _ = writeln!(out, "{number} {bar} {}", visible(source));
    let pointed = format!("{margin} {bar} {pad}{} {hint}", paint.with(Style::Error, &carets));
    let _ = writeln!(out, "{}", pointed.trim_end());
    if hint.is_empty() {
        line(&mut out, paint, "hint", problem.failure.hint());
    }
    out
}

fn heading(failure: &Failure, paint: Paint) -> String {
    let label = paint.with(Style::Error, &format!("error[{}]", failure.code));
    format!("{label}: {}\n", visible(&failure.message))
}

fn line(out: &mut String, paint: Paint, name: &str, value: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "  {} {value}", paint.with(Style::Dim, &format!("{name:>8}")));
}

/// The facts a failure carries, in the order they are read.
fn facts(failure: &Failure) -> Vec<(&'static str, String)> {
    let place = &failure.place;
    let mut facts = Vec::new();
    let mut push = |name, value: Option<String>| facts.extend(value.map(|v| (name, visible(&v))));
    push("in", place.uri.clone());
    push("member", place.member.clone());
    push("offset", place.offset.map(|o| o.to_string()));
    push("at", place.item.clone());
    push("expected", failure.expected.clone());
    push("found", failure.found.clone());
    for cause in &failure.causes {
        push("cause", Some(cause.clone()));
    }
    facts
}

/// Text with control characters made visible: names and messages may come from an archive, and must not
/// move the cursor or colour the terminal. A tab becomes one space, so that carets stay aligned.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push(' '),
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{args::When, terminal::Facts};
    use tarquet_common::codes::spec as codes;

    fn terminal(utf8: bool) -> Terminal {
        Terminal::decide(&Facts { utf8, ..Facts::default() }, When::Auto)
    }

    fn problem() -> SpecProblem {
        let failure = Failure::new(codes::UNKNOWN_KEY, "unknown key `partiton`");
        SpecProblem {
            file: "broken.toml".into(),
            text: "version = 1\n[output]\npartiton = 100\n".into(),
            failure: failure.with_hint("did you mean `partitions`?"),
            at: Some((3, 1, 8)),
        }
    }

    #[test]
    fn a_spec_mistake_is_pointed_at() {
        let text = spec_problem(&problem(), &terminal(true));
        let expected = "error[E0101]: unknown key `partiton`\n  ┌─ broken.toml:3:1\n3 │ partiton = 100\n  │ ^^^^^^^^ did you mean `partitions`?\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_terminal_without_unicode_gets_ascii() {
        let text = spec_problem(&problem(), &terminal(false));
        assert!(text.is_ascii(), "{text}");
        assert!(text.contains("--> broken.toml:3:1"));
    }

    #[test]
    fn carets_stand_under_wide_characters_and_tabs() {
        let mut p = problem();
        p.text = "\t東京 = 1\n".into();
        p.at = Some((1, 2, 2));
        let text = spec_problem(&p, &terminal(true));
        assert!(text.contains("1 │  東京 = 1\n  │  ^^^^ did"), "{text}");
    }

    #[test]
    fn a_failure_tells_everything_it_knows_and_nothing_moves_the_cursor() {
        let f = Failure::new(codes::BAD_URI, "not a location")
            .at_uri("s3://b/a.tar.lz4")
            .at_member("x\x1b[2J.h5")
            .at_offset(512)
            .expected("a", "b");
        let text = failure(&f, &terminal(true));
        assert!(!text.contains('\x1b'), "{text}");
        for part in
            ["in s3://b/a.tar.lz4", "member x\\u{1b}[2J.h5", "offset 512", "expected a", "found b", "hint "]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
