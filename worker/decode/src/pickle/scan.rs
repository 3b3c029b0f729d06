//! Reading a pickle's bytes: fixed and counted runs, lines, and the three spellings of text.

use super::{
    machine::Machine,
    opcodes::INT,
    value::{Span, Value},
};
use crate::fail::{Res, over_limit};

impl<'a> Machine<'a> {
    pub(super) fn take(&mut self, count: usize) -> Res<&'a [u8]> {
        let end = self.at.checked_add(count).filter(|&end| end <= self.bytes.len());
        let end = end.ok_or_else(|| self.broken("it ends too early"))?;
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Res<[u8; N]> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    /// A little-endian length of `width` bytes, and the span that follows.
    pub(super) fn counted(&mut self, width: usize) -> Res<Span> {
        let mut length = [0u8; 8];
        length[..width].copy_from_slice(self.take(width)?);
        let length = usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX);
        let start = self.at;
        self.take(length)?;
        Ok(Span { start: start as u32, len: length as u32, side: false })
    }

    pub(super) fn line_span(&mut self) -> Res<Span> {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|&b| b == b'\n').ok_or_else(|| self.broken("a line without end"))?;
        let start = self.at;
        self.at += len + 1;
        Ok(Span { start: start as u32, len: len as u32, side: false })
    }

    pub(super) fn line(&mut self) -> Res<&'a [u8]> {
        let span = self.line_span()?;
        Ok(&self.bytes[span.start as usize..(span.start + span.len) as usize])
    }

    /// `I01`, `I42`, `L42L`: decimal text, `I00` and `I01` being booleans.
    pub(super) fn decimal(&mut self, op: u8) -> Res<Value> {
        let line = self.line()?;
        let text = std::str::from_utf8(line).unwrap_or("").trim_end_matches('L');
        match (op, text) {
            (INT, "00") => return Ok(Value::Bool(false)),
            (INT, "01") => return Ok(Value::Bool(true)),
            _ => {}
        }
        if let Ok(number) = text.parse() {
            return Ok(Value::Int(number));
        }
        match text.parse::<i128>() {
            Ok(number) => self.put_aside(&number.to_le_bytes()).map(Value::BigInt),
            Err(_) => Err(self.broken("an integer that is none, or too long")),
        }
    }

    pub(super) fn long(&mut self, width: usize) -> Res<Value> {
        let span = self.counted(width)?;
        let bytes = &self.bytes[span.start as usize..(span.start + span.len) as usize];
        if bytes.len() > 8 {
            return Ok(Value::BigInt(span));
        }
        let negative = bytes.last().is_some_and(|&b| b & 0x80 != 0);
        let mut out = [if negative { 0xff } else { 0 }; 8];
        out[..bytes.len()].copy_from_slice(bytes);
        Ok(Value::Int(i64::from_le_bytes(out)))
    }

    pub(super) fn put_aside(&mut self, bytes: &[u8]) -> Res<Span> {
        let start = self.side.len();
        self.loan.room(&mut self.side, bytes.len(), self.item)?;
        self.side.extend_from_slice(bytes);
        match u32::try_from(self.side.len()) {
            Ok(_) => Ok(Span { start: start as u32, len: bytes.len() as u32, side: true }),
            Err(_) => Err(over_limit(self.item, "a pickle's text", u32::MAX, "more")),
        }
    }

    /// Protocol 0 text: UTF-8 is not allowed, other characters stand as Latin-1 or `\uXXXX`.
    pub(super) fn escaped(&mut self) -> Res<Value> {
        let line = self.line()?;
        // A character takes two bytes at most where it took one: while the line is at work, it is there once more.
        let held = 2 * line.len() as u64;
        self.loan.add(held, self.item)?;
        let mut out = Vec::with_capacity(2 * line.len());
        let mut rest = line;
        while let Some((&byte, after)) = rest.split_first() {
            rest = after;
            let digits = match (byte, after.first()) {
                (b'\\', Some(b'u')) => 4,
                (b'\\', Some(b'U')) => 8,
                _ => 0,
            };
            let hex =
                after.get(1..1 + digits).filter(|_| digits > 0).and_then(|d| std::str::from_utf8(d).ok());
            match hex.and_then(|d| u32::from_str_radix(d, 16).ok()) {
                Some(code) => {
                    push_code(&mut out, code).ok_or_else(|| self.broken("a character that is none"))?;
                    rest = &after[1 + digits..];
                }
                None if digits > 0 => return Err(self.broken("a broken escape")),
                None => push_code(&mut out, u32::from(byte)).unwrap_or_default(),
            }
        }
        let text = self.put_aside(&out)?;
        self.loan.give_back(held);
        Ok(Value::Str(text))
    }

    /// Python 2 strings: `'…'` with backslash escapes.
    pub(super) fn quoted(&mut self) -> Res<Value> {
        let inner = match self.line()? {
            [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
            _ => return Err(self.broken("a string without quotes")),
        };
        if inner.contains(&b'\\') {
            return Err(self.broken("an escaped Python 2 string"));
        }
        self.put_aside(inner).map(Value::Str)
    }
}

/// Appends a code point as UTF-8, lone surrogates in the three-byte form that no UTF-8 reader accepts.
fn push_code(out: &mut Vec<u8>, code: u32) -> Option<()> {
    match char::from_u32(code) {
        Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        None if (0xd800..0xe000).contains(&code) => {
            out.extend_from_slice(&[
                0xe0 | (code >> 12) as u8,
                0x80 | (code >> 6 & 0x3f) as u8,
                0x80 | (code & 0x3f) as u8,
            ]);
        }
        None => return None,
    }
    Some(())
}
