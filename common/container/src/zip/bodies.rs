//! Bodies of zip members, out of the object's bytes from some local header on.

use super::{LOCAL_HEADER_LEN, u16_at};
use crate::body::{BodySink, Filler};
use crate::fault;
use crate::gather::Gather;
use crate::gzip::Inflater;
use tarquet_common::failure::Failure;

/// The item that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// Bytes before the next member's local header, and the header itself.
    Header,
    /// Name and extra field: so many bytes more.
    Names(u64),
    /// The stored body: so many bytes more.
    Body(u64),
}

/// Walks from one wanted local header to the next.
pub(crate) struct ZipBodies {
    expect: Expect,
    gather: Gather,
    inflate: Inflater,
    /// Offset of the next byte.
    position: u64,
}

impl ZipBodies {
    pub(crate) fn new(position: u64) -> Self {
        let inflate = Inflater::new();
        Self { expect: Expect::Header, gather: Gather::default(), inflate, position }
    }

    /// Takes the next chunk. `filler` knows the members and proves their bodies.
    pub(crate) fn feed(
        &mut self,
        mut input: &[u8],
        filler: &mut Filler,
        sink: &mut dyn BodySink,
    ) -> Result<(), Failure> {
        while let Some(wanted) = filler.next().copied() {
            let zip = wanted.zip.ok_or_else(|| fault::damaged("the plan of a zip member", wanted.offset))?;
            match self.expect {
                Expect::Header => {
                    let header_at = self.position - self.gather.pending() as u64;
                    if self.pass(wanted.offset.saturating_sub(header_at), &mut input) > 0 {
                        return Ok(());
                    }
                    let before = input.len();
                    let header = self.gather.take(&mut input, LOCAL_HEADER_LEN);
                    self.position += (before - input.len()) as u64;
                    let Some(header) = header else { return Ok(()) };
                    if !header.starts_with(b"PK\x03\x04") {
                        return Err(fault::damaged("a zip member's header", wanted.offset));
                    }
                    let names = u64::from(u16_at(header, 26)) + u64::from(u16_at(header, 28));
                    self.inflate.reset();
                    self.expect = Expect::Names(names);
                }
                Expect::Names(left) => match self.pass(left, &mut input) {
                    0 => {
                        self.expect = Expect::Body(zip.stored_size);
                        // A body that expands to nothing is complete with this.
                        filler.begin(sink)?;
                        if wanted.size == 0 {
                            self.expect = Expect::Header;
                        }
                    }
                    left => {
                        self.expect = Expect::Names(left);
                        return Ok(());
                    }
                },
                Expect::Body(left) => {
                    if input.is_empty() {
                        return Ok(());
                    }
                    self.body(left, zip.method, &mut input, filler, sink)?;
                    if !filler.begun() {
                        self.expect = Expect::Header;
                    }
                }
            }
        }
        Ok(())
    }

    /// Passes over `count` bytes; says how many of them are still to come.
    fn pass(&mut self, count: u64, input: &mut &[u8]) -> u64 {
        let step = usize::try_from(count).unwrap_or(usize::MAX).min(input.len());
        *input = &input[step..];
        self.position += step as u64;
        count - step as u64
    }

    /// Fills a body with some of its `left` stored bytes.
    fn body(
        &mut self,
        left: u64,
        method: u16,
        input: &mut &[u8],
        filler: &mut Filler,
        sink: &mut dyn BodySink,
    ) -> Result<(), Failure> {
        let at = self.position;
        let step = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        let (mut stored, rest) = input.split_at(step);
        *input = rest;
        self.position += step as u64;
        let left = left - step as u64;
        self.expect = Expect::Body(left);
        if method == 0 {
            return filler.fill(stored, sink);
        }
        let inflated = self.inflate.feed(&mut stored, &mut |out| {
            if out.len() as u64 > filler.missing() || !filler.begun() {
                return Err(fault::damaged("a zip member, which expands to more than its size,", at));
            }
            filler.fill(out, sink).map(|()| true)
        });
        let ended = inflated.map_err(|e| e.at("a zip member", at))?;
        if (ended || left == 0) && filler.begun() {
            return Err(fault::damaged("a zip member, which expands to less than its size,", at));
        }
        Ok(())
    }
}
