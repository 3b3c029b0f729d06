//! A shard's members in order, each with its body while there is one.
//!
//! ```text
//! fetch (async) ─chunks▶ extract (thread): decompress, pick bodies ─segments▶ decode, encode (thread) ─parts▶ upload (async)
//!                                              ◀─────── empty segments ───────┘
//! ```

use super::extract::{Picked, Tag, extract};
use crate::{
    input::Inputs,
    scratch::{Body, Filled, FilledSegment, ring},
    work::Site,
};
use std::{ops::Range, thread};
use tarquet_common::{
    archive::{ArchiveRef, Member, Run, windows_key},
    codes::ourselves,
    failure::Failure,
    memory::{FetchSettings, RING_SEGMENTS, segment_bytes},
    store::StoreSettings,
};
use tarquet_container::{Container, Wanted, zip};

/// A shard's members in order. Some are not wanted: refused, too large, or known to kill the decoder.
#[derive(Debug)]
pub(super) struct Members {
    runs: Vec<Run>,
    places: Vec<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    run: usize,
    member: usize,
    wanted: bool,
}

impl Members {
    /// The members of `runs`; `wanted` is asked for each, with its place in the shard.
    pub(super) fn of(runs: Vec<Run>, mut wanted: impl FnMut(u32, &Member) -> bool) -> Self {
        let mut places = Vec::new();
        for (run, r) in runs.iter().enumerate() {
            for (member, m) in r.members.iter().enumerate() {
                let place = u32::try_from(places.len()).unwrap_or(u32::MAX);
                places.push(Place { run, member, wanted: wanted(place, m) });
            }
        }
        Self { runs, places }
    }

    /// Opens the runs, wanted members only.
    ///
    /// # Errors
    /// What opening the stores said, and reading the windows.
    pub(super) async fn open(&self, inputs: &Inputs, places: Places<'_>) -> Result<Vec<Picked>, Failure> {
        let mut wanted: Vec<Vec<(u32, usize)>> = vec![Vec::new(); self.runs.len()];
        for (place, p) in self.places.iter().enumerate().filter(|(_, p)| p.wanted) {
            wanted[p.run].push((u32::try_from(place).unwrap_or(u32::MAX), p.member));
        }
        let mut picked = Vec::new();
        for (run, wanted) in self.runs.iter().zip(wanted) {
            if !wanted.is_empty() {
                picked.push(pick(inputs, places, run, wanted).await?);
            }
        }
        Ok(picked)
    }

    /// Sizes of the wanted bodies.
    fn sizes(&self) -> impl Iterator<Item = u64> {
        self.places.iter().filter(|p| p.wanted).map(|p| self.runs[p.run].members[p.member].size)
    }

    /// Bytes of the largest wanted body.
    pub(super) fn largest(&self) -> u64 {
        self.sizes().max().unwrap_or(0)
    }

    fn segment_bytes(&self) -> usize {
        let all = self.sizes().map(|s| s.next_multiple_of(64)).sum::<u64>();
        usize::try_from(segment_bytes(self.largest(), all)).unwrap_or(usize::MAX)
    }
}

/// Where archives and their indexes are reached.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places<'a> {
    /// How to reach the archives.
    pub(super) store: &'a StoreSettings,
    /// Where the indexes are.
    pub(super) index_uri: &'a str,
    /// How to reach that place.
    pub(super) index_store: &'a StoreSettings,
}

/// Opens a run. `wanted` says which of its members to pick, by place in the run, and what to call each.
async fn pick(
    inputs: &Inputs,
    places: Places<'_>,
    run: &Run,
    wanted: Vec<(u32, usize)>,
) -> Result<Picked, Failure> {
    let archive = inputs.open(&run.archive.uri, places.store, &run.archive.etag).await?;
    let window = match (run.start.window(), &run.index_key) {
        (Some(window), Some(key)) => {
            let windows = inputs.aid(places.index_uri, places.index_store, windows_key(key)).await?;
            Some(windows.read(window.range()).await?)
        }
        _ => None,
    };
    let index = run.index_key.as_ref().map(|key| format!("{}/{key}", places.index_uri.trim_end_matches('/')));
    Ok(Picked {
        archive: run.archive.clone(),
        index,
        stretch: archive.stretch(fetch_range(run)),
        start: run.start,
        window,
        wanted: wanted.into_iter().map(|(name, at)| (name, Wanted::from(&run.members[at]))).collect(),
    })
}

