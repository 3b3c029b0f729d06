//! Which container an object is: its name says, its first bytes must agree.

use serde::{Deserialize, Serialize};
use std::fmt;
use tarquet_common::codes::archive;
use tarquet_common::failure::Failure;

/// Bytes from the start of an object that [`Container::check_head`] wants to see.
pub const HEAD_LEN: usize = 512;

/// A format that holds members, or a loose object that is its own single member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Container {
    /// A tar archive as it is.
    Tar,
    /// A tar archive in LZ4 frames.
    TarLz4,
    /// A tar archive in gzip members.
    TarGz,
    /// A tar archive in Zstandard frames.
    TarZst,
    /// A zip archive.
    Zip,
    /// An HDF5 file by itself.
    Loose,
}

const SUFFIXES: [(&str, Container); 9] = [
    (".tar.lz4", Container::TarLz4),
    (".tar.gz", Container::TarGz),
    (".tgz", Container::TarGz),
    (".tar.zst", Container::TarZst),
    (".tzst", Container::TarZst),
    (".tar", Container::Tar),
    (".zip", Container::Zip),
    (".h5", Container::Loose),
    (".hdf5", Container::Loose),
];

impl Container {
    /// What a name promises, by its suffix in any case of letters.
    pub fn from_name(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        SUFFIXES.iter().find(|(suffix, _)| lower.ends_with(suffix)).map(|(_, container)| *container)
    }

    /// What a name promises, or the failure that says it promises nothing.
    ///
    /// # Errors
    /// `UNKNOWN_CONTAINER` when the suffix is none of the known ones.
    pub fn of(uri: &str) -> Result<Self, Failure> {
        Self::from_name(uri).ok_or_else(|| {
            let suffixes: Vec<&str> = SUFFIXES.iter().map(|(suffix, _)| *suffix).collect();
            Failure::new(archive::UNKNOWN_CONTAINER, format!("{uri} has no suffix of a container"))
                .at_uri(uri)
                .expected(suffixes.join(" "), uri.rsplit('/').next().unwrap_or(uri))
        })
    }

    /// Compares the first [`HEAD_LEN`] bytes of an object (fewer if it is shorter) with what its name
    /// promises. Loose objects are not judged here: a loose object that is not HDF5 is a failed member.
    ///
    /// # Errors
    /// `OTHER_CONTAINER`, naming what the bytes look like.
    pub fn check_head(self, head: &[u8]) -> Result<(), Failure> {
        let agrees = match self {
            Self::Loose => true,
            Self::Tar => head.is_empty() || crate::tar::looks_like_tar(head),
            Self::TarLz4 => head.is_empty() || crate::lz4::is_magic(head),
            Self::TarGz => head.is_empty() || head.starts_with(&[0x1f, 0x8b]),
            Self::TarZst => head.is_empty() || crate::zstandard::is_magic(head),
            Self::Zip => head.is_empty() || head.starts_with(b"PK"),
        };
        if agrees { Ok(()) } else { Err(self.not_this(head)) }
    }

    /// The failure of bytes that do not begin as this container does.
    pub(crate) fn not_this(self, head: &[u8]) -> Failure {
        let found = sniff(head);
        Failure::new(archive::OTHER_CONTAINER, format!("the object is not {self}, it looks like {found}"))
            .at_offset(0)
            .expected(self, found)
    }

    /// The word used in indexes and plans: `tar_lz4`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tar => "tar",
            Self::TarLz4 => "tar_lz4",
            Self::TarGz => "tar_gz",
            Self::TarZst => "tar_zst",
            Self::Zip => "zip",
            Self::Loose => "loose",
        }
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tar => "a tar archive",
            Self::TarLz4 => "a tar archive in LZ4 frames",
            Self::TarGz => "a gzipped tar archive",
            Self::TarZst => "a tar archive in Zstandard frames",
            Self::Zip => "a zip archive",
            Self::Loose => "a loose object",
        })
    }
}

/// What bytes look like, for a person.
pub(crate) fn sniff(head: &[u8]) -> &'static str {
    const MAGICS: [(&[u8], &str); 12] = [
        (&[0x04, 0x22, 0x4d, 0x18], "LZ4"),
        (&[0x02, 0x21, 0x4c, 0x18], "legacy LZ4"),
        (&[0x1f, 0x8b], "gzip"),
        (&[0x28, 0xb5, 0x2f, 0xfd], "Zstandard"),
        (b"PK\x03\x04", "zip"),
        (b"PK\x05\x06", "an empty zip"),
        (b"\x89HDF", "HDF5"),
        (b"BZh", "bzip2"),
        (b"\xfd7zXZ", "xz"),
        (b"PAR1", "Parquet"),
        (b"7z\xbc\xaf", "7z"),
        (b"<?xml", "XML, perhaps a store's error message"),
    ];
    let known = MAGICS.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, what)| *what);
    match known {
        Some(what) => what,
        None if head.is_empty() => "nothing: the object is empty",
        None if head.len() >= HEAD_LEN && crate::tar::looks_like_tar(head) => "tar",
        None => "something unknown",
    }
}
