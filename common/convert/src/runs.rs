//! Runs: members of one archive that are read in one go.

use serde::{Deserialize, Serialize};
use tarquet_container::{
    Check, Container, SeekPoint,
    member::{Member, MemberKind, ZipStorage},
};

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

/// One member that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRef {
    /// Its name: raw bytes, never a path.
    pub name: Vec<u8>,
    /// Offset of its body in the uncompressed stream; for zip, of its local header in the object.
    pub offset: u64,
    /// Bytes of its body.
    pub size: u64,
    /// Its kind; anything but a file is quarantined by name.
    pub kind: MemberKind,
    /// How its body is proved.
    pub check: Check,
    /// How it is stored, in a zip archive.
    pub zip: Option<ZipStorage>,
}

impl MemberRef {
    /// Bytes of the object that hold it, where members are stored one by one.
    pub fn stored(&self) -> u64 {
        self.zip.map_or(self.size, |z| z.stored_size)
    }

    /// The name for people.
    pub fn display_name(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }
}

impl From<Member> for MemberRef {
    fn from(m: Member) -> Self {
        Self { name: m.name, offset: m.offset, size: m.size, kind: m.kind, check: m.check, zip: m.zip }
    }
}

impl From<MemberRef> for Member {
    fn from(m: MemberRef) -> Self {
        Self { name: m.name, offset: m.offset, size: m.size, kind: m.kind, check: m.check, zip: m.zip }
    }
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
    pub members: Vec<MemberRef>,
}

impl Run {
    /// Bytes of the members' bodies.
    pub fn member_bytes(&self) -> u64 {
        self.members.iter().map(|m| m.size).sum()
    }
}
