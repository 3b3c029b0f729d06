//! Page compression: one door to each codec.

use parquet::basic::{self, ZstdLevel};
use tarquet_common::{codes::ourselves, failure::Failure, spec::Compression};

/// A codec with its working memory, reused from page to page.
pub(crate) enum Compressor {
    /// Bytes stay what they are.
    None,
    /// Snappy's raw format.
    Snappy(Box<snap::raw::Encoder>),
    /// One LZ4 block.
    Lz4Raw,
    /// One Zstandard frame.
    Zstd(i32, Box<zstd::bulk::Compressor<'static>>),
}

impl Compressor {
    /// The compressor of a codec.
    ///
    /// # Errors
    /// `INVARIANT` if zstd refuses a level that the settings accepted.
    pub(crate) fn new(codec: Compression) -> Result<Self, Failure> {
        Ok(match codec {
            Compression::None => Self::None,
            Compression::Snappy => Self::Snappy(Box::new(snap::raw::Encoder::new())),
            Compression::Lz4 => Self::Lz4Raw,
            Compression::Zstd(level) => {
                let level = i32::from(level);
                let compressor =
                    zstd::bulk::Compressor::new(level).map_err(|error| broken("zstd", &error))?;
                Self::Zstd(level, Box::new(compressor))
            }
        })
    }

    /// What the footer calls it.
    pub(crate) fn parquet(&self) -> basic::Compression {
        match self {
            Self::None => basic::Compression::UNCOMPRESSED,
            Self::Snappy(_) => basic::Compression::SNAPPY,
            Self::Lz4Raw => basic::Compression::LZ4_RAW,
            Self::Zstd(level, _) => basic::Compression::ZSTD(ZstdLevel::try_new(*level).unwrap_or_default()),
        }
    }

    /// Replaces `out` by the compressed input.
    pub(crate) fn compress(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), Failure> {
        out.clear();
        match self {
            Self::None => out.extend_from_slice(input),
            Self::Snappy(encoder) => {
                out.resize(snap::raw::max_compress_len(input.len()), 0);
                let n = encoder.compress(input, out).map_err(|error| broken("snappy", &error))?;
                out.truncate(n);
            }
            Self::Lz4Raw => {
                out.resize(lz4_flex::block::get_maximum_output_size(input.len()), 0);
                let n = lz4_flex::block::compress_into(input, out).map_err(|error| broken("lz4", &error))?;
                out.truncate(n);
            }
            Self::Zstd(_, compressor) => {
                out.reserve(zstd::zstd_safe::compress_bound(input.len()));
                compressor.compress_to_buffer(input, out).map_err(|error| broken("zstd", &error))?;
            }
        }
        Ok(())
    }
}

/// Compression of bytes in memory cannot fail unless we call it wrongly.
fn broken(codec: &str, error: &dyn std::error::Error) -> Failure {
    Failure::new(ourselves::INVARIANT, format!("{codec} could not compress a page")).caused_by(error)
}
