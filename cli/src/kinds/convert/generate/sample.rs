//! The sample archives of this repository, carried in the binary: what was tried there can be tried anywhere.

use crate::generate::Sink;
use serde::Serialize;
use std::io::{self, Write};

/// One archive with linked blocks, as Python's `lz4.frame` writes them, and one as the `lz4` command does.
const ARCHIVES: [(&str, &[u8]); 2] = [
    ("north.tar.lz4", include_bytes!("../../../../../examples/frames/north.tar.lz4")),
    ("south.tar.lz4", include_bytes!("../../../../../examples/frames/south.tar.lz4")),
];
/// Members of both together; the last of them is no HDF5.
const MEMBERS: u64 = 320;

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Sample {
    /// Archives, by name.
    pub archives: Vec<&'static str>,
    /// Those that were there already.
    pub there: Vec<&'static str>,
    /// Members of all archives.
    pub members: u64,
    /// Bytes of all archives.
    pub bytes: u64,
}

/// Writes the sample. An archive that is there already, with as many bytes, is left as it is: putting the sample
/// somewhere twice is no error.
pub(crate) fn sample(sink: &dyn Sink) -> io::Result<Sample> {
    let mut made = Sample { members: MEMBERS, ..Sample::default() };
    for (name, bytes) in ARCHIVES {
        made.archives.push(name);
        made.bytes += bytes.len() as u64;
        if sink.size(name)? == Some(bytes.len() as u64) {
            made.there.push(name);
            continue;
        }
        let mut object = sink.create(name)?;
        object.write_all(bytes)?;
        object.finish()?;
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Folder;
    use std::fs;

    #[test]
    fn the_sample_is_written_once() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder(dir.path().to_owned());
        let first = sample(&folder).unwrap();
        assert_eq!((first.there.len(), first.archives.len()), (0, 2));
        for (name, bytes) in ARCHIVES {
            assert_eq!(fs::read(dir.path().join(name)).unwrap(), bytes);
        }
        assert_eq!(sample(&folder).unwrap().there, first.archives);
        fs::write(dir.path().join("north.tar.lz4"), "something else").unwrap();
        assert_eq!(sample(&folder).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }

    #[test]
    fn it_has_as_many_members_as_it_says() {
        let members = ARCHIVES.iter().map(|(_, bytes)| {
            let mut tar = tar::Archive::new(lz4_flex::frame::FrameDecoder::new(*bytes));
            let count = tar
                .entries()
                .unwrap()
                .map(Result::unwrap)
                .filter(|e| e.header().entry_type().is_file())
                .count();
            count as u64
        });
        assert_eq!(members.sum::<u64>(), MEMBERS);
    }
}
