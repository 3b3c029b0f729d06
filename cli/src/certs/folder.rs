//! The directory of a cluster's certificates: files that only their owner can read, replaced whole.

use super::{
    party::{CA_CERT, CA_KEY, Party},
    store::STORE_SECRET,
};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};
use tarquet_common::{
    codes::{cluster, spec},
    failure::Failure,
};

/// A directory that holds, or will hold, a cluster's certificates and tokens.
pub(crate) struct Folder<'a>(pub(crate) &'a Path);

impl Folder<'_> {
    /// Where a file is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Whether all of the parties' files are there. Some without the others are an error, as is anything that `init`
    /// would overwrite.
    pub(crate) fn is_complete(&self) -> Result<bool, Failure> {
        let mut wanted: Vec<String> = Party::ALL.iter().flat_map(|p| p.files()).collect();
        let has = |name: &String| self.path(name).symlink_metadata().is_ok();
        let missing: Vec<String> = wanted.iter().filter(|n| !has(n)).cloned().collect();
        if missing.is_empty() {
            return Ok(true);
        }
        wanted.extend([CA_CERT, CA_KEY].map(str::to_owned));
        let there: Vec<String> = wanted.into_iter().filter(has).collect();
        if there.is_empty() {
            return Ok(false);
        }
        let told = "a part of a set of certificates is there, and the rest is not";
        Err(Failure::new(cluster::CERTS_EXIST, told)
            .at_uri(self.0.display().to_string())
            .expected(missing.join(", "), there.join(", ")))
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let path = self.path(name);
        fs::read(&path).map_err(|e| {
            Failure::new(cluster::TLS_FILE_UNUSABLE, "a file of the set cannot be read")
                .at_uri(path.display().to_string())
                .caused_by(&e)
                .with_hint("`tarquet certs init DIR` makes a set; DIR is the folder that was given to it.")
        })
    }

    /// The same as text.
    pub(crate) fn text(&self, name: &str) -> Result<String, Failure> {
        Ok(String::from_utf8_lossy(&self.read(name)?).into_owned())
    }

    /// Writes files that nobody else can read; the store's secret also its group, for a store runs as another user. All are
    /// on the disk before the first takes its name.
    pub(crate) fn write(&self, files: &[(String, String)]) -> Result<(), Failure> {
        let failed = |name: &str, e: &io::Error| {
            Failure::new(spec::CANNOT_WRITE, "certificates and tokens cannot be written")
                .at_uri(self.path(name).display().to_string())
                .caused_by(e)
                .with_hint("Choose a folder that can be written.")
        };
        for (name, text) in files {
            self.stage(name, text).map_err(|e| failed(name, &e))?;
        }
        for (name, _) in files {
            let path = self.path(name);
            fs::rename(staged(&path), &path).and_then(|()| sync(&path)).map_err(|e| failed(name, &e))?;
        }
        Ok(())
    }

    fn stage(&self, name: &str, text: &str) -> io::Result<()> {
        let path = self.path(name);
        let parent = path.parent().expect("it is in the folder");
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        let staged = staged(&path);
        // One that was left by a run that was killed has the same owner and is of no use.
        match fs::remove_file(&staged) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        let mode = if name == STORE_SECRET { 0o640 } else { 0o600 };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&staged)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }
}

fn staged(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path.parent().expect("it is in the folder"))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn files_are_their_owners_alone() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder(dir.path());
        let one = |text: &str| [("worker/token".to_owned(), text.to_owned())];
        folder.write(&one("a")).unwrap();
        folder.write(&one("b")).unwrap();
        let mode = |path: &str| dir.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("worker"), mode("worker/token")), (0o700, 0o600));
        assert_eq!(folder.text("worker/token").unwrap(), "b");
        folder.write(&[(STORE_SECRET.to_owned(), "s".to_owned())]).unwrap();
        assert_eq!(mode(STORE_SECRET), 0o640, "its group reads it, and nobody else");
        assert_eq!(fs::read_dir(dir.path().join("worker")).unwrap().count(), 1, "nothing is left over");
    }

    #[test]
    fn half_a_set_is_neither_there_nor_not() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder(dir.path());
        assert!(!folder.is_complete().unwrap());
        folder.write(&[("ca/ca.crt".to_owned(), "x".to_owned())]).unwrap();
        assert_eq!(folder.is_complete().unwrap_err().code, cluster::CERTS_EXIST);
        let all: Vec<_> = Party::ALL.iter().flat_map(|p| p.files()).map(|n| (n, "x".to_owned())).collect();
        folder.write(&all).unwrap();
        assert!(folder.is_complete().unwrap());
        fs::remove_dir_all(dir.path().join("ca")).unwrap();
        assert!(folder.is_complete().unwrap(), "the authority may be kept elsewhere");
    }
}
