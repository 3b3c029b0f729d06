//! The push decoder: chunks in, blocks out, one item of the format after the other.

use super::{
    header::{BlockHeader, FrameParams, block_header},
    history::History,
};
use crate::{
    checksum::crc32c,
    fault,
    gather::Gather,
    seek::Spacing,
    sink::{Restart, RestartEntry, Sink},
    sniff::{Magic, magic, not_this},
};
use tarquet_common::{
    archive::{Container, Entry, SeekPoint, WINDOW_LEN},
    codes::archive,
    failure::Failure,
};
use xxhash_rust::xxh32::{Xxh32, xxh32};

/// The item that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Magic,
    SkipLen,
    Skip(u64),
    Flags,
    Descriptor(FrameParams),
    BlockHeader,
    Block { len: usize, stored: bool },
    ContentChecksum,
}

/// The frame being read.
struct Frame {
    params: FrameParams,
    /// Offset of its magic number.
    start: u64,
    /// Uncompressed offset at which it starts; `None` when it was entered in its middle.
    content_start: Option<u64>,
    content_size: Option<u64>,
    /// Hash of its content; `None` when it carries no checksum or was entered in its middle.
    hash: Option<Xxh32>,
}

/// Decodes LZ4 frames, from their start or from a seek point, and offers seek points on the way.
///
/// Memory: the longest block (≤ 4 MiB) twice, and 64 KiB. A block that lies whole in a chunk is decoded
/// from where it lies. Started at byte 0 it verifies every checksum there is; started inside a frame, all
/// but that frame's content checksum.
pub struct Lz4Decoder {
    expect: Expect,
    gather: Gather,
    history: History,
    frame: Frame,
    /// Offset of the item that comes next, in the object.
    compressed: u64,
    /// Offset of the next byte of output.
    uncompressed: u64,
    spacing: Option<Spacing>,
    /// Uncompressed offset of the last seek point offered.
    last_point: Option<u64>,
    frames: u64,
}

impl std::fmt::Debug for Lz4Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lz4Decoder")
            .field("expect", &self.expect)
            .field("compressed", &self.compressed)
            .field("uncompressed", &self.uncompressed)
            .finish_non_exhaustive()
    }
}

impl Lz4Decoder {
    /// Starts at the first byte of an object; offers seek points when a `spacing` is given.
    pub fn new(spacing: Option<Spacing>) -> Self {
        Self::at(Expect::Magic, SeekPoint::START, FrameParams { flg: 0x40, bd: 0x40 }, spacing)
    }

    /// Starts at a seek point, with its window if it has one.
    ///
    /// # Errors
    /// `INDEX_DAMAGED` when the point's parameters are no frame's, or its window is missing, has another
    /// length or another checksum.
    pub fn resume(point: &SeekPoint, window: Option<&[u8]>) -> Result<Self, Failure> {
        let Entry::Block { flg, bd, window: wanted } = point.entry else {
            return Ok(Self::at(Expect::Magic, *point, FrameParams { flg: 0x40, bd: 0x40 }, None));
        };
        let damaged = |what: &str| {
            let at = point.compressed;
            Failure::new(archive::INDEX_DAMAGED, format!("the seek point at compressed byte {at} {what}"))
        };
        let params = FrameParams::read(flg, bd, point.compressed)
            .map_err(|e| damaged("is no frame's").caused_by(&e))?;
        let mut decoder = Self::at(Expect::BlockHeader, *point, params, None);
        match (wanted, window) {
            (None, _) => decoder.history.begin(params.block_max()),
            (Some(w), Some(bytes)) if bytes.len() == WINDOW_LEN && crc32c(bytes) == w.crc32c => {
                decoder.history.resume(params.block_max(), bytes);
            }
            (Some(_), Some(_)) => return Err(damaged("has a window with other bytes")),
            (Some(_), None) => return Err(damaged("came without its window")),
        }
        Ok(decoder)
    }

    fn at(expect: Expect, point: SeekPoint, params: FrameParams, spacing: Option<Spacing>) -> Self {
        let frame =
            Frame { params, start: point.compressed, content_start: None, content_size: None, hash: None };
        Self {
            expect,
            gather: Gather::default(),
            history: History::default(),
            frame,
            compressed: point.compressed,
            uncompressed: point.uncompressed,
            spacing,
            last_point: None,
            // A later point may have only skippable frames behind it.
            frames: u64::from(point.compressed > 0),
        }
    }

