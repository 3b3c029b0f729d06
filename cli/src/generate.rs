//! Where sample data goes: what each kind makes is with the kind.
//!
//! A **sink** is a folder or a prefix of a bucket; a **maker** fills it, and says what it has **made**.

use bytes::Bytes;
use serde_json::Value;
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    mem,
    path::PathBuf,
    sync::Arc,
};
use tarquet_common::{
    receipt::Part,
    store::{CompleteOutcome, Metadata, Store},
};
use tokio::runtime::Handle;

/// Something that a command line asks to be made.
pub(crate) trait Maker {
    /// Folder or prefix that it goes to, as it was typed.
    fn output(&self) -> &str;

    /// Makes it. Runs on threads that may block.
    fn make(&self, sink: &dyn Sink) -> io::Result<Made>;
}

/// What was made.
pub(crate) struct Made {
    /// For people, with what can be done with it.
    pub text: String,
    /// For programs.
    pub data: Value,
}

/// A place for objects. An object becomes visible when it is finished; one that is there already is never
/// overwritten.
pub(crate) trait Sink: Sync {
    /// Starts an object.
    fn create(&self, name: &str) -> io::Result<Box<dyn ObjectWriter>>;

    /// Bytes of the object of this name, if there is one.
    fn size(&self, name: &str) -> io::Result<Option<u64>>;
}

/// One object being written.
pub(crate) trait ObjectWriter: Write {
    /// Makes it visible.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// A folder of files.
pub(crate) struct Folder(pub PathBuf);

struct FolderFile {
    file: BufWriter<File>,
    temporary: PathBuf,
    path: PathBuf,
}

impl Sink for Folder {
    fn create(&self, name: &str) -> io::Result<Box<dyn ObjectWriter>> {
        std::fs::create_dir_all(&self.0)?;
        let path = self.0.join(name);
        if path.try_exists()? {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("{} exists", path.display())));
        }
        let temporary = self.0.join(format!(".{name}.part"));
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&temporary)?;
        Ok(Box::new(FolderFile { file: BufWriter::with_capacity(1 << 20, file), temporary, path }))
    }

    fn size(&self, name: &str) -> io::Result<Option<u64>> {
        match std::fs::metadata(self.0.join(name)) {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Write for FolderFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl ObjectWriter for FolderFile {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        self.file.flush()?;
        // A link fails where a rename would replace what another process made meanwhile.
        std::fs::hard_link(&self.temporary, &self.path)?;
        std::fs::remove_file(&self.temporary)
    }
}

/// Bytes of one part.
const PART_BYTES: usize = 8 << 20;

/// A prefix in a store.
pub(crate) struct Bucket {
    /// The store at the prefix.
    pub store: Arc<dyn Store>,
    /// Where its calls run; its threads are not ours.
    pub runtime: Handle,
}

struct BucketObject {
    store: Arc<dyn Store>,
    runtime: Handle,
    key: String,
    upload_id: String,
    parts: Vec<Part>,
    buffer: Vec<u8>,
}

impl Sink for Bucket {
    fn create(&self, name: &str) -> io::Result<Box<dyn ObjectWriter>> {
        let begin = async {
            if self.store.head(name).await?.is_some() {
                return Ok(None);
            }
            self.store.begin_upload(name, &Metadata::new()).await.map(Some)
        };
        let begun = self.runtime.block_on(begin).map_err(io::Error::other)?;
        let upload_id = begun.ok_or_else(|| taken(name))?;
        Ok(Box::new(BucketObject {
            store: self.store.clone(),
            runtime: self.runtime.clone(),
            key: name.to_owned(),
            upload_id,
            parts: Vec::new(),
            buffer: Vec::with_capacity(PART_BYTES),
        }))
    }

    fn size(&self, name: &str) -> io::Result<Option<u64>> {
        let found = self.runtime.block_on(self.store.head(name)).map_err(io::Error::other)?;
        Ok(found.map(|object| object.size))
    }
}

fn taken(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, format!("{name} exists"))
}

impl BucketObject {
    fn send(&mut self) -> io::Result<()> {
        let number = u32::try_from(self.parts.len() + 1).map_err(io::Error::other)?;
        let body = Bytes::from(mem::take(&mut self.buffer));
        let sent = self.store.upload_part(&self.key, &self.upload_id, number, body);
        self.parts.push(self.runtime.block_on(sent).map_err(io::Error::other)?);
        Ok(())
    }
}

impl Write for BucketObject {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let step = bytes.len().min(PART_BYTES - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..step]);
        if self.buffer.len() == PART_BYTES {
            self.send()?;
        }
        Ok(step)
    }

    /// Parts have a least size: nothing is sent before its time.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ObjectWriter for BucketObject {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if !self.buffer.is_empty() || self.parts.is_empty() {
            self.send()?;
        }
        let completed = self.store.complete_upload(&self.key, &self.upload_id, &self.parts, true);
        match self.runtime.block_on(completed).map_err(io::Error::other)? {
            CompleteOutcome::Published { .. } => Ok(()),
            CompleteOutcome::Exists => Err(taken(&self.key)),
            other => Err(io::Error::other(format!("{} could not be made visible: {other:?}", self.key))),
        }
    }
}
