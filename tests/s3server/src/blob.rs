//! Bytes of objects and parts: small ones in memory, large ones in files.

use bytes::Bytes;
use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    ops::Range,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Largest body that is kept in memory.
const MEMORY_BYTES_MAX: usize = 1 << 20;

/// Immutable bytes.
#[derive(Clone, Debug)]
pub(crate) enum Blob {
    Memory(Bytes),
    File { file: Arc<BlobFile>, len: u64 },
}

/// A file that lives as long as somebody may read it.
#[derive(Debug)]
pub(crate) struct BlobFile {
    path: PathBuf,
    ours: bool,
}

impl Drop for BlobFile {
    fn drop(&mut self) {
        if self.ours
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "a blob stays behind");
        }
    }
}

impl Blob {
    /// The bytes of a file that belongs to somebody else.
    pub(crate) fn of_file(path: PathBuf, len: u64) -> Self {
        Self::File { file: Arc::new(BlobFile { path, ours: false }), len }
    }

    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { len, .. } => *len,
        }
    }

    /// Some bytes; `range` lies within the blob.
    pub(crate) fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        match self {
            Self::Memory(bytes) => Ok(bytes.slice(range.start as usize..range.end as usize)),
            Self::File { file, .. } => {
                let mut buffer = vec![0; (range.end - range.start) as usize];
                File::open(&file.path)?.read_exact_at(&mut buffer, range.start)?;
                Ok(buffer.into())
            }
        }
    }
}

/// Blobs one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content(pub(crate) Vec<Blob>);

impl Content {
    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(Blob::len).sum()
    }

    /// The pieces that make up `range`, none larger than `piece_bytes_max`.
    pub(crate) fn pieces(&self, range: &Range<u64>, piece_bytes_max: u64) -> Vec<(Blob, Range<u64>)> {
        let mut pieces = Vec::new();
        let mut start = 0;
        for blob in &self.0 {
            let end = start + blob.len();
            let mut at = range.start.max(start);
            while at < range.end.min(end) {
                let cut = range.end.min(end).min(at + piece_bytes_max);
                pieces.push((blob.clone(), at - start..cut - start));
                at = cut;
            }
            start = end;
        }
        pieces
    }
}

/// Where blobs are made.
#[derive(Debug)]
pub(crate) struct Blobs {
    dir: PathBuf,
    next: AtomicU64,
}

impl Blobs {
    pub(crate) fn new(dir: PathBuf) -> Self {
        Self { dir, next: AtomicU64::new(0) }
    }

    pub(crate) fn writer(&self) -> BlobWriter<'_> {
        BlobWriter { blobs: self, memory: Vec::new(), file: None }
    }
}

/// A blob in the making.
pub(crate) struct BlobWriter<'a> {
    blobs: &'a Blobs,
    memory: Vec<u8>,
    file: Option<(BufWriter<File>, Arc<BlobFile>, u64)>,
}

impl BlobWriter<'_> {
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some((file, _, len)) = &mut self.file {
            *len += bytes.len() as u64;
            return file.write_all(bytes);
        }
        self.memory.extend_from_slice(bytes);
        if self.memory.len() > MEMORY_BYTES_MAX {
            let n = self.blobs.next.fetch_add(1, Ordering::Relaxed);
            let path = self.blobs.dir.join(format!("blob-{n}"));
            let mut file = BufWriter::with_capacity(1 << 18, File::create_new(&path)?);
            let guard = Arc::new(BlobFile { path, ours: true });
            file.write_all(&self.memory)?;
            self.file = Some((file, guard, self.memory.len() as u64));
            self.memory = Vec::new();
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> io::Result<Blob> {
        match self.file {
            None => Ok(Blob::Memory(self.memory.into())),
            Some((file, guard, len)) => {
                file.into_inner().map_err(io::IntoInnerError::into_error)?;
                Ok(Blob::File { file: guard, len })
            }
        }
    }
}
