//! A whole set: archives, and the truth about them.

use super::{
    archive::{Archive, Blocks},
    colsum::Sums,
    frame::Frame,
    pandas,
};
use crate::generate::{ObjectWriter, Sink};
use serde::Serialize;
use std::{
    io::{self, Write},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

/// What decides every byte of a set.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Parameters {
    /// Archives.
    pub archives: u64,
    /// Members in all archives together.
    pub members: u64,
    /// Rows of an average member.
    pub rows: u64,
    /// Seed.
    pub seed: u64,
    /// How archives are cut into blocks.
    pub blocks: Blocks,
}

/// One archive, as `truth.json` tells it.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct ArchiveFacts {
    file: String,
    members: u64,
    rows: u64,
    /// Bytes of member bodies.
    tar_bytes: u64,
    /// Bytes of the archive.
    bytes: u64,
}

/// What a set adds up to: `truth.json`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Truth {
    /// What it was made from.
    pub params: Parameters,
    /// Each archive.
    pub archives: Vec<ArchiveFacts>,
    /// Bytes of member bodies.
    pub tar_bytes: u64,
    /// Bytes of archives.
    pub bytes: u64,
    /// All rows.
    #[serde(flatten)]
    pub sums: Sums,
}

/// Makes the set, on as many threads as there are cores.
pub(crate) fn generate(params: &Parameters, sink: &dyn Sink) -> io::Result<Truth> {
    let next = AtomicU64::new(0);
    let done = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(usize::try_from(params.archives).unwrap_or(usize::MAX)) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= params.archives {
                        return;
                    }
                    let made = one(params, number, sink).map(|(facts, sums)| (number, facts, sums));
                    let failed = made.is_err();
                    done.lock().expect("no thread panics with the lock").push(made);
                    if failed {
                        next.store(params.archives, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let done = done.into_inner().expect("no thread panics with the lock");
    let mut done = done.into_iter().collect::<io::Result<Vec<_>>>()?;
    done.sort_by_key(|(number, ..)| *number);
    let truth = tally(params, done);
    let mut file = sink.create("truth.json")?;
    file.write_all(&serde_json::to_vec_pretty(&truth)?)?;
    file.finish()?;
    Ok(truth)
}

fn tally(params: &Parameters, done: Vec<(u64, ArchiveFacts, Sums)>) -> Truth {
    let mut truth =
        Truth { params: params.clone(), archives: Vec::new(), tar_bytes: 0, bytes: 0, sums: Sums::default() };
    for (_, facts, sums) in done {
        truth.tar_bytes += facts.tar_bytes;
        truth.bytes += facts.bytes;
        truth.sums.merge(sums);
        truth.archives.push(facts);
    }
    truth
}

/// Writes one archive. Members are spread evenly, the first archives taking one more.
fn one(params: &Parameters, number: u64, sink: &dyn Sink) -> io::Result<(ArchiveFacts, Sums)> {
    let (each, more) = (params.members / params.archives, params.members % params.archives);
    let first = number * each + number.min(more);
    let members = each + u64::from(number < more);
    let mut facts =
        ArchiveFacts { file: format!("archive_{number:02}.tar.lz4"), members, ..Default::default() };
    let mut sums = Sums::default();
    let mut archive = Archive::new(Counted { to: sink.create(&facts.file)?, bytes: 0 }, params.blocks);
    for member in first..first + members {
        let frame = Frame::new(params.seed, member, params.rows);
        let body = pandas::member(&frame);
        archive.append(&format!("archive_{number:02}/frame_{member:06}.h5"), member, &body)?;
        facts.rows += frame.rows() as u64;
        facts.tar_bytes += body.len() as u64;
        sums.merge(frame.sums());
    }
    let counted = archive.finish()?;
    facts.bytes = counted.bytes;
    counted.to.finish()?;
    Ok((facts, sums))
}

/// Counts what passes.
struct Counted {
    to: Box<dyn ObjectWriter>,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Folder;

    fn set(blocks: Blocks) -> (tempfile::TempDir, Truth) {
        let dir = tempfile::tempdir().unwrap();
        let params = Parameters { archives: 2, members: 5, rows: 40, seed: 9, blocks };
        let truth = generate(&params, &Folder(dir.path().to_owned())).unwrap();
        (dir, truth)
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let ((a, truth), (b, _)) = (set(Blocks::Linked), set(Blocks::Linked));
        assert_eq!(truth.archives.iter().map(|f| f.members).collect::<Vec<_>>(), [3, 2]);
        for name in ["archive_00.tar.lz4", "archive_01.tar.lz4", "truth.json"] {
            let read = |d: &tempfile::TempDir| std::fs::read(d.path().join(name)).unwrap();
            assert_eq!(read(&a), read(&b), "{name}");
        }
        assert_eq!(std::fs::read_dir(a.path()).unwrap().count(), 3);
    }

    #[test]
    fn block_modes_hold_the_same_members() {
        let read = |dir: &tempfile::TempDir| {
            let file = std::fs::File::open(dir.path().join("archive_00.tar.lz4")).unwrap();
            let mut tar = tar::Archive::new(lz4_flex::frame::FrameDecoder::new(file));
            let names = tar.entries().unwrap().map(|e| e.unwrap().path().unwrap().into_owned());
            names.collect::<Vec<_>>()
        };
        let ((linked, truth), (independent, same)) = (set(Blocks::Linked), set(Blocks::Independent));
        assert_eq!(read(&linked), read(&independent));
        assert_eq!(truth.sums, same.sums);
    }

    #[test]
    fn nothing_is_overwritten() {
        let (dir, truth) = set(Blocks::Linked);
        let again = generate(&truth.params, &Folder(dir.path().to_owned()));
        assert_eq!(again.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
