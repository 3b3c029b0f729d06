//! One push interface over all decompressors.

use crate::{gzip::GzipDecoder, lz4::Lz4Decoder, seek::Spacing, sink::Sink, zstandard::ZstdDecoder};
use tarquet_common::{
    archive::{Container, SeekPoint},
    codes::archive,
    failure::Failure,
};

/// Hands bytes on as they are.
#[derive(Debug)]
pub struct Plain {
    offset: u64,
}

impl Plain {
    /// Starts at any offset.
    pub fn new(offset: u64) -> Self {
        Self { offset }
    }

    /// Hands the chunk on.
    ///
    /// # Errors
    /// Those of `sink`.
    pub fn feed(&mut self, chunk: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        self.offset += chunk.len() as u64;
        sink.bytes(chunk)
    }

    /// Offset of the next byte.
    pub fn uncompressed(&self) -> u64 {
        self.offset
    }
}

/// A decompressor of any container that is a stream.
#[derive(Debug)]
pub enum Unpacker {
    /// Not compressed.
    Plain(Plain),
    /// LZ4 frames.
    Lz4(Box<Lz4Decoder>),
    /// Gzip members.
    Gzip(Box<GzipDecoder>),
    /// Zstandard frames.
    Zstd(Box<ZstdDecoder>),
}

impl Unpacker {
    /// Starts at the first byte of an object, offers seek points, verifies every checksum.
    ///
    /// # Errors
    /// `FEATURE_REFUSED` for a zip archive, which is no stream.
    pub fn from_start(container: Container, spacing: Spacing) -> Result<Self, Failure> {
        Ok(match container {
            Container::Tar | Container::Loose => Self::Plain(Plain::new(0)),
            Container::TarLz4 => Self::Lz4(Box::new(Lz4Decoder::new(Some(spacing)))),
            Container::TarGz => Self::Gzip(Box::new(GzipDecoder::new(SeekPoint::START, Some(spacing)))),
            Container::TarZst => Self::Zstd(Box::new(ZstdDecoder::new(SeekPoint::START, Some(spacing))?)),
            Container::Zip => return Err(no_stream()),
        })
    }

    /// Starts at a seek point; `window` is the point's, if it has one.
    ///
    /// # Errors
    /// `INDEX_DAMAGED` when point and window do not fit; `FEATURE_REFUSED` for a zip archive.
    pub fn resume(container: Container, point: &SeekPoint, window: Option<&[u8]>) -> Result<Self, Failure> {
        Ok(match container {
            Container::Tar | Container::Loose => Self::Plain(Plain::new(point.uncompressed)),
            Container::TarLz4 => Self::Lz4(Box::new(Lz4Decoder::resume(point, window)?)),
            Container::TarGz => Self::Gzip(Box::new(GzipDecoder::new(*point, None))),
            Container::TarZst => Self::Zstd(Box::new(ZstdDecoder::new(*point, None)?)),
            Container::Zip => return Err(no_stream()),
        })
    }

    /// Takes the next chunk of the object and hands what it expands to on to `sink`.
    ///
    /// # Errors
    /// The stream is damaged or refused, or `sink` failed.
    pub fn feed(&mut self, chunk: &[u8], sink: &mut dyn Sink) -> Result<(), Failure> {
        match self {
            Self::Plain(d) => d.feed(chunk, sink),
            Self::Lz4(d) => d.feed(chunk, sink),
            Self::Gzip(d) => d.feed(chunk, sink),
            Self::Zstd(d) => d.feed(chunk, sink),
        }
    }

    /// Says that the object ends here.
    ///
    /// # Errors
    /// It ends inside a structure.
    pub fn finish(&mut self) -> Result<(), Failure> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Lz4(d) => d.finish(),
            Self::Gzip(d) => d.finish(),
            Self::Zstd(d) => d.finish(),
        }
    }

    /// Offset in the object behind what the output so far was made of: bytes that wait for the rest of their block do not
    /// count, nor what was handed in and not looked at.
    pub fn compressed(&self) -> u64 {
        match self {
            Self::Plain(d) => d.uncompressed(),
            Self::Lz4(d) => d.compressed(),
            Self::Gzip(d) => d.compressed(),
            Self::Zstd(d) => d.compressed(),
        }
    }

    /// Offset of the next byte of output.
    pub fn uncompressed(&self) -> u64 {
        match self {
            Self::Plain(d) => d.uncompressed(),
            Self::Lz4(d) => d.uncompressed(),
            Self::Gzip(d) => d.uncompressed(),
            Self::Zstd(d) => d.uncompressed(),
        }
    }
}

fn no_stream() -> Failure {
    Failure::new(archive::FEATURE_REFUSED, "a zip archive is read by its directory, not as a stream")
}
