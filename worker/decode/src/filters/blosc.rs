//! Filter 32001: a chunk is one Blosc 1 buffer (format: c-blosc `README_CHUNK_FORMAT.rst`).
//!
//! A buffer is a 16-byte header, the offsets of its blocks, and the blocks. A block is compressed whole
//! or as one stream per byte of the element, each with its length in front; then its bytes are
//! unshuffled. Decoded here rather than by the C library: every length is checked.

use super::blosclz;
use crate::fail::Broken;
use flate2::{Decompress, FlushDecompress, Status};

const HEADER: usize = 16;
/// Blocks are split into one stream per byte of the element up to this width …
const SPLIT_WIDTH_MAX: usize = 16;
/// … and down to this many elements.
const SPLIT_ELEMENTS_MIN: usize = 128;

const BYTE_SHUFFLE: u8 = 1;
const STORED: u8 = 2;
const BIT_SHUFFLE: u8 = 4;
const UNSPLIT: u8 = 16;

fn broken(problem: &str) -> Broken {
    Broken::new("blosc", problem)
}

struct Header {
    flags: u8,
    width: usize,
    bytes: usize,
    block: usize,
}

impl Header {
    fn parse(data: &[u8], max_bytes: usize) -> Result<Self, Broken> {
        let head = data.get(..HEADER).ok_or_else(|| broken("shorter than its header"))?;
        let u32_at = |i: usize| u32::from_le_bytes([head[i], head[i + 1], head[i + 2], head[i + 3]]) as usize;
        let (bytes, block) = (u32_at(4), u32_at(8));
        if head[0] != 1 && head[0] != 2 {
            return Err(Broken::new("blosc", format!("unknown format version {}", head[0])));
        }
        if bytes > max_bytes {
            return Err(Broken::new(
                "blosc",
                format!("claims {bytes} bytes where at most {max_bytes} may be"),
            ));
        }
        if bytes > 0 && block == 0 && head[2] & STORED == 0 {
            return Err(broken("impossible block size"));
        }
        if u32_at(12) > data.len() {
            return Err(broken("shorter than its header claims"));
        }
        Ok(Self { flags: head[2], width: usize::from(head[3]).max(1), bytes, block })
    }

    /// Streams in a block of `len` bytes.
    fn streams(&self, len: usize) -> usize {
        let split = self.flags & UNSPLIT == 0
            && self.width <= SPLIT_WIDTH_MAX
            && self.block / self.width >= SPLIT_ELEMENTS_MIN
            && len == self.block;
        if split && len.is_multiple_of(self.width) { self.width } else { 1 }
    }
}

/// Decompresses one buffer to at most `max_bytes`.
pub(super) fn decompress(data: &[u8], max_bytes: usize) -> Result<Vec<u8>, Broken> {
    let header = Header::parse(data, max_bytes)?;
    if header.flags & STORED != 0 {
        let body = data.get(HEADER..).and_then(|body| body.get(..header.bytes));
        return body.map(<[u8]>::to_vec).ok_or_else(|| broken("shorter than its header claims"));
    }
    let mut out = vec![0u8; header.bytes];
    let mut scratch = vec![0u8; header.block.min(header.bytes)];
    for (i, block) in out.chunks_mut(header.block.max(1)).enumerate() {
        let entry = data.get(HEADER + 4 * i..).and_then(|rest| rest.first_chunk::<4>());
        let start =
            entry.map(|e| u32::from_le_bytes(*e) as usize).ok_or_else(|| broken("truncated block table"))?;
        let source = data.get(start..).ok_or_else(|| broken("block outside the buffer"))?;
        let scratch = &mut scratch[..block.len()];
        decompress_block(&header, source, scratch)?;
        unshuffle(&header, scratch, block);
    }
    Ok(out)
}

fn decompress_block(header: &Header, mut source: &[u8], block: &mut [u8]) -> Result<(), Broken> {
    let streams = header.streams(block.len());
    let part = block.len() / streams;
    for stream in block.chunks_mut(part.max(1)) {
        let (length, rest) = source.split_first_chunk::<4>().ok_or_else(|| broken("truncated block"))?;
        let length = u32::from_le_bytes(*length) as usize;
        let body = rest.get(..length).ok_or_else(|| broken("stream outside the buffer"))?;
        source = &rest[length..];
        if length == stream.len() {
            stream.copy_from_slice(body);
        } else {
            decompress_stream(header.flags >> 5, body, stream)?;
        }
    }
    Ok(())
}