    /// Takes the next chunk, of any length, and hands what it expands to on to `sink`.
    ///
    /// # Errors
    /// The stream is not LZ4, damaged, or refused; or `sink` failed. The decoder is then of no more use.
    pub fn feed(&mut self, mut input: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        while !input.is_empty() && sink.wants_more() {
            if let Expect::Skip(left) = self.expect {
                self.skip(left, &mut input);
                continue;
            }
            let need = self.need();
            let Some(item) = self.gather.take(&mut input, need) else { break };
            let at = self.compressed;
            self.compressed += need as u64;
            match self.expect {
                Expect::Block { len, stored } => {
                    let (frame, history) = (&mut self.frame, &mut self.history);
                    let out = decode_block(item, len, stored, frame, history, at)?;
                    self.uncompressed += out.len() as u64;
                    sink.bytes(out)?;
                    self.expect = Expect::BlockHeader;
                }
                Expect::BlockHeader => {
                    let word = item.try_into().expect("four bytes were asked for");
                    match block_header(word, self.frame.params, at)? {
                        BlockHeader::End => self.end_blocks(at)?,
                        BlockHeader::Block { len, stored } => {
                            self.offer_block(at, len, stored, sink)?;
                            self.expect = Expect::Block { len, stored };
                        }
                    }
                }
                _ => {
                    let mut small = [0; 16];
                    small[..need].copy_from_slice(item);
                    self.header_item(&small[..need], at, sink)?;
                }
            }
        }
        Ok(())
    }

