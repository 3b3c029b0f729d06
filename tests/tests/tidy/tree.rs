//! The files of the repository, as (path, text).

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Directories that hold no source: built things, version control, results of the examples.
const SKIPPED: [&str; 4] = [".git", "target", "out", "__pycache__"];

/// A text file; the path is relative to the repository's root, with `/`.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// All text files, ordered by path.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
}

impl Tree {
    /// Reads the checkout that this test was built from.
    pub(crate) fn of_the_repository() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files = Vec::new();
        walk(&root, &root, &mut files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files }
    }

    /// A tree made up for a test of a rule.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(p, t)| File { path: (*p).to_owned(), text: (*t).to_owned() });
        Self { files: files.collect() }
    }

    /// The file at `path`.
    pub(crate) fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|f| f.path == path)
    }

    /// The Rust files.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|f| f.path.ends_with(".rs"))
    }
}

fn walk(root: &Path, at: &Path, into: &mut Vec<File>) {
    for entry in fs::read_dir(at).expect("the checkout can be read") {
        let path = entry.expect("the checkout can be read").path();
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        if path.is_symlink() || SKIPPED.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, into);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root).expect("it was found below the root");
            let path = path.to_string_lossy().replace('\\', "/");
            into.push(File { path, text });
        }
    }
}
