//! Members that failed, set aside with the reason.

use crate::{attempt::Site, output::StoreWriter};
use std::{io::Write, sync::Arc};
use tarquet_common::{
    archive::{ArchiveRef, Member},
    codes::store as codes,
    failure::{Class, Failure},
    memory::UploadSettings,
    receipt::{QUARANTINE, SideObject},
};
use tarquet_container::Container;
use tarquet_encode::{AttemptRecord, FailureRecord, fingerprint, write_quarantine};

/// The records of one attempt.
pub(super) struct Quarantine<'a> {
    site: &'a Site,
    first: u64,
    records: Vec<FailureRecord>,
}

impl<'a> Quarantine<'a> {
    /// For the members of a shard, the first of which has the number `first` in plan order.
    pub(super) fn new(site: &'a Site, first: u64) -> Self {
        Self { site, first, records: Vec::new() }
    }

    /// Sets a member aside.
    pub(super) fn add(&mut self, place: u32, archive: &ArchiveRef, member: &Member, failure: &Failure) {
        let name = member.display_name();
        self.records.push(FailureRecord {
            job: self.site.lease.shard.job.to_string(),
            seq: self.first + u64::from(place),
            fingerprint: fingerprint(failure),
            code: failure.code,
            class: failure.class(),
            retryable: failure.class() != Class::Input,
            uri: archive.uri.clone(),
            etag: Some(archive.etag.clone()),
            item_offset: Some(member.offset),
            item_size: Some(member.size),
            expected: failure.expected.clone(),
            found: failure.found.clone(),
            message: failure.message.clone(),
            causes: failure.causes.clone(),
            attempts: vec![AttemptRecord {
                worker: self.site.worker.to_string(),
                started: i64::try_from(self.site.started_unix_ms).unwrap_or(i64::MAX),
                seconds: self.site.elapsed.seconds(),
                error: failure.message.clone(),
            }],
            hint: failure.hint().to_owned(),
            reproduce: reproduce(archive, member),
            item: Some(name),
        });
    }

    /// Writes the file, if any member failed. The attempt is in its name: two attempts never write one object.
    pub(super) fn write(self) -> Result<Option<SideObject>, Failure> {
        if self.records.is_empty() {
            return Ok(None);
        }
        let bytes = write_quarantine(&self.records)?;
        let lease = &self.site.lease;
        let attempt = format!("{}.{}.{}", lease.shard.shard, lease.round, lease.attempt);
        let mut writer = StoreWriter::begin(
            self.site.runtime.clone(),
            Arc::clone(&self.site.job),
            format!("quarantine/{}/{attempt}.parquet", lease.stage_name),
            UploadSettings::SIDES,
            self.site.context.clone(),
        )?;
        writer.write_all(&bytes).map_err(|e| {
            Failure::new(codes::STORE_UNREACHABLE, "the quarantine file cannot be written").caused_by(&e)
        })?;
        writer.publish(QUARANTINE).map(Some)
    }
}

/// The command that shows the failure again. The offset tells members of one name apart.
fn reproduce(archive: &ArchiveRef, member: &Member) -> String {
    let inspect = format!("tarquet inspect {}", quoted(&archive.uri));
    match archive.container {
        Container::Loose => inspect,
        _ => format!("{inspect} --member {} --offset {}", quoted(&member.display_name()), member.offset),
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("a b.h5"), "'a b.h5'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
