//! Text as a terminal and a shell take it: nothing hidden in it, words that stay whole, lines that end where the terminal
//! does.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Characters that change how what stands around them is read: direction marks and overrides (Unicode TR 36, 3.3).
const DIRECTIONS: [std::ops::RangeInclusive<char>; 4] =
    ['\u{200e}'..='\u{200f}', '\u{202a}'..='\u{202e}', '\u{2066}'..='\u{2069}', '\u{61c}'..='\u{61c}'];

/// Text with control characters made visible: names and messages may come from an input, and must not
/// move the cursor, colour the terminal or turn a line around. A tab becomes one space, so that carets stay aligned.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push(' '),
            c if c.is_control() || DIRECTIONS.iter().any(|of| of.contains(&c)) => {
                out.extend(c.escape_default())
            }
            c => out.push(c),
        }
    }
    out
}

/// The text as one word of a POSIX shell: as it is if that is plain, in quotes otherwise.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-:@%+,=".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

/// Breaks `text` between words so that no line is wider than `width`; later lines begin with `indent` spaces, and `used`
/// columns of the first are taken already. What stands in backticks is not broken: it is there to be typed. A word that
/// is wider than a line has a line of its own.
pub(crate) fn wrap(text: &str, used: usize, indent: usize, width: usize) -> String {
    let mut out = String::new();
    let mut column = used;
    let mut begun = false;
    for word in words(text) {
        let wide = word.width();
        if begun && column + 1 + wide > width {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else if begun {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += wide;
        begun = true;
    }
    out
}

/// Words, and spans in backticks as one word each.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quoted) = (None, false);
    for (at, c) in text.char_indices() {
        if c.is_whitespace() && !quoted {
            words.extend(start.take().map(|s: usize| &text[s..at]));
            continue;
        }
        quoted ^= c == '`';
        start.get_or_insert(at);
    }
    words.extend(start.map(|s| &text[s..]));
    words
}

/// The beginning of `text` that fits into `width` columns; what is cut is marked.
pub(crate) fn head(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(c);
    }
    out.push('…');
    out
}

/// Columns that a text takes, colours (ECMA-48 SGR) not counted.
pub(super) fn columns(text: &str) -> usize {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().width();
    first + parts.map(|p| p.split_once('m').map_or(p, |(_, rest)| rest).width()).sum::<usize>()
}

/// Keys and values, a line each; a long value goes on below its beginning.
#[derive(Debug)]
pub(crate) struct Pairs {
    out: String,
    indent: usize,
    keys: usize,
    width: usize,
}

impl Pairs {
    /// Keys begin after `indent` columns and take `keys`; lines end before `width`.
    pub(crate) fn new(indent: usize, keys: usize, width: usize) -> Self {
        Self { out: String::new(), indent, keys, width }
    }

    /// Adds a line; control characters are made visible.
    pub(crate) fn line(&mut self, key: &str, value: &str) {
        let under = self.indent + self.keys + 1;
        self.painted(key, &wrap(&visible(value), under, under, self.width));
    }

    /// Adds a line whose value is laid out already.
    pub(crate) fn painted(&mut self, key: &str, value: &str) {
        let text = format!("{:indent$}{key:<keys$} {value}", "", indent = self.indent, keys = self.keys);
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// All lines.
    pub(crate) fn end(self) -> String {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_typed_survives_a_shell() {
        assert_eq!(quoted("s3://b/a.tar.lz4"), "s3://b/a.tar.lz4");
        assert_eq!(quoted("it's; rm"), r"'it'\''s; rm'");
        assert_eq!((quoted(""), quoted("a*b")), ("''".to_owned(), "'a*b'".to_owned()));
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 0, 2, 7), "one two\n  three");
        assert_eq!(wrap("one two", 4, 4, 8), "one\n    two");
        assert_eq!(wrap("  spaces \n anywhere ", 0, 0, 80), "spaces anywhere");
        assert_eq!(wrap("", 0, 0, 10), "");
    }

    #[test]
    fn what_is_to_be_typed_stays_whole() {
        assert_eq!(wrap("then `tarquet retry JOB` it", 0, 0, 12), "then\n`tarquet retry JOB`\nit");
        assert_eq!(wrap("a ` b", 0, 0, 3), "a\n` b", "a lone backtick is no reason to lose a word");
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(wrap("東京 東京", 0, 0, 8), "東京\n東京");
        assert_eq!(head("東京都", 5), "東京…");
        assert_eq!(head("abc", 3), "abc");
    }

    #[test]
    fn colours_take_no_room() {
        assert_eq!(columns("\x1b[1;31mab\x1b[0mc"), 3);
        assert_eq!(columns("abc"), 3);
    }

    #[test]
    fn pairs_go_on_below_their_value() {
        let mut pairs = Pairs::new(2, 4, 16);
        pairs.line("key", "some words\u{1b} here");
        pairs.line("", "x");
        assert_eq!(pairs.end(), "  key  some\n       words\\u{1b}\n       here\n       x\n");
    }
}
