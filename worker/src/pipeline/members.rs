//! A shard's members in order, each with its body while there is one.

use super::extract::{Extraction, Picked, Tag, extract};
use crate::{
    attempt::Opener,
    scratch::{Body, Filled, FilledSegment, ring},
};
use std::{path::Path, thread};
use tarquet_common::{
    archive::{ArchiveRef, Member, Run},
    codes::ourselves,
    failure::Failure,
    memory::{RING_SEGMENTS, segment_bytes},
};
use tokio::runtime::Handle;

/// A shard's members in order. Some are not wanted: refused, too large, or known to kill the decoder.
#[derive(Debug)]
pub(crate) struct Members {
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
    pub(crate) fn of(runs: Vec<Run>, mut wanted: impl FnMut(u32, &Member) -> bool) -> Self {
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
    pub(crate) async fn open(&self, opener: &mut Opener<'_>) -> Result<Vec<Picked>, Failure> {
        let mut wanted: Vec<Vec<(u32, usize)>> = vec![Vec::new(); self.runs.len()];
        for (place, p) in self.places.iter().enumerate().filter(|(_, p)| p.wanted) {
            wanted[p.run].push((u32::try_from(place).unwrap_or(u32::MAX), p.member));
        }
        let mut picked = Vec::new();
        for (run, wanted) in self.runs.iter().zip(wanted) {
            if !wanted.is_empty() {
                picked.push(opener.open(run, wanted).await?);
            }
        }
        Ok(picked)
    }

    /// Sizes of the wanted bodies.
    fn sizes(&self) -> impl Iterator<Item = u64> {
        self.places.iter().filter(|p| p.wanted).map(|p| self.runs[p.run].members[p.member].size)
    }

    /// Bytes of the largest wanted body.
    pub(crate) fn largest(&self) -> u64 {
        self.sizes().max().unwrap_or(0)
    }

    fn segment_bytes(&self) -> usize {
        let all = self.sizes().map(|s| s.next_multiple_of(64)).sum::<u64>();
        usize::try_from(segment_bytes(self.largest(), all)).unwrap_or(usize::MAX)
    }
}

/// What there is of a member.
#[derive(Debug)]
pub(crate) enum Content {
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
pub(crate) fn with_members(
    runtime: &Handle,
    scratch: &Path,
    members: &Members,
    extraction: Extraction,
    mut each: impl FnMut(u32, &ArchiveRef, &Member, Content) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let segment_bytes = members.segment_bytes();
    let (empties, filled) = ring::<Tag>(scratch, RING_SEGMENTS, segment_bytes)?;
    extraction.context.progress.set_scratch((RING_SEGMENTS * segment_bytes) as u64);
    thread::scope(|scope| {
        let extractor = scope.spawn(move || extract(runtime, extraction, &empties));
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