/// The bytes of the object to fetch. A zip member's local header has a length that only it tells.
fn fetch_range(run: &Run) -> Range<u64> {
    match (run.archive.container, run.members.first()) {
        (Container::Zip, Some(first)) => zip::member_range(first.offset, first.stored(), run.archive.size),
        _ => run.start.compressed..run.fetch_to,
    }
}

/// What there is of a member.
#[derive(Debug)]
pub(super) enum Content {
    /// Its body, proved.
    Body(Body),
    /// It is not wanted.
    Unwanted,
    /// Its body cannot be had out of the archive, whoever reads it.
    Damaged(Box<Failure>),
}

/// Extracts on a thread of its own and calls `each` on this one: place in the shard, archive, member, and what there is of it.
///
/// # Errors
/// The first of: scratch cannot be had; what `each` said; what the extractor said.
pub(super) fn with_members(
    site: &Site,
    members: &Members,
    runs: &[Picked],
    settings: FetchSettings,
    mut each: impl FnMut(u32, &ArchiveRef, &Member, Content) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let segment_bytes = members.segment_bytes();
    let (empties, filled) = ring::<Tag>(&site.scratch, RING_SEGMENTS, segment_bytes)?;
    site.progress.set_scratch((RING_SEGMENTS * segment_bytes) as u64);
    thread::scope(|scope| {
        let extractor = scope.spawn(move || extract(site, runs, settings, &empties));
        let mut bodies = Bodies { filled, segment: None, at: 0 };
        let consumed = consume(members, &mut bodies, &mut each);
        drop(bodies);
        let extracted = extractor.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        match consumed {
            // Bodies end early only because the extractor did: it knows why.
            Err(Ended::Early) => Err(extracted.err().unwrap_or_else(short)),
            Err(Ended::By(failure)) => Err(*failure),
            Ok(()) => extracted,
        }
    })
}

enum Ended {
    Early,
    By(Box<Failure>),
}

fn consume(
    members: &Members,
    bodies: &mut Bodies,
    each: &mut impl FnMut(u32, &ArchiveRef, &Member, Content) -> Result<(), Failure>,
) -> Result<(), Ended> {
    for (place, p) in (0u32..).zip(&members.places) {
        let run = &members.runs[p.run];
        let member = &run.members[p.member];
        let content = if p.wanted { bodies.next(place)? } else { Content::Unwanted };
        each(place, &run.archive, member, content).map_err(|failure| Ended::By(Box::new(failure)))?;
    }
    Ok(())
}

fn short() -> Failure {
    Failure::new(ourselves::INVARIANT, "the extractor ended before the last member")
}

/// Walks the bodies in the ring.
struct Bodies {
    filled: Filled<Tag>,
    segment: Option<FilledSegment<Tag>>,
    at: usize,
}

impl Bodies {
    /// What there is of the member at `place`, which is the next one wanted.
    fn next(&mut self, place: u32) -> Result<Content, Ended> {
        if self.segment.as_ref().is_none_or(|s| s.get(self.at).is_none()) {
            if let Some(done) = self.segment.take() {
                self.filled.give_back(done).map_err(|_| Ended::By(Box::new(held())))?;
            }
            self.segment = Some(self.filled.take().ok_or(Ended::Early)?);
            self.at = 0;
        }
        let (tag, body) = self.segment.as_ref().and_then(|s| s.get(self.at)).ok_or(Ended::Early)?;
        assert_eq!(tag.place, place, "bodies come in the order of the members");
        self.at += 1;
        Ok(match &tag.damage {
            Some(failure) => Content::Damaged(failure.clone()),
            None => Content::Body(body),
        })
    }
}

fn held() -> Failure {
    Failure::new(ourselves::INVARIANT, "a member is still being read after it was decoded")
}
