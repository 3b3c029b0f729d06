//! Filter 307: a chunk is one bzip2 stream.

use super::broken::Broken;
use bzip2::read::BzDecoder;
use std::io::Read;

pub(super) fn decompress(data: &[u8], max_bytes: usize) -> Result<Vec<u8>, Broken> {
    let mut out = Vec::new();
    BzDecoder::new(data)
        .take(max_bytes as u64 + 1)
        .read_to_end(&mut out)
        .map_err(|e| Broken::new("bzip2", e.to_string()))?;
    if out.len() > max_bytes {
        return Err(Broken::new("bzip2", format!("decodes to more than {max_bytes} bytes")));
    }
    Ok(out)
}