    /// Says that the object ends here.
    ///
    /// # Errors
    /// It ends inside a frame, or holds none.
    pub fn finish(&mut self) -> Result<(), Failure> {
        let end = self.compressed + self.gather.pending() as u64;
        match self.expect {
            Expect::Magic if self.gather.pending() == 0 && self.frames > 0 => Ok(()),
            Expect::Magic if self.gather.pending() == 0 => Err(fault::truncated("its first LZ4 frame", end)),
            Expect::Magic => Err(fault::truncated("an LZ4 magic number", end)),
            Expect::SkipLen | Expect::Skip(_) => Err(fault::truncated("a skippable LZ4 frame", end)),
            Expect::Flags | Expect::Descriptor(_) => Err(fault::truncated("an LZ4 frame header", end)),
            Expect::BlockHeader => Err(fault::truncated("an LZ4 frame, before its end mark", end)),
            Expect::Block { .. } => Err(fault::truncated("an LZ4 block", end)),
            Expect::ContentChecksum => Err(fault::truncated("an LZ4 content checksum", end)),
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

    fn need(&self) -> usize {
        match self.expect {
            Expect::Magic | Expect::SkipLen | Expect::BlockHeader | Expect::ContentChecksum => 4,
            Expect::Flags => 2,
            Expect::Descriptor(params) => params.rest_len(),
            Expect::Block { len, .. } => len + if self.frame.params.block_checksums() { 4 } else { 0 },
            Expect::Skip(_) => 0,
        }
    }

    fn skip(&mut self, left: u64, input: &mut &[u8]) {
        let step = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        *input = &input[step..];
        self.compressed += step as u64;
        let left = left - step as u64;
        self.expect = if left == 0 { Expect::Magic } else { Expect::Skip(left) };
    }

    /// One item of a header: magic number, length to skip, descriptor, content checksum.
    fn header_item(&mut self, item: &[u8], at: u64, sink: &mut dyn Sink) -> Result<(), Failure> {
        let word = |item: &[u8]| item.try_into().map_or(0, u32::from_le_bytes);
        self.expect = match self.expect {
            Expect::Magic => self.magic(item, at, sink)?,
            Expect::SkipLen if word(item) == 0 => Expect::Magic,
            Expect::SkipLen => Expect::Skip(u64::from(word(item))),
            Expect::Flags => Expect::Descriptor(FrameParams::read(item[0], item[1], self.frame.start)?),
            Expect::Descriptor(params) => {
                let content_size = params.check(item, self.frame.start)?;
                self.begin_frame(params, content_size);
                Expect::BlockHeader
            }
            Expect::ContentChecksum => {
                if let Some(hash) = self.frame.hash.take() {
                    let (expected, found) = (word(item), hash.digest());
                    if expected != found {
                        return Err(fault::checksum(
                            "an LZ4 frame's content",
                            self.frame.start,
                            expected,
                            found,
                        ));
                    }
                }
                Expect::Magic
            }
            other => other,
        };
        Ok(())
    }

    fn magic(&mut self, item: &[u8], at: u64, sink: &mut dyn Sink) -> Result<Expect, Failure> {
        let kind = item.try_into().map_or(Magic::Unknown, magic);
        match kind {
            Magic::Frame => {
                self.frame.start = at;
                self.frames += 1;
                self.offer_frame(at, sink)?;
                Ok(Expect::Flags)
            }
            Magic::Skippable => {
                self.offer_frame(at, sink)?;
                Ok(Expect::SkipLen)
            }
            Magic::Legacy => Err(fault::refused("the legacy LZ4 frame", at)),
            Magic::Unknown if at == 0 => Err(not_this(Container::TarLz4, item)),
            Magic::Unknown => {
                let message =
                    format!("what follows the LZ4 frame that ends at compressed byte {at} is no frame");
                Err(Failure::new(archive::TRAILING_BYTES, message)
                    .at_offset(at)
                    .expected("a frame or the end of the object", crate::sniff::sniff(item)))
            }
        }
    }

    fn begin_frame(&mut self, params: FrameParams, content_size: Option<u64>) {
        self.history.begin(params.block_max());
        self.frame = Frame {
            params,
            start: self.frame.start,
            content_start: Some(self.uncompressed),
            content_size,
            hash: params.content_checksum().then(|| Xxh32::new(0)),
        };
    }

    /// The end mark was read: what the frame promised must have come.
    fn end_blocks(&mut self, at: u64) -> Result<(), Failure> {
        if let (Some(start), Some(promised)) = (self.frame.content_start, self.frame.content_size) {
            let found = self.uncompressed - start;
            if found != promised {
                return Err(fault::damaged("an LZ4 frame", self.frame.start)
                    .expected(format!("{promised} bytes of content"), format!("{found} bytes at {at}")));
            }
        }
        let sum = self.frame.params.content_checksum();
        self.expect = if sum { Expect::ContentChecksum } else { Expect::Magic };
        Ok(())
    }

    /// A frame begins at `at`: a seek point, unless the last is near.
    fn offer_frame(&mut self, at: u64, sink: &mut dyn Sink) -> Result<(), Failure> {
        let Some(spacing) = self.spacing else { return Ok(()) };
        if self.last_point.is_some_and(|last| self.uncompressed - last < spacing.min) {
            return Ok(());
        }
        self.last_point = Some(self.uncompressed);
        sink.restart(Restart { compressed: at, uncompressed: self.uncompressed, entry: RestartEntry::Frame })
    }

    /// A block begins at `at`: a seek point when decoding can start there, and the last is not near.
    fn offer_block(&mut self, at: u64, len: usize, stored: bool, sink: &mut dyn Sink) -> Result<(), Failure> {
        let (Some(spacing), Some(last)) = (self.spacing, self.last_point) else { return Ok(()) };
        let since = self.uncompressed - last;
        let params = self.frame.params;
        // A stored block refers to nothing, and one of 64 KiB is all that its successor can refer to.
        let free = !params.linked() || (stored && len >= WINDOW_LEN);
        let window = match (free, self.history.window()) {
            (true, _) if since >= spacing.min => None,
            (false, Some(window)) if since >= spacing.window => Some(window),
            _ => return Ok(()),
        };
        self.last_point = Some(self.uncompressed);
        let entry = RestartEntry::Block { flg: params.flg, bd: params.bd, window };
        sink.restart(Restart { compressed: at, uncompressed: self.uncompressed, entry })
    }
}

/// Proves and decodes one block; `item` is its bytes and its checksum, if blocks carry one.
fn decode_block<'h>(
    item: &[u8],
    len: usize,
    stored: bool,
    frame: &mut Frame,
    history: &'h mut History,
    at: u64,
) -> Result<&'h [u8], Failure> {
    let (block, sum) = item.split_at(len);
    if let Ok(sum) = sum.try_into() {
        let (expected, found) = (u32::from_le_bytes(sum), xxh32(block, 0));
        if expected != found {
            return Err(fault::checksum("an LZ4 block", at, expected, found));
        }
    }
    let linked = frame.params.linked();
    let out = if stored {
        history.store(block, linked)
    } else {
        let decoded = history.decode(block, frame.params.block_max(), linked);
        decoded.map_err(|e| fault::damaged("an LZ4 block", at).caused_by(&e))?
    };
    if let Some(hash) = &mut frame.hash {
        hash.update(out);
    }
    Ok(out)
}
