//! Gzip members (RFC 1952), one after the other. Each member's start is a seek point; most files have one.

use crate::{
    checksum::Crc,
    fault,
    gather::Gather,
    seek::Spacing,
    sink::{Restart, RestartEntry, Sink},
    sniff::not_this,
};
use flate2::{Decompress, FlushDecompress, Status};
use tarquet_common::{
    archive::{Container, SeekPoint},
    codes::archive,
    failure::Failure,
};

const OUT_LEN: usize = 128 * 1024;
const FHCRC: u8 = 2;
const FEXTRA: u8 = 4;
const FNAME: u8 = 8;
const FCOMMENT: u8 = 16;

/// The item that comes next; the optional parts of a header come in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Header,
    ExtraLen,
    Extra(usize),
    Text,
    HeaderCrc,
    Body,
    Trailer,
    /// Zeros after the last member, as tapes and `dd` leave them.
    Padding,
}

/// Inflates gzip members and verifies their CRC-32 and length. Memory: 128 KiB and the 32 KiB of deflate.
pub struct GzipDecoder {
    expect: Expect,
    /// Optional header parts still to come.
    flags: u8,
    gather: Gather,
    inflate: Inflater,
    compressed: u64,
    uncompressed: u64,
    member_start: u64,
    members: u64,
    spacing: Option<Spacing>,
    last_point: Option<u64>,
}

impl std::fmt::Debug for GzipDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GzipDecoder").field("expect", &self.expect).finish_non_exhaustive()
    }
}

impl GzipDecoder {
    /// Starts at a member; offers seek points when a `spacing` is given.
    pub fn new(point: SeekPoint, spacing: Option<Spacing>) -> Self {
        Self {
            expect: Expect::Header,
            flags: 0,
            gather: Gather::default(),
            inflate: Inflater::new(),
            compressed: point.compressed,
            uncompressed: point.uncompressed,
            member_start: point.compressed,
            members: 0,
            spacing,
            last_point: None,
        }
    }

    /// Takes the next chunk.
    ///
    /// # Errors
    /// The stream is not gzip or is damaged, or `sink` failed.
    pub fn feed(&mut self, mut input: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        while !input.is_empty() && sink.wants_more() {
            let before = input.len();
            let step = match self.expect {
                Expect::Body => self.body(&mut input, sink),
                Expect::Text => {
                    self.text(&mut input);
                    Ok(())
                }
                Expect::Padding => self.padding(&mut input),
                // Between members there may be zeros instead of a header.
                Expect::Header if self.members > 0 && self.gather.pending() == 0 && input[0] == 0 => {
                    self.expect = Expect::Padding;
                    Ok(())
                }
                _ => self.item(&mut input, sink),
            };
            self.compressed += (before - input.len()) as u64;
            step?;
        }
        Ok(())
    }

    /// Says that the object ends here.
    ///
    /// # Errors
    /// It ends inside a member, or holds none.
    pub fn finish(&mut self) -> Result<(), Failure> {
        match self.expect {
            Expect::Padding => Ok(()),
            Expect::Header if self.members > 0 && self.gather.pending() == 0 => Ok(()),
            Expect::Body => Err(fault::truncated("a gzip member", self.compressed)),
            Expect::Trailer => Err(fault::truncated("a gzip trailer", self.compressed)),
            _ => Err(fault::truncated("a gzip header", self.compressed)),
        }
    }

    /// Offset in the object behind what was decoded.
    pub fn compressed(&self) -> u64 {
        self.compressed
    }

    /// Offset of the next byte of output.
    pub fn uncompressed(&self) -> u64 {
        self.uncompressed
    }

    /// A header or trailer part of known length.
    fn item(&mut self, input: &mut &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        let need = match self.expect {
            Expect::Header => 10,
            Expect::Trailer => 8,
            Expect::Extra(len) => len,
            _ => 2,
        };
        let started = self.compressed - self.gather.pending() as u64;
        let Some(item) = self.gather.take(input, need) else { return Ok(()) };
        match self.expect {
            Expect::Header => {
                let head: [u8; 10] = item.try_into().expect("ten bytes were asked for");
                self.begin_member(head, started, sink)?;
            }
            Expect::ExtraLen => match usize::from(u16::from_le_bytes([item[0], item[1]])) {
                0 => self.next_part(),
                len => self.expect = Expect::Extra(len),
            },
            Expect::Trailer => {
                let word = |at: usize| u32::from_le_bytes(item[at..at + 4].try_into().expect("four bytes"));
                let (crc, len) = (word(0), word(4));
                self.end_member(crc, len)?;
            }
            _ => self.next_part(),
        }
        Ok(())
    }

    fn begin_member(&mut self, head: [u8; 10], at: u64, sink: &mut dyn Sink) -> Result<(), Failure> {
        if head[..2] != [0x1f, 0x8b] {
            if at == 0 {
                return Err(not_this(Container::TarGz, &head));
            }
            return Err(trailing(at, &head));
        }
        if head[2] != 8 || head[3] & 0xe0 != 0 {
            return Err(fault::damaged("a gzip header", at).expected(
                "method 8 and no reserved flags",
                format!("method {} flags {:02x}", head[2], head[3]),
            ));
        }
        self.member_start = at;
        self.flags = head[3];
        self.next_part();
        let Some(spacing) = self.spacing else { return Ok(()) };
        if self.last_point.is_some_and(|last| self.uncompressed - last < spacing.min) {
            return Ok(());
        }
        self.last_point = Some(self.uncompressed);
        sink.restart(Restart { compressed: at, uncompressed: self.uncompressed, entry: RestartEntry::Frame })
    }

