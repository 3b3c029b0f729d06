//! Text of fixed width, as pandas stores strings in tables and indexes: encoded, padded with NULs, and
//! with one string standing for "missing".

use super::Rows;
use crate::{
    budget::Budget,
    door::Padding,
    fail::{Fault, Res, differs, fail, over_limit},
};
use arrow::array::{ArrayRef, StringBuilder};
use std::{borrow::Cow, sync::Arc};
use tarquet_common::codes::format;

/// How strings were encoded: the `encoding` and `errors` attributes of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Encoding {
    charset: Charset,
    errors: Errors,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Charset {
    Utf8,
    Ascii,
    Latin1,
}

/// What Python does with bytes that are not in the charset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Errors {
    /// A failure; also for handlers whose output no Parquet reader accepts.
    Strict,
    Ignore,
    Replace,
}

impl Encoding {
    /// From the attributes; absent means UTF-8, strictly.
    pub(crate) fn parse(encoding: Option<&str>, errors: Option<&str>, item: &str) -> Res<Self> {
        let name: String = encoding
            .unwrap_or("utf-8")
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_lowercase();
        let charset = match name.as_str() {
            "utf8" | "u8" | "utf8sig" => Charset::Utf8,
            "ascii" | "usascii" => Charset::Ascii,
            "latin1" | "iso88591" | "l1" | "latin" => Charset::Latin1,
            _ => {
                let wanted = "utf-8, ascii or latin-1";
                let message = "the file's text encoding is not supported";
                return Err(differs(format::TEXT_UNDECODABLE, item, message, wanted, encoding.unwrap_or("")));
            }
        };
        let errors = match errors {
            Some("ignore") => Errors::Ignore,
            Some("replace") => Errors::Replace,
            _ => Errors::Strict,
        };
        Ok(Self { charset, errors })
    }

    /// UTF-8, strictly.
    pub(crate) const UTF8: Self = Self { charset: Charset::Utf8, errors: Errors::Strict };

    /// Text from bytes.
    pub(crate) fn decode<'b>(self, bytes: &'b [u8], item: &str) -> Res<Cow<'b, str>> {
        match self.charset {
            Charset::Latin1 => Ok(Cow::Owned(bytes.iter().copied().map(char::from).collect())),
            Charset::Utf8 => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Cow::Borrowed(text)),
                Err(_) => self.mend(bytes, item),
            },
            Charset::Ascii if bytes.is_ascii() => {
                std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| undecodable(bytes, item))
            }
            Charset::Ascii => self.mend(bytes, item),
        }
    }

    /// What the error handler makes of undecodable bytes.
    fn mend<'b>(self, bytes: &'b [u8], item: &str) -> Res<Cow<'b, str>> {
        let replacement = match self.errors {
            Errors::Strict => return Err(undecodable(bytes, item)),
            Errors::Ignore => "",
            Errors::Replace => "\u{fffd}",
        };
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            if self.charset == Charset::Ascii {
                chunk.valid().chars().for_each(|c| match c {
                    c if c.is_ascii() => text.push(c),
                    c => (0..c.len_utf8()).for_each(|_| text.push_str(replacement)),
                });
            } else {
                text.push_str(chunk.valid());
            }
            if !chunk.invalid().is_empty() {
                text.push_str(replacement);
            }
        }
        Ok(Cow::Owned(text))
    }
}

fn undecodable(bytes: &[u8], item: &str) -> Fault {
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
    let surrogate = bytes.windows(2).any(|pair| pair[0] == 0xed && pair[1] >= 0xa0);
    let message = if surrogate {
        "a string holds a lone surrogate, which is no character"
    } else {
        "a string cannot be decoded"
    };
    differs(format::TEXT_UNDECODABLE, item, message, "text in the file's encoding", shown)
}

/// Without the padding. What h5py gives besides is NumPy's, which has no NULs at the end of a text.
fn unpadded(bytes: &[u8], padding: Padding) -> &[u8] {
    let without = |end: u8, bytes: &[u8]| bytes.iter().rposition(|&b| b != end).map_or(0, |last| last + 1);
    let len = match padding {
        Padding::Nul => without(0, bytes),
        Padding::NulTerminated => until_nul(bytes).len(),
        Padding::Space => without(0, &bytes[..without(b' ', bytes)]),
    };
    &bytes[..len]
}

/// What stands before the first NUL.
pub(crate) fn until_nul(bytes: &[u8]) -> &[u8] {
    let len = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    &bytes[..len]
}