/// One stream into exactly `out.len()` bytes.
fn decompress_stream(codec: u8, body: &[u8], out: &mut [u8]) -> Result<(), Broken> {
    let name = ["blosclz", "lz4", "snappy", "zlib", "zstd"].get(usize::from(codec)).copied();
    let done = match codec {
        0 => blosclz::decompress(body, out).is_some(),
        1 => lz4_flex::block::decompress_into(body, out).is_ok_and(|n| n == out.len()),
        2 => {
            snap::raw::decompress_len(body).is_ok_and(|n| n == out.len())
                && snap::raw::Decoder::new().decompress(body, out).is_ok()
        }
        3 => {
            let mut zlib = Decompress::new(true);
            let status = zlib.decompress(body, out, FlushDecompress::Finish);
            matches!(status, Ok(Status::StreamEnd)) && zlib.total_out() == out.len() as u64
        }
        4 => zstd::bulk::decompress_to_buffer(body, out).is_ok_and(|n| n == out.len()),
        _ => false,
    };
    match (done, name) {
        (true, _) => Ok(()),
        (false, Some(name)) => Err(Broken::new("blosc", format!("a {name} stream is damaged"))),
        (false, None) => Err(Broken::new("blosc", format!("unknown codec {codec}"))),
    }
}

fn unshuffle(header: &Header, from: &[u8], to: &mut [u8]) {
    let (width, elements) = (header.width, from.len() / header.width);
    if header.flags & BYTE_SHUFFLE != 0 && width > 1 {
        unshuffle_bytes(from, to, width, elements);
    } else if header.flags & BIT_SHUFFLE != 0 && elements.is_multiple_of(8) {
        unshuffle_bits(from, to, width, elements);
    } else {
        to.copy_from_slice(from);
        return;
    }
    to[elements * width..].copy_from_slice(&from[elements * width..]);
}

/// Byte `b` of all elements stands together; put the elements together again.
fn unshuffle_bytes(from: &[u8], to: &mut [u8], width: usize, elements: usize) {
    for b in 0..width {
        let plane = &from[b * elements..(b + 1) * elements];
        for (byte, element) in plane.iter().zip(to.chunks_exact_mut(width)) {
            element[b] = *byte;
        }
    }
}

/// Bit `i` of all elements stands together, eight elements to a byte, lowest first.
fn unshuffle_bits(from: &[u8], to: &mut [u8], width: usize, elements: usize) {
    let row = elements / 8;
    to[..elements * width].fill(0);
    for bit in 0..width * 8 {
        let plane = &from[bit * row..(bit + 1) * row];
        for (group, &byte) in plane.iter().enumerate() {
            for lane in 0..8 {
                to[(group * 8 + lane) * width + bit / 8] |= (byte >> lane & 1) << (bit % 8);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A buffer of one unsplit block.
    fn buffer(codec: u8, stream: &[u8], bytes: u32) -> Vec<u8> {
        let total = (HEADER + 8 + stream.len()) as u32;
        let mut out = vec![2, 1, UNSPLIT | codec << 5, 1];
        out.extend([bytes, bytes, total, 20, stream.len() as u32].iter().flat_map(|n| n.to_le_bytes()));
        out.extend_from_slice(stream);
        out
    }

    #[test]
    fn snappy_is_read_though_no_wheel_of_pytables_writes_it() {
        let text = b"abcabcabcabcabcabcabcabcabcabcabcabc".repeat(20);
        let stream = snap::raw::Encoder::new().compress_vec(&text).unwrap();
        assert_eq!(decompress(&buffer(2, &stream, text.len() as u32), 1 << 20).unwrap(), text);
    }

    #[test]
    fn damaged_buffers_are_errors() {
        let text = b"0123456789".repeat(100);
        let stream = lz4_flex::block::compress(&text);
        let good = buffer(1, &stream, text.len() as u32);
        assert_eq!(decompress(&good, 1000).unwrap(), text);
        assert!(decompress(&good, 999).is_err(), "more than the limit");
        for cut in 0..good.len() {
            assert!(decompress(&good[..cut], 1000).is_err(), "cut at {cut}");
        }
        for at in 0..HEADER + 8 {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                if let Ok(out) = decompress(&bad, 1000) {
                    assert!(out.len() <= 1000);
                }
            }
        }
        let unknown = decompress(&buffer(7, &stream, text.len() as u32), 1000).unwrap_err();
        assert_eq!(unknown.to_string(), "blosc: unknown codec 7");
    }
}
