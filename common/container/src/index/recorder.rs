//! Takes down members and seek points, counts, and writes both objects of an index.

use super::{
    members::MembersWriter,
    summary::{ArchiveIndex, IndexLimits, IndexSummary},
    trailer::encode_tail,
};
use crate::{
    checksum::crc32c,
    seek::SeekTable,
    sink::{Restart, RestartEntry},
};
use std::collections::HashSet;
use std::io::Write;
use tarquet_common::{
    archive::{
        ArchiveIdentity, Container, Entry, INDEX_VERSION, Member, MemberKind, SeekPoint, WINDOW_LEN, Window,
    },
    codes::archive,
    failure::Failure,
};

/// Names remembered to count duplicates, by 64-bit hash: 64 MiB of them. Beyond it the count is a floor.
const NAMES_MAX: usize = 4 << 20;

/// Where the two objects go. They are written from front to back, in pieces of any size.
#[derive(Debug)]
pub struct IndexObjects<M, W> {
    /// `members.parquet`.
    pub members: M,
    /// `windows.bin`.
    pub windows: W,
}

pub(super) struct Recorder<M: Write + Send, W: Write> {
    members: MembersWriter<M>,
    windows: W,
    window_count: u32,
    points: Vec<SeekPoint>,
    names: HashSet<u64>,
    name_bytes: u64,
    limits: IndexLimits,
    index: ArchiveIndex,
}

impl<M: Write + Send, W: Write> Recorder<M, W> {
    pub(super) fn new(
        archive: ArchiveIdentity,
        container: Container,
        limits: IndexLimits,
        objects: IndexObjects<M, W>,
    ) -> Result<Self, Failure> {
        let index = ArchiveIndex {
            format_version: INDEX_VERSION,
            archive,
            container,
            seekable: false,
            members: 0,
            kinds: Default::default(),
            duplicates: 0,
            body_bytes: 0,
            largest_body: 0,
            uncompressed_len: 0,
        };
        let members = MembersWriter::new(objects.members)?;
        Ok(Self {
            members,
            windows: objects.windows,
            window_count: 0,
            points: Vec::new(),
            names: HashSet::new(),
            name_bytes: 0,
            limits,
            index,
        })
    }

    pub(super) fn archive(&self) -> &ArchiveIdentity {
        &self.index.archive
    }

    pub(super) fn members(&self) -> u64 {
        self.index.members
    }

    pub(super) fn limits(&self) -> IndexLimits {
        self.limits
    }

    pub(super) fn member(&mut self, member: &Member) -> Result<(), Failure> {
        let index = &mut self.index;
        index.members += 1;
        if index.members > self.limits.members_max {
            let message = format!("the archive has more than {} members", self.limits.members_max);
            return Err(Failure::new(archive::ARCHIVE_LIMIT, message).at_offset(member.offset));
        }
        self.name_bytes = self.name_bytes.saturating_add(member.name.len() as u64);
        if self.name_bytes > self.limits.names_max {
            let message =
                format!("the names of the archive's members have more than {} bytes", self.limits.names_max);
            return Err(Failure::new(archive::ARCHIVE_LIMIT, message).at_offset(member.offset));
        }
        *index.kinds.entry(member.kind).or_default() += 1;
        if member.kind == MemberKind::File {
            index.body_bytes = index.body_bytes.saturating_add(member.size);
            index.largest_body = index.largest_body.max(member.size);
        }
        if self.names.len() < NAMES_MAX {
            index.duplicates += u64::from(!self.names.insert(name_hash(&member.name)));
        } else {
            index.duplicates += u64::from(self.names.contains(&name_hash(&member.name)));
        }
        self.members.push(member)
    }

    pub(super) fn restart(&mut self, restart: Restart<'_>) -> Result<(), Failure> {
        let entry = match restart.entry {
            RestartEntry::Frame => Entry::Frame,
            RestartEntry::Block { flg, bd, window } => {
                let window = window.map(|bytes| self.window(bytes)).transpose()?;
                Entry::Block { flg, bd, window }
            }
        };
        let Restart { compressed, uncompressed, .. } = restart;
        self.points.push(SeekPoint { compressed, uncompressed, entry });
        Ok(())
    }

    fn window(&mut self, bytes: &[u8]) -> Result<Window, Failure> {
        debug_assert_eq!(bytes.len(), WINDOW_LEN, "windows have one size");
        self.windows.write_all(bytes).map_err(|e| not_written(&e))?;
        let window = Window { index: self.window_count, crc32c: crc32c(bytes) };
        self.window_count += 1;
        Ok(window)
    }

    /// Writes the ends of both objects.
    pub(super) fn finish(
        mut self,
        uncompressed_len: u64,
    ) -> Result<(IndexSummary, IndexObjects<M, W>), Failure> {
        let anywhere = matches!(self.index.container, Container::Tar | Container::Zip | Container::Loose);
        let seek = if anywhere { SeekTable::Anywhere } else { SeekTable::Points(self.points) };
        self.index.uncompressed_len = uncompressed_len;
        self.index.seekable = seek.is_seekable(self.index.container, uncompressed_len);
        let (members, hash, members_bytes) = self.members.finish(&self.index)?;
        let tail = encode_tail(self.window_count, &seek, &hash);
        self.windows.write_all(&tail).and_then(|()| self.windows.flush()).map_err(|e| not_written(&e))?;
        let windows_bytes = u64::from(self.window_count) * WINDOW_LEN as u64 + tail.len() as u64;
        let index = self.index;
        let windows = self.window_count;
        let summary = IndexSummary { index, seek, windows, members_bytes, windows_bytes };
        Ok((summary, IndexObjects { members, windows: self.windows }))
    }
}

fn not_written(error: &std::io::Error) -> Failure {
    Failure::new(archive::INDEX_WRITE, "windows.bin cannot be written").caused_by(error)
}

/// The first 64 bits of BLAKE3: names in an archive are anybody's, so no weaker hash will do.
fn name_hash(name: &[u8]) -> u64 {
    let hash = blake3::hash(name);
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("eight bytes"))
}
