//! A screen drawn over the one before, without touching what stands above it.

use super::{head, text::columns};
use crate::terminal::Size;

/// Remembers how much was drawn.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    lines: usize,
}

impl Frame {
    /// What to write to have `text` stand where the last one stood (ECMA-48: CUU, EL, ED). A text that is longer than
    /// the terminal is cut, since what has left it at the top cannot be drawn over.
    pub(crate) fn over(&mut self, text: &str, size: Size) -> String {
        let all: Vec<&str> = text.lines().collect();
        let room = size.rows.saturating_sub(1).max(1);
        let kept = if all.len() > room { room - 1 } else { all.len() };
        let mut lines: Vec<String> = all[..kept].iter().map(|line| fit(line, size.columns)).collect();
        if kept < all.len() {
            lines.push(fit(
                &format!("({} more lines: the terminal is too low)", all.len() - kept),
                size.columns,
            ));
        }
        let up = if self.lines > 0 { format!("\x1b[{}A", self.lines) } else { String::new() };
        self.lines = lines.len();
        let drawn: String = lines.iter().map(|line| format!("{line}\x1b[K\n")).collect();
        format!("\r{up}{drawn}\x1b[J")
    }
}

/// The line without what would go on in the next row.
fn fit(line: &str, width: usize) -> String {
    // Colours are only put on short words; a line that has some is left alone if it fits.
    if columns(line) <= width { line.to_owned() } else { head(line, width) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { rows: 5, columns: 10 };

    #[test]
    fn the_second_is_drawn_over_the_first() {
        let mut frame = Frame::default();
        assert_eq!(frame.over("a\nb\n", SIZE), "\ra\x1b[K\nb\x1b[K\n\x1b[J");
        assert_eq!(frame.over("c\n", SIZE), "\r\x1b[2Ac\x1b[K\n\x1b[J");
        assert_eq!(frame.over("d\n", SIZE), "\r\x1b[1Ad\x1b[K\n\x1b[J");
    }

    #[test]
    fn it_never_scrolls() {
        let mut frame = Frame::default();
        let drawn = frame.over("1\n2\n3\n4\n5\n6\n", SIZE);
        assert_eq!(drawn.matches('\n').count(), 4, "{drawn:?}");
        assert!(drawn.contains("(3 more l"), "{drawn:?}");
        let wide = frame.over("0123456789abc\n\x1b[1mbold\x1b[0m\n", SIZE);
        assert!(wide.contains("012345678…\x1b[K") && wide.contains("\x1b[1mbold\x1b[0m\x1b[K"), "{wide:?}");
    }
}
