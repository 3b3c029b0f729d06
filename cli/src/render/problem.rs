//! Errors as people read them: code, sentence, place, snippet with a caret, expected and found, causes, hint.

use super::{Paint, Style, head, visible, wrap};
use crate::{error::SpecProblem, terminal::Terminal};
use std::fmt::Write;
use tarquet_common::failure::Failure;
use unicode_width::UnicodeWidthStr;

/// A failure without a text to point into.
pub(crate) fn failure(failure: &Failure, terminal: &Terminal) -> String {
    let paint = Paint(terminal.color_stderr);
    let mut out = heading(failure, terminal);
    for (name, value) in facts(failure) {
        line(&mut out, paint, terminal.width, name, &value);
    }
    line(&mut out, paint, terminal.width, "hint", failure.hint());
    out
}

/// A spec's mistake, with the line it is on.
pub(crate) fn spec_problem(problem: &SpecProblem, terminal: &Terminal) -> String {
    let paint = Paint(terminal.color_stderr);
    let mut out = heading(&problem.failure, terminal);
    let say = |out: &mut String, name, value: &str| line(out, paint, terminal.width, name, value);
    let Some((row, column, len)) = problem.at else {
        say(&mut out, "file", &visible(&problem.file));
        if let Some(key) = &problem.failure.place.item {
            say(&mut out, "key", &visible(key));
        }
        say(&mut out, "hint", problem.failure.hint());
        return out;
    };
    let (corner, bar) = if terminal.boxes { ("┌─", "│") } else { ("-->", "|") };
    let number = row.to_string();
    let margin = " ".repeat(number.len());
    let room = terminal.width.saturating_sub(number.len() + bar.chars().count() + 2);
    let source = problem.text.lines().nth(row - 1).unwrap_or_default();
    let cut = Cut::of(source, column, len, room);
    let carets = "^".repeat(cut.marked.max(1));
    let pad = " ".repeat(cut.before);
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{margin} {corner} {}:{row}:{column}", visible(&problem.file));
    let _ = writeln!(out, "{number} {bar} {}", cut.text);
    let hint = problem.failure.hint.as_deref().unwrap_or_default();
    let beside = cut.before + carets.len() + 1 + hint.width() <= room;
    let told = if beside { hint } else { "" };
    let pointed = format!("{margin} {bar} {pad}{} {told}", paint.with(Style::Error, &carets));
    let _ = writeln!(out, "{}", pointed.trim_end());
    if hint.is_empty() || !beside {
        say(&mut out, "hint", problem.failure.hint());
    }
    out
}

/// The part of a source line that fits, with what is marked in it.
struct Cut {
    text: String,
    /// Columns before the mark, and under it.
    before: usize,
    marked: usize,
}

impl Cut {
    /// The line from its beginning if the mark is seen there; else from a little before the mark.
    fn of(source: &str, column: usize, len: usize, room: usize) -> Self {
        const LEAD: usize = 16;
        let shown = |from: usize, to: usize| -> String {
            visible(&source.chars().skip(from).take(to - from).collect::<String>())
        };
        let at = column.saturating_sub(1);
        let from = if shown(0, at + len).width() < room { 0 } else { at.saturating_sub(LEAD) };
        let lead = if from > 0 { "…" } else { "" };
        let before = format!("{lead}{}", shown(from, at)).width();
        let marked = shown(at, at + len).width().min(room.saturating_sub(before + 1));
        let text = format!("{lead}{}", shown(from, source.chars().count().max(from)));
        Self { text: head(&text, room), before, marked }
    }
}

fn heading(failure: &Failure, terminal: &Terminal) -> String {
    let label = format!("error[{}]", failure.code);
    let message = wrap(&visible(&failure.message), label.len() + 2, 2, terminal.width);
    format!("{}: {message}\n", Paint(terminal.color_stderr).with(Style::Error, &label))
}

/// Columns before the value of a fact.
const UNDER: usize = 11;

fn line(out: &mut String, paint: Paint, width: usize, name: &str, value: &str) {
    let value = wrap(value, UNDER, UNDER, width);
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
    fn long_lines_are_shown_around_the_mistake() {
        let mut p = problem();
        p.text = format!("uris = [{}\"oops\"]", "\"s3://bucket/prefix/\", ".repeat(20));
        let column = p.text.find("\"oops").unwrap() + 1;
        p.at = Some((1, column, 6));
        let text = spec_problem(&p, &terminal(true));
        assert!(text.lines().all(|l| l.width() <= 80), "{text}");
        let (source, carets) = (text.lines().nth(2).unwrap(), text.lines().nth(3).unwrap());
        let at = |line: &str, what: &str| line[..line.find(what).unwrap()].width();
        assert_eq!(at(source, "\"oops\""), at(carets, "^^^^^^"), "{text}");
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