    /// Goes to the next optional part of the header that is there, or to the body.
    fn next_part(&mut self) {
        for (flag, part) in [
            (FEXTRA, Expect::ExtraLen),
            (FNAME, Expect::Text),
            (FCOMMENT, Expect::Text),
            (FHCRC, Expect::HeaderCrc),
        ] {
            if self.flags & flag != 0 {
                self.flags &= !flag;
                self.expect = part;
                return;
            }
        }
        self.inflate.reset();
        self.expect = Expect::Body;
    }

    /// A text that ends with a zero byte; only passed over.
    fn text(&mut self, input: &mut &[u8]) {
        match input.iter().position(|b| *b == 0) {
            Some(end) => {
                *input = &input[end + 1..];
                self.next_part();
            }
            None => *input = &[],
        }
    }

    fn body(&mut self, input: &mut &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        let start = self.member_start;
        let total = &mut self.uncompressed;
        let done = self.inflate.feed(input, &mut |out| {
            *total += out.len() as u64;
            sink.bytes(out)?;
            Ok(sink.wants_more())
        });
        if done.map_err(|e| e.at("a gzip member", start))? {
            self.expect = Expect::Trailer;
        }
        Ok(())
    }

    fn end_member(&mut self, crc: u32, len: u32) -> Result<(), Failure> {
        let found = self.inflate.crc();
        if crc != found {
            return Err(fault::checksum("a gzip member", self.member_start, crc, found));
        }
        if u64::from(len) != self.inflate.produced() & 0xffff_ffff {
            return Err(fault::damaged("a gzip member", self.member_start)
                .expected(format!("{len} bytes"), format!("{} bytes", self.inflate.produced())));
        }
        self.members += 1;
        self.expect = Expect::Header;
        Ok(())
    }

    fn padding(&mut self, input: &mut &[u8]) -> Result<(), Failure> {
        if let Some(at) = input.iter().position(|b| *b != 0) {
            return Err(trailing(self.compressed + at as u64, &input[at..]));
        }
        *input = &[];
        Ok(())
    }
}

fn trailing(at: u64, bytes: &[u8]) -> Failure {
    let message = format!("what follows the gzip member that ends before compressed byte {at} is no member");
    Failure::new(archive::TRAILING_BYTES, message)
        .at_offset(at)
        .expected("a gzip member, zeros or the end of the object", crate::sniff::sniff(bytes))
}

/// Raw deflate, pushed: inflates into a fixed buffer and keeps a CRC of the output. Zip members use it too.
pub(crate) struct Inflater {
    state: Decompress,
    out: Vec<u8>,
    crc: Crc,
}

/// Why inflating stopped.
pub(crate) enum InflateError {
    /// The stream is no deflate stream.
    Damaged(flate2::DecompressError),
    /// The stream takes no more and gives no more, and yet has not ended.
    Stuck,
    /// The taker of the output failed.
    Sink(Failure),
}

impl InflateError {
    /// The failure, in `what` that starts at the compressed `offset`.
    pub(crate) fn at(self, what: &str, offset: u64) -> Failure {
        match self {
            Self::Damaged(e) => fault::damaged(what, offset).caused_by(&e),
            Self::Stuck => fault::damaged(what, offset),
            Self::Sink(failure) => failure,
        }
    }
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self { state: Decompress::new(false), out: vec![0; OUT_LEN], crc: Crc::ieee() }
    }

    /// Begins a new stream.
    pub(crate) fn reset(&mut self) {
        self.state.reset(false);
        self.crc.reset();
    }

    /// Inflates until `input` is used up, the stream ends or `sink` says that it has enough; true when it ended. What
    /// was not looked at is left in `input`.
    pub(crate) fn feed(
        &mut self,
        input: &mut &[u8],
        sink: &mut dyn FnMut(&[u8]) -> Result<bool, Failure>,
    ) -> Result<bool, InflateError> {
        loop {
            let (used, made) = (self.state.total_in(), self.state.total_out());
            let status = self.state.decompress(input, &mut self.out, FlushDecompress::None);
            let status = status.map_err(InflateError::Damaged)?;
            let used = usize::try_from(self.state.total_in() - used).expect("no more than the chunk");
            let made = usize::try_from(self.state.total_out() - made).expect("no more than the buffer");
            *input = &input[used..];
            let mut enough = false;
            if made > 0 {
                self.crc.update(&self.out[..made]);
                enough = !sink(&self.out[..made]).map_err(InflateError::Sink)?;
            }
            match status {
                Status::StreamEnd => return Ok(true),
                _ if enough => return Ok(false),
                _ if used + made == 0 && !input.is_empty() => return Err(InflateError::Stuck),
                // A full buffer may hide more output, even when the input is used up.
                _ if made < self.out.len() && input.is_empty() => return Ok(false),
                _ => {}
            }
        }
    }

    /// CRC of the output so far.
    pub(crate) fn crc(&self) -> u32 {
        self.crc.value()
    }

    /// Bytes of output so far.
    pub(crate) fn produced(&self) -> u64 {
        self.state.total_out()
    }
}
