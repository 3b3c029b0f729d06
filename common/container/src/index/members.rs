//! `members.parquet`, written in row groups of bounded size and read back one at a time.

use super::{
    METADATA_KEY, Trailer,
    columns::{Columns, members_of, schema},
    summary::ArchiveIndex,
};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use std::io::Write;
use tarquet_common::{archive::Member, codes::archive, failure::Failure};

/// Members of a row group.
const ROWS_MAX: usize = 65_536;
/// Bytes of names in a row group: hostile names are long.
const NAME_BYTES_MAX: usize = 16 << 20;

/// Writes members as they are found. Memory: one row group.
pub(super) struct MembersWriter<W: Write + Send> {
    writer: ArrowWriter<Hashing<W>>,
    columns: Columns,
}

impl<W: Write + Send> MembersWriter<W> {
    pub(super) fn new(out: W) -> Result<Self, Failure> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_created_by("tarquet".to_owned())
            .build();
        let out = Hashing { out, hasher: blake3::Hasher::new(), len: 0 };
        let writer = ArrowWriter::try_new(out, schema(), Some(properties)).map_err(|e| not_written(&e))?;
        Ok(Self { writer, columns: Columns::default() })
    }

    pub(super) fn push(&mut self, member: &Member) -> Result<(), Failure> {
        self.columns.push(member);
        if self.columns.rows() >= ROWS_MAX || self.columns.name_bytes() >= NAME_BYTES_MAX {
            self.flush()?;
        }
        Ok(())
    }

    /// Ends the object; gives the sink back, the hash of the bytes and their number.
    pub(super) fn finish(mut self, index: &ArchiveIndex) -> Result<(W, [u8; 32], u64), Failure> {
        if self.columns.rows() > 0 {
            self.flush()?;
        }
        let json = serde_json::to_string(index).expect("numbers and strings are JSON");
        self.writer.append_key_value_metadata(KeyValue::new(METADATA_KEY.to_owned(), json));
        let sink = self.writer.into_inner().map_err(|e| not_written(&e))?;
        Ok((sink.out, *sink.hasher.finalize().as_bytes(), sink.len))
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let batch = self.columns.take();
        self.writer.write(&batch).and_then(|()| self.writer.flush()).map_err(|e| not_written(&e))
    }
}

/// A sink that hashes what goes through it.
struct Hashing<W> {
    out: W,
    hasher: blake3::Hasher,
    len: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        let n = self.out.write(buf)?;
        self.hasher.update(&buf[..n]);
        self.len += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Reads `members.parquet`, one row group at a time. Memory: the object and one row group.
#[derive(Debug)]
pub struct MembersReader {
    bytes: Bytes,
    metadata: ArrowReaderMetadata,
    index: ArchiveIndex,
}

impl MembersReader {
    /// Proves the object by the trailer of its sibling and reads what it says of the archive.
    ///
    /// # Errors
    /// `INDEX_DAMAGED` when the bytes are not those that the trailer speaks of, or no index.
    pub fn open(bytes: Bytes, trailer: &Trailer) -> Result<Self, Failure> {
        if *blake3::hash(&bytes).as_bytes() != trailer.members_blake3 {
            return Err(Failure::new(archive::INDEX_DAMAGED, "members.parquet does not fit its checksum"));
        }
        let metadata =
            ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::default()).map_err(|e| damaged(&e))?;
        let entries = metadata.metadata().file_metadata().key_value_metadata();
        let json = entries.into_iter().flatten().find(|kv| kv.key == METADATA_KEY);
        let json = json.and_then(|kv| kv.value.as_deref()).unwrap_or_default();
        let index = serde_json::from_str(json).map_err(|e| damaged(&e))?;
        Ok(Self { bytes, metadata, index })
    }

    /// What the index says of its archive.
    pub fn index(&self) -> &ArchiveIndex {
        &self.index
    }

    /// Number of row groups.
    pub fn row_groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// Members of one row group, in the order of their offsets.
    ///
    /// # Errors
    /// `INDEX_DAMAGED` when the row group does not read, or holds what no index holds.
    pub fn read(&self, row_group: usize) -> Result<Vec<Member>, Failure> {
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.bytes.clone(), self.metadata.clone())
                .with_row_groups(vec![row_group])
                .with_batch_size(ROWS_MAX)
                .build()
                .map_err(|e| damaged(&e))?;
        let mut members = Vec::new();
        for batch in reader {
            let batch = batch.map_err(|e| damaged(&e))?;
            let batch = members_of(&batch)
                .ok_or_else(|| Failure::new(archive::INDEX_DAMAGED, "members.parquet has other columns"))?;
            members.extend(batch);
        }
        Ok(members)
    }

    /// All members, row group by row group.
    pub fn members(&self) -> impl Iterator<Item = Result<Member, Failure>> + '_ {
        (0..self.row_groups()).flat_map(|group| match self.read(group) {
            Ok(members) => members.into_iter().map(Ok).collect::<Vec<_>>(),
            Err(failure) => vec![Err(failure)],
        })
    }
}

fn damaged(error: &dyn std::error::Error) -> Failure {
    Failure::new(archive::INDEX_DAMAGED, "members.parquet does not read back").caused_by(error)
}

fn not_written(error: &ParquetError) -> Failure {
    Failure::new(archive::INDEX_WRITE, "members.parquet cannot be written").caused_by(error)
}
