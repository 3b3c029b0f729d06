//! Tables without borders: columns two spaces apart, one of them giving way when the line is too long.

use super::{head, visible};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Which side a column leans to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A column of text keeps so much.
const LEAST: usize = 8;

/// Rows under a heading.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    heads: Vec<(&'a str, Align)>,
    rows: Vec<Vec<String>>,
    elastic: usize,
}

impl<'a> Table<'a> {
    /// A table with these columns; `elastic` is the column that is cut when a line is too long.
    pub(crate) fn new(heads: Vec<(&'a str, Align)>, elastic: usize) -> Self {
        Self { heads, rows: Vec::new(), elastic }
    }

    /// Adds a row: one cell a column.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        debug_assert_eq!(N, self.heads.len(), "one cell a column");
        self.rows.push(cells.iter().map(|c| visible(c)).collect());
    }

    /// Whether there is no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The text, at most `width` columns wide: first the elastic column gives way, then the widest.
    pub(crate) fn render(&self, width: usize) -> String {
        let widths = self.widths(width);
        let heads: Vec<&str> = self.heads.iter().map(|(h, _)| *h).collect();
        let mut out = head(&self.line(&heads, &widths), width) + "\n";
        for row in &self.rows {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            out.push_str(&head(&self.line(&cells, &widths), width));
            out.push('\n');
        }
        out
    }

    fn widths(&self, width: usize) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.heads.len())
            .map(|i| {
                let cells = self.rows.iter().map(|r| r[i].width()).max().unwrap_or(0);
                cells.max(self.heads[i].0.width())
            })
            .collect();
        let gaps = 2 * widths.len().saturating_sub(1);
        let over = |widths: &[usize]| (widths.iter().sum::<usize>() + gaps).saturating_sub(width);
        let too_wide = over(&widths);
        let elastic = &mut widths[self.elastic];
        *elastic = elastic.saturating_sub(too_wide).max(LEAST).min(*elastic);
        // A number that is cut is wrong; a text that is cut is only short.
        while over(&widths) > 0 {
            let texts = (0..widths.len()).filter(|i| self.heads[*i].1 == Align::Left && widths[*i] > LEAST);
            let Some(widest) = texts.max_by_key(|i| widths[*i]) else { break };
            widths[widest] -= 1;
        }
        widths
    }

    fn line(&self, cells: &[&str], widths: &[usize]) -> String {
        let mut out = String::new();
        for (i, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let cell = fit(cell, *width);
            let pad = " ".repeat(width.saturating_sub(cell.width()));
            let gap = if i == 0 { "" } else { "  " };
            match self.heads[i].1 {
                Align::Left => out.extend([gap, &cell, &pad]),
                Align::Right => out.extend([gap, &pad, &cell]),
            }
        }
        out.trim_end().to_owned()
    }
}

/// The text in at most `width` columns; what is cut is marked, and the end, which tells names apart, is kept.
fn fit(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = Vec::new();
    let mut used = 1;
    for c in text.chars().rev() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(c);
    }
    let tail: String = kept.into_iter().rev().collect();
    format!("…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table<'static> {
        let mut t = Table::new(vec![("NAME", Align::Left), ("COUNT", Align::Right)], 0);
        t.row(["short".into(), "7".into()]);
        t.row(["a-very-long-name-that-does-not-fit.h5".into(), "1,234".into()]);
        t
    }

    #[test]
    fn columns_align() {
        let mut t = Table::new(vec![("NAME", Align::Left), ("COUNT", Align::Right)], 0);
        t.row(["東京".into(), "7".into()]);
        t.row(["abcdef".into(), "12".into()]);
        assert_eq!(t.render(80), "NAME    COUNT\n東京        7\nabcdef     12\n");
    }

    #[test]
    fn no_line_is_too_wide_whatever_is_long() {
        let heads = vec![("A", Align::Left), ("B", Align::Left), ("C", Align::Right), ("D", Align::Left)];
        let mut t = Table::new(heads, 0);
        let long = "0123456789".repeat(5);
        t.row([long.clone(), long.clone(), "7".into(), long]);
        for width in [40, 60, 80, 200] {
            let text = t.render(width);
            assert!(text.lines().all(|l| l.width() <= width), "{width}: {text}");
            assert!(width < 60 || text.contains("  7  "), "numbers stay whole: {text}");
        }
    }

    #[test]
    fn the_elastic_column_gives_way() {
        let text = table().render(24);
        assert!(text.lines().all(|l| l.width() <= 24), "{text}");
        assert!(text.contains("…-does-not-fit.h5  1,234"), "{text}");
    }
}
