//! Writing past the page cache.
//!
//! A part is synced before it is acknowledged and read again by nobody here, so a copy of it in the page cache costs a
//! fifth of a run's CPU time and pushes the inputs out of memory. The kernel takes bytes from where they lie if address,
//! length and offset are whole blocks; file systems that cannot do it say `EINVAL`.

use bytes::{Buf, BytesMut};
use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

/// Whole blocks of any device and page size in use. See `open(2)`, `O_DIRECT`.
const BLOCK_BYTES: usize = 4096;

/// An empty buffer for `len` bytes, aligned to a block: [`LocalStore`](super::LocalStore) writes such parts past the page
/// cache. To other stores it is a buffer like any other.
pub fn aligned_buffer(len: usize) -> BytesMut {
    let mut buffer = BytesMut::with_capacity(len + BLOCK_BYTES);
    let before = buffer.as_ptr().align_offset(BLOCK_BYTES);
    buffer.resize(before, 0);
    buffer.advance(before);
    buffer
}

/// Writes and syncs `bytes` at `offset`, past the page cache where the bytes and the file system allow it.
pub(super) fn write_synced(path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
    if is_whole(offset, bytes) && direct(path, offset, bytes)? {
        return Ok(());
    }
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    file.write_all_at(bytes, offset)?;
    file.sync_data()
}

fn is_whole(offset: u64, bytes: &[u8]) -> bool {
    let whole = |n: usize| n.is_multiple_of(BLOCK_BYTES);
    !bytes.is_empty()
        && whole(bytes.as_ptr().addr())
        && whole(bytes.len())
        && offset.is_multiple_of(BLOCK_BYTES as u64)
}

/// `false` where the file system cannot; whatever it has written by then is written again.
fn direct(path: &Path, offset: u64, bytes: &[u8]) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).custom_flags(libc::O_DIRECT);
    let write = |file: File| {
        file.write_all_at(bytes, offset)?;
        file.sync_data()
    };
    match options.open(path).and_then(write) {
        Ok(()) => Ok(true),
        Err(e) if e.raw_os_error() == Some(libc::EINVAL) => Ok(false),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_alignment_the_bytes_are_there() {
        // a disk, and memory
        for dir in ["/var/tmp", "/dev/shm"].map(|place| tempfile::tempdir_in(place).unwrap()) {
            let path = dir.path().join("data");
            let mut whole = aligned_buffer(3 * BLOCK_BYTES);
            whole.extend((0..3 * BLOCK_BYTES).map(|i| (i % 251) as u8));
            assert!(is_whole(0, &whole), "an aligned buffer is aligned");
            let tail = &whole[1..1000];
            assert!(!is_whole(0, tail) && !is_whole(1, &whole));
            write_synced(&path, 0, &whole).unwrap();
            write_synced(&path, whole.len() as u64, tail).unwrap();
            write_synced(&path, BLOCK_BYTES as u64, &whole[..BLOCK_BYTES]).unwrap();
            let found = std::fs::read(&path).unwrap();
            let expected =
                [&whole[..BLOCK_BYTES], &whole[..BLOCK_BYTES], &whole[2 * BLOCK_BYTES..], tail].concat();
            assert!(found == expected);
        }
    }
}
