//! Which container an object is: its name says.

use crate::{codes::archive, failure::Failure};
use serde::{Deserialize, Serialize};
use std::fmt;

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

const SUFFIXES: [(&str, Container); 11] = [
    (".tar.lz4", Container::TarLz4),
    (".tar.gz", Container::TarGz),
    (".tgz", Container::TarGz),
    (".tar.zst", Container::TarZst),
    (".tzst", Container::TarZst),
    (".tar", Container::Tar),
    (".zip", Container::Zip),
    (".h5", Container::Loose),
    (".hdf5", Container::Loose),
    (".hdf", Container::Loose),
    (".he5", Container::Loose),
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
