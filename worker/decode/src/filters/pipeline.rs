//! Which filters are read, and by what.

use super::{blosc, lzf};
use crate::fail::{Broken, Res, differs};
use bzip2::read::BzDecoder;
use std::io::Read;
use tarquet_common::codes::format;

const DEFLATE: u16 = 1;
const SHUFFLE: u16 = 2;
const FLETCHER32: u16 = 3;
const BZIP2: u16 = 307;
const LZF: u16 = 32000;
const BLOSC: u16 = 32001;

/// The filters that this module decodes.
pub(crate) const DECODED: [u16; 3] = [BZIP2, LZF, BLOSC];

/// Decompresses one chunk to at most `max_bytes`.
pub(crate) fn decode(id: u16, data: &[u8], max_bytes: usize) -> Result<Vec<u8>, Broken> {
    match id {
        BLOSC => blosc::decompress(data, max_bytes),
        BZIP2 => bunzip(data, max_bytes),
        LZF => lzf::decompress(data, max_bytes),
        other => Err(Broken::new("filter", format!("number {other} is not decoded here"))),
    }
}

/// Filter 307: a chunk is one bzip2 stream.
fn bunzip(data: &[u8], max_bytes: usize) -> Result<Vec<u8>, Broken> {
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

/// Refuses pipelines that are not read, by name.
pub(crate) fn check(ids: &[u16], item: &str) -> Res<()> {
    const READ: [u16; 6] = [SHUFFLE, DEFLATE, FLETCHER32, LZF, BLOSC, BZIP2];
    if let Some(&id) = ids.iter().find(|id| !READ.contains(id)) {
        return Err(refuse(item, "the dataset's compression filter is not supported", &name(id)));
    }
    if ids.iter().filter(|id| [DEFLATE, LZF, BLOSC, BZIP2].contains(id)).count() > 1 {
        let names: Vec<String> = ids.iter().map(|&id| name(id)).collect();
        return Err(refuse(item, "the dataset is compressed twice", &names.join(" then ")));
    }
    Ok(())
}

fn refuse(item: &str, message: &str, found: &str) -> crate::fail::Fault {
    differs(
        format::FILTER_UNKNOWN,
        item,
        message,
        "one of shuffle, deflate, fletcher32, lzf, blosc, bzip2",
        found,
    )
}

/// The registered name of a filter.
fn name(id: u16) -> String {
    let name = match id {
        DEFLATE => "deflate",
        SHUFFLE => "shuffle",
        FLETCHER32 => "fletcher32",
        4 => "szip",
        5 => "nbit",
        6 => "scaleoffset",
        305 => "lzo",
        BZIP2 => "bzip2",
        LZF => "lzf",
        BLOSC => "blosc",
        32004 => "lz4",
        32008 => "bitshuffle",
        32013 => "zfp",
        32015 => "zstd",
        32026 => "blosc2",
        _ => return format!("filter number {id}"),
    };
    format!("{name} (filter {id})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelines_of_pytables_and_h5py_are_read_and_others_refused_by_name() {
        assert!(check(&[SHUFFLE, DEFLATE, FLETCHER32], "/a").is_ok());
        assert!(check(&[SHUFFLE, BLOSC], "/a").is_ok());
        assert!(check(&[SHUFFLE, LZF, FLETCHER32], "/a").is_ok());
        for (ids, found) in [
            (vec![305], "lzo (filter 305)"),
            (vec![2, 32026], "blosc2 (filter 32026)"),
            (vec![4], "szip (filter 4)"),
            (vec![6], "scaleoffset (filter 6)"),
            (vec![5, 1], "nbit (filter 5)"),
        ] {
            let failure = check(&ids, "/a").unwrap_err();
            assert_eq!((failure.code, failure.found.as_deref()), (format::FILTER_UNKNOWN, Some(found)));
        }
        assert_eq!(check(&[DEFLATE, BLOSC], "/a").unwrap_err().message, "the dataset is compressed twice");
    }
}
