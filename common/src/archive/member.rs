//! Members: what an archive holds, how a body is proved, and which are read in one go.

use super::{Container, SeekPoint};
use crate::{codes::archive, failure::Failure};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a member is. Only a [`MemberKind::File`] has a body that is converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberKind {
    /// A plain file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// A second name of an earlier member.
    Hardlink,
    /// A character or block device, or a named pipe.
    Device,
    /// A file stored without its holes.
    Sparse,
    /// A zip member under a password.
    Encrypted,
    /// A zip member with a compression method that is refused.
    Method,
    /// Anything else.
    Other,
}

impl MemberKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::File,
        Self::Dir,
        Self::Symlink,
        Self::Hardlink,
        Self::Device,
        Self::Sparse,
        Self::Encrypted,
        Self::Method,
        Self::Other,
    ];

    /// The word in the column `type` of an index.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Dir => "dir",
            Self::Symlink => "symlink",
            Self::Hardlink => "hardlink",
            Self::Device => "device",
            Self::Sparse => "sparse",
            Self::Encrypted => "encrypted",
            Self::Method => "method",
            Self::Other => "other",
        }
    }

    /// The kind of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for MemberKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How the bytes of a body are proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// CRC-32C, taken when the archive was indexed.
    Crc32c(u32),
    /// CRC-32 (IEEE), out of the directory of a zip archive.
    Crc32(u32),
    /// Nothing: a loose object that nobody has read yet.
    Unknown,
}

/// How a zip member is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZipStorage {
    /// Bytes of the stored (compressed) body.
    pub stored_size: u64,
    /// Compression method: 0 stored, 8 deflated; others are refused.
    pub method: u16,
}

/// One member. It is identified by its archive and `offset`, never by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The name as it stands in the archive: any bytes, absolute or not; never a path to anything.
    pub name: Vec<u8>,
    /// Where the body starts in the uncompressed stream; for zip, where the local header starts in the object.
    pub offset: u64,
    /// Bytes of the body.
    pub size: u64,
    /// What it is.
    pub kind: MemberKind,
    /// How its body is proved.
    pub check: Check,
    /// How it is stored, in a zip archive.
    pub zip: Option<ZipStorage>,
}

impl Member {
    /// The single member of a loose object of `size` bytes.
    pub fn loose(name: impl Into<Vec<u8>>, size: u64) -> Self {
        Self { name: name.into(), offset: 0, size, kind: MemberKind::File, check: Check::Unknown, zip: None }
    }

    /// Bytes of the object that hold it, where members are stored one by one.
    pub fn stored(&self) -> u64 {
        self.zip.map_or(self.size, |z| z.stored_size)
    }

    /// The name for people.
    pub fn display_name(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }

    /// Why this member has no body to convert, if it has none.
    pub fn refusal(&self) -> Option<Failure> {
        let name = self.display_name();
        let (code, message) = match self.kind {
            MemberKind::File => return None,
            MemberKind::Sparse => (archive::MEMBER_SPARSE, format!("{name} is stored sparse")),
            MemberKind::Encrypted => (archive::MEMBER_ENCRYPTED, format!("{name} is encrypted")),
            MemberKind::Method => {
                let method = self.zip.map_or(0, |z| z.method);
                (archive::MEMBER_METHOD, format!("{name} is stored with zip method {method}"))
            }
            kind => (archive::MEMBER_NOT_A_FILE, format!("{name} is not a plain file but of kind {kind}")),
        };
        let failure = Failure::new(code, message).at_member(name).at_offset(self.offset);
        Some(failure.expected(MemberKind::File, self.kind))
    }
}

/// An input object, as it was when the job was planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveRef {
    /// `s3://bucket/key` or a path.
    pub uri: String,
    /// The store's tag for this content: reading another one is a typed failure.
    pub etag: String,
    /// Bytes.
    pub size: u64,
    /// What it is, by its name.
    pub container: Container,
}

/// Members of one archive, in offset order, and where to start reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The archive.
    pub archive: ArchiveRef,
    /// Key of its index, if it has one.
    pub index_key: Option<String>,
    /// Where decoding starts: the first byte to fetch is `start.compressed`.
    pub start: SeekPoint,
    /// Byte after the last one that can be needed. Reading may stop earlier.
    pub fetch_to: u64,
    /// The members.
    pub members: Vec<Member>,
}

impl Run {
    /// Bytes of the members' bodies.
    pub fn member_bytes(&self) -> u64 {
        self.members.iter().map(|m| m.size).sum()
    }
}