/// The strings at `offset` of each row, `missing` standing for null.
pub(crate) fn column(
    rows: &Rows<'_>,
    offset: usize,
    (width, padding): (usize, Padding),
    encoding: Encoding,
    missing: Option<&str>,
    item: &str,
) -> Res<ArrayRef> {
    if offset + width > rows.stride || rows.rows.saturating_mul(rows.stride) > rows.bytes.len() {
        return Err(fail(format::HDF5_DAMAGED, item, "a column of strings reaches beyond its rows"));
    }
    let mut paid = Growing::new(rows.budget, rows.rows, width.min(16), item)?;
    let mut builder = StringBuilder::with_capacity(rows.rows, rows.rows * width.min(16));
    for row in rows.bytes.chunks_exact(rows.stride.max(1)).take(rows.rows) {
        let text = encoding.decode(unpadded(&row[offset..offset + width], padding), item)?;
        paid.take(text.len(), item)?;
        match missing {
            Some(missing) if missing == text => builder.append_null(),
            _ => builder.append_value(text),
        }
    }
    Ok(Arc::new(builder.finish()))
}

/// The texts of a column in the making: paid for as their buffer grows, by doubling.
pub(crate) struct Growing<'b> {
    budget: &'b Budget,
    total: usize,
    room: usize,
}

impl<'b> Growing<'b> {
    /// For so many rows, with room for texts of `each` bytes.
    pub(crate) fn new(budget: &'b Budget, rows: usize, each: usize, item: &str) -> Res<Self> {
        budget.arrays(1, rows, each + size_of::<i32>(), item)?;
        Ok(Self { budget, total: 0, room: rows.saturating_mul(each) })
    }

    /// Pays for another text, and refuses more than 32-bit offsets can address.
    pub(crate) fn take(&mut self, len: usize, item: &str) -> Res<()> {
        self.total += len;
        if self.total > i32::MAX as usize {
            let found = format!("{} bytes", self.total);
            return Err(over_limit(item, "the text of one column", "2 GiB", found));
        }
        if self.total > self.room {
            let room = self.total.max(2 * self.room);
            self.budget.make((room - self.room) as u64, item)?;
            self.room = room;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Limits;
    use arrow::array::{Array, AsArray};

    #[test]
    fn padding_goes_and_the_sentinel_is_null() {
        let bytes = b"a\0\0nan\0\0\0\xc3\xa4\0";
        let budget = &Budget::new(&Limits::default());
        let rows = Rows { bytes, rows: 4, stride: 3, offsets: vec![0], budget };
        let column = column(&rows, 0, (3, Padding::Nul), Encoding::UTF8, Some("nan"), "s").unwrap();
        let column = column.as_string::<i32>();
        assert_eq!(column.iter().collect::<Vec<_>>(), [Some("a"), None, Some(""), Some("ä")]);
        assert!(column.is_null(1));
    }

    #[test]
    fn each_padding_ends_where_hdf5_says() {
        for (padding, ends) in [
            (Padding::Nul, ["a\0b", "", "  ", "a "]),
            (Padding::NulTerminated, ["a", "", "  ", "a "]),
            (Padding::Space, ["a\0b", "", "", "a "]),
        ] {
            let texts = [&b"a\0b"[..], b"\0\0\0", b"  ", b"a \0"];
            assert_eq!(texts.map(|text| std::str::from_utf8(unpadded(text, padding)).unwrap()), ends);
        }
    }

    #[test]
    fn undecodable_bytes_meet_their_handler() {
        let parse = |errors| Encoding::parse(Some("UTF-8"), Some(errors), "s").unwrap();
        assert_eq!(parse("strict").decode(b"\xff", "s").unwrap_err().code, format::TEXT_UNDECODABLE);
        assert_eq!(
            parse("surrogatepass").decode(b"\xed\xa0\x80", "s").unwrap_err().code,
            format::TEXT_UNDECODABLE
        );
        assert_eq!(parse("ignore").decode(b"a\xffb", "s").unwrap(), "ab");
        assert_eq!(parse("replace").decode(b"a\xffb", "s").unwrap(), "a\u{fffd}b");
        assert_eq!(
            Encoding::parse(Some("ISO-8859-1"), None, "s").unwrap().decode(b"\xe4", "s").unwrap(),
            "ä"
        );
        assert_eq!(Encoding::parse(Some("utf-16"), None, "s").unwrap_err().code, format::TEXT_UNDECODABLE);
    }
}
