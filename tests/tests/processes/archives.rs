//! Archives made by hand, so that they can be wrong in a known way.

use lz4_flex::frame::{BlockMode, FrameDecoder, FrameEncoder, FrameInfo};
use std::{
    fs,
    io::{Read, Write},
};
use tarquet_kit::environment::repository;

/// Bytes of a tar block.
pub(crate) const BLOCK: usize = 512;

/// A member to be: what stands in its header, and its body.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: u8,
    pub(crate) link: Vec<u8>,
    pub(crate) body: Vec<u8>,
}

impl Entry {
    /// A plain file.
    pub(crate) fn file(name: impl AsRef<[u8]>, body: &[u8]) -> Self {
        Self { name: name.as_ref().to_vec(), kind: b'0', link: Vec::new(), body: body.to_vec() }
    }

    /// Anything else: `1` a hard link, `2` a symbolic link, `3` a device, `6` a pipe.
    pub(crate) fn special(name: &str, kind: u8, link: &str) -> Self {
        Self { name: name.into(), kind, link: link.into(), body: Vec::new() }
    }

    /// Header (ustar, <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html>), body and padding.
    fn bytes(&self) -> Vec<u8> {
        let mut header = [0u8; BLOCK];
        let mut put = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.name);
        put(100, b"0000644\0");
        put(108, b"0000000\0");
        put(116, b"0000000\0");
        put(124, format!("{:011o}\0", self.body.len()).as_bytes());
        put(136, b"00000000000\0");
        put(148, b"        ");
        put(156, &[self.kind]);
        put(157, &self.link);
        put(257, b"ustar\x0000");
        let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let mut bytes = header.to_vec();
        bytes.extend_from_slice(&self.body);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
        bytes
    }
}

/// A tar without its end mark.
pub(crate) fn tar_without_end(entries: &[Entry]) -> Vec<u8> {
    entries.iter().flat_map(Entry::bytes).collect()
}

/// A whole tar.
pub(crate) fn tar(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = tar_without_end(entries);
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}

/// An LZ4 frame with a checksum of its content.
pub(crate) fn lz4(bytes: &[u8]) -> Vec<u8> {
    let info = FrameInfo::new().content_checksum(true).block_mode(BlockMode::Linked);
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder.write_all(bytes).expect("a Vec takes all");
    encoder.finish().expect("a Vec takes all")
}

/// A fixture of fidelity, as it was before it was gzip'd.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = repository().join(format!("tests/fixtures/fidelity/{name}.h5.gz"));
    let mut bytes = Vec::new();
    let file = fs::File::open(path).expect("the fixtures");
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes).expect("the fixtures are whole");
    bytes
}

/// The first `n` members of a sample archive: real pandas frames.
pub(crate) fn frames(n: usize) -> Vec<Entry> {
    let file = fs::File::open(repository().join("examples/frames/north.tar.lz4")).expect("the examples");
    let mut bytes = Vec::new();
    FrameDecoder::new(file).read_to_end(&mut bytes).expect("the examples are whole");
    let mut at = 0;
    let mut entries = Vec::new();
    while entries.len() < n {
        let header = &bytes[at..at + BLOCK];
        let text = |range: std::ops::Range<usize>| {
            let field = header[range].split(|b| *b == 0 || *b == b' ').next().expect("a first piece");
            field.to_vec()
        };
        let octal = String::from_utf8(text(124..136)).expect("digits");
        let size = usize::from_str_radix(&octal, 8).expect("octal digits");
        let body = &bytes[at + BLOCK..at + BLOCK + size];
        entries.push(Entry::file(text(0..100), body));
        at += BLOCK + size.next_multiple_of(BLOCK);
    }
    entries
}
