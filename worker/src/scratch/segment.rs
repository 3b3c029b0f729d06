//! One mapped, reserved, nameless file.

use rustix::{
    fs::{CWD, FallocateFlags, Mode, OFlags, fallocate, openat},
    mm::{MapFlags, ProtFlags, mmap, munmap},
};
use std::{ffi::c_void, fmt, path::Path, ptr::NonNull, slice};
use tarquet_common::{codes::cluster as codes, failure::Failure};

/// Why scratch cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// The file system has no room left.
    #[error("{bytes} bytes do not fit into {dir}")]
    Full {
        /// The scratch directory.
        dir: String,
        /// Bytes asked for.
        bytes: usize,
    },
    /// The directory cannot be used.
    #[error("scratch directory {dir} cannot be used")]
    Unusable {
        /// The scratch directory.
        dir: String,
        /// Why.
        #[source]
        source: rustix::io::Errno,
    },
}

impl From<ScratchError> for Failure {
    fn from(error: ScratchError) -> Self {
        let code = match &error {
            ScratchError::Full { .. } => codes::SCRATCH_FULL,
            ScratchError::Unusable { .. } => codes::SCRATCH_UNUSABLE,
        };
        let failure = Self::new(code, error.to_string());
        match std::error::Error::source(&error) {
            Some(source) => failure.caused_by(source),
            None => failure,
        }
    }
}

/// A mapped region of scratch. It has no name in the file system, so it is gone when it is dropped or the process dies.
pub struct Segment {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value alone and stays valid until it is dropped; no thread-bound state is involved.
unsafe impl Send for Segment {}
// SAFETY: shared access only reads the mapping; writing needs `&mut`.
unsafe impl Sync for Segment {}

impl Segment {
    /// Reserves and maps `len` bytes in `dir`.
    ///
    /// # Errors
    /// When the directory cannot be written to or has no room.
    pub fn new(dir: &Path, len: usize) -> Result<Self, ScratchError> {
        let name = || dir.display().to_string();
        let unusable = |source| ScratchError::Unusable { dir: name(), source };
        let file =
            openat(CWD, dir, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR)
                .map_err(unusable)?;
        match fallocate(&file, FallocateFlags::empty(), 0, len as u64) {
            Ok(()) => {}
            Err(rustix::io::Errno::NOSPC | rustix::io::Errno::DQUOT | rustix::io::Errno::FBIG) => {
                return Err(ScratchError::Full { dir: name(), bytes: len });
            }
            Err(source) => return Err(unusable(source)),
        }
        // SAFETY: a fresh mapping of a file that nobody else can open; its blocks are reserved.
        let base = unsafe {
            mmap(std::ptr::null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &file, 0)
        }
        .map_err(unusable)?;
        let base = NonNull::new(base.cast::<u8>()).expect("mmap does not return null on success");
        Ok(Self { base, len })
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: `base` is valid for `len` bytes as long as self lives, and nobody writes while it is borrowed.
        unsafe { slice::from_raw_parts(self.base.as_ptr(), self.len) }
    }

    /// Its bytes, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`, and `&mut self` is exclusive.
        unsafe { slice::from_raw_parts_mut(self.base.as_ptr(), self.len) }
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment({} bytes)", self.len)
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: unmaps exactly what `new` mapped; nobody can hold a borrow any more.
        let unmapped = unsafe { munmap(self.base.as_ptr().cast::<c_void>(), self.len) };
        debug_assert!(unmapped.is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_keeps_bytes_and_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut s = Segment::new(dir.path(), 1 << 20).unwrap();
        s.bytes_mut()[12345] = 7;
        assert_eq!(s.bytes()[12345], 7);
        assert_eq!(s.bytes().len(), 1 << 20);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn no_room_and_no_directory_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        let huge = Segment::new(dir.path(), 1 << 50).unwrap_err();
        assert!(matches!(huge, ScratchError::Full { .. }), "{huge:?}");
        assert_eq!(Failure::from(huge).code, codes::SCRATCH_FULL);
        let gone = Segment::new(&dir.path().join("gone"), 4096).unwrap_err();
        assert!(matches!(gone, ScratchError::Unusable { .. }));
        assert_eq!(Failure::from(gone).code, codes::SCRATCH_UNUSABLE);
    }
}
