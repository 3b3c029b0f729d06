//! What is made, and where its objects go.

use serde_json::Value;
use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write},
    path::PathBuf,
};

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
