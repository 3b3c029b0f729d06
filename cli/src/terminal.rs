//! What the two output streams are, and what follows from it. Facts in, decision out.

use crate::args::When;
use std::io::IsTerminal;

/// What is known about one process's streams and environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// stdout is a terminal.
    pub stdout_tty: bool,
    /// stderr is a terminal.
    pub stderr_tty: bool,
    /// `NO_COLOR` is set and not empty (<https://no-color.org>).
    pub no_color: bool,
    /// `TERM`.
    pub term: Option<String>,
    /// `COLUMNS`, or what the terminal says.
    pub columns: Option<usize>,
    /// The locale's character set is UTF-8.
    pub utf8: bool,
}

impl Facts {
    /// Asks the process's surroundings.
    pub(crate) fn gather() -> Self {
        let var = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let locale = var("LC_ALL").or_else(|| var("LC_CTYPE")).or_else(|| var("LANG"));
        let columns = var("COLUMNS").and_then(|c| c.parse().ok());
        Self {
            stdout_tty: std::io::stdout().is_terminal(),
            stderr_tty: std::io::stderr().is_terminal(),
            no_color: var("NO_COLOR").is_some(),
            term: var("TERM"),
            columns: columns.or_else(|| console::Term::stderr().size_checked().map(|(_, w)| usize::from(w))),
            utf8: locale.is_none_or(|l| l.to_ascii_lowercase().replace('-', "").contains("utf8")),
        }
    }
}

/// Rows and columns of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Lines.
    pub rows: usize,
    /// Characters in one.
    pub columns: usize,
}

/// How large the terminal on stdout is now; `width` columns where it does not say.
pub(crate) fn size(width: usize) -> Size {
    match console::Term::stdout().size_checked() {
        Some((rows, columns)) => {
            Size { rows: rows.into(), columns: usize::from(columns).clamp(NARROW, WIDE) }
        }
        None => Size { rows: ROWS, columns: width },
    }
}

/// What may be done on the two streams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// Colours on stdout.
    pub color_stdout: bool,
    /// Colours on stderr.
    pub color_stderr: bool,
    /// stderr can be redrawn: a bar makes sense there.
    pub redraws: bool,
    /// stdout can be redrawn: a screen that is watched is drawn in place.
    pub redraws_stdout: bool,
    /// Columns to lay screens out in.
    pub width: usize,
    /// Box-drawing characters may be used.
    pub boxes: bool,
}

/// Size of screens where nothing is known.
const WIDTH: usize = 80;
const ROWS: usize = 24;
/// Screens are laid out in no less and no more columns.
const NARROW: usize = 40;
const WIDE: usize = 200;

impl Terminal {
    /// Decides from facts and the `--color` flag.
    pub(crate) fn decide(facts: &Facts, color: When) -> Self {
        let dumb = facts.term.as_deref() == Some("dumb");
        let color_on = |tty: bool| match color {
            When::Always => true,
            When::Never => false,
            When::Auto => tty && !dumb && !facts.no_color,
        };
        Self {
            color_stdout: color_on(facts.stdout_tty),
            color_stderr: color_on(facts.stderr_tty),
            redraws: facts.stderr_tty && !dumb,
            redraws_stdout: facts.stdout_tty && !dumb,
            width: facts.columns.unwrap_or(WIDTH).clamp(NARROW, WIDE),
            boxes: facts.utf8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tty() -> Facts {
        Facts { stdout_tty: true, stderr_tty: true, utf8: true, ..Facts::default() }
    }

    #[test]
    fn colours_need_a_terminal_that_wants_them() {
        let on = |f: &Facts, w| Terminal::decide(f, w).color_stderr;
        assert!(on(&tty(), When::Auto));
        assert!(!on(&Facts { no_color: true, ..tty() }, When::Auto));
        assert!(!on(&Facts { term: Some("dumb".into()), ..tty() }, When::Auto));
        assert!(!on(&Facts { stderr_tty: false, ..tty() }, When::Auto));
        assert!(on(&Facts { no_color: true, ..tty() }, When::Always));
        assert!(!on(&tty(), When::Never));
    }

    #[test]
    fn without_a_terminal_screens_are_80_wide_and_nothing_is_redrawn() {
        let t = Terminal::decide(&Facts::default(), When::Auto);
        assert_eq!((t.width, t.redraws, t.boxes), (80, false, false));
        assert!(!Terminal::decide(&Facts { term: Some("dumb".into()), ..tty() }, When::Auto).redraws);
    }
}
