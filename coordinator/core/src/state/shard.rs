//! A shard and where it stands in its round. Each state is a struct with exactly its own data; [`ShardState`] only gathers
//! them. How one becomes another is in `transitions`.

use crate::rows::LeaseRow;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tarquet_common::{
    clock::Millis,
    failure::Failure,
    ids::{AttemptId, ShardId, WorkerId},
    leasing::Progress,
    receipt::Receipt,
    seal::Seal,
    stage_plan::ShardRecord,
};

/// A shard of a planned stage.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shard {
    pub(crate) id: ShardId,
    /// What the plan says of it.
    pub(crate) plan: ShardRecord,
    /// Raised by `retry` and by lost uploads.
    pub(crate) round: u32,
    /// What its attempts left behind.
    pub(crate) history: History,
    /// Where it stands in its round.
    pub(crate) state: ShardState,
}

/// What the attempts of a shard left behind; the fields are those of [`ShardRow`].
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History {
    pub(crate) charged: u32,
    pub(crate) bugs: u32,
    pub(crate) attempts: u32,
    pub(crate) newest: Option<AttemptId>,
    pub(crate) owner: Option<Seal>,
    pub(crate) closed: Option<AttemptId>,
    pub(crate) avoid: Option<WorkerId>,
    pub(crate) last_failure: Option<Box<Failure>>,
    pub(crate) suspects: BTreeMap<u32, BTreeSet<AttemptId>>,
    pub(crate) skip: BTreeSet<u32>,
    pub(crate) silent: u32,
}

/// May be leased now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Waiting {
    pub(crate) since: Millis,
}

/// May be leased later.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Delayed {
    pub(crate) until: Millis,
}

/// Has one live lease, or two.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Leased {
    pub(crate) first: Box<Live>,
    pub(crate) second: Option<Box<Live>>,
}

/// Has a receipt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Done {
    pub(crate) receipt: Arc<Receipt>,
    /// Its artifacts are visible.
    pub(crate) published: bool,
    /// How long the attempt took; 0 if unknown.
    pub(crate) took_ms: u64,
}

/// Will not be tried again in this round.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stopped {
    pub(crate) failure: Box<Failure>,
}

/// Somebody accepted to go on without it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Excluded {
    pub(crate) failure: Box<Failure>,
}

/// Where a shard stands in its round.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ShardState {
    Waiting(Waiting),
    Delayed(Delayed),
    Leased(Leased),
    Done(Done),
    Stopped(Stopped),
    Excluded(Excluded),
}

/// A live lease.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Live {
    pub(crate) row: LeaseRow,
    pub(crate) granted_at: Millis,
    pub(crate) deadline: Millis,
    pub(crate) progressed_at: Millis,
    pub(crate) progress: Progress,
}

impl Shard {
    /// Stage and number.
    pub(crate) fn place(&self) -> (u8, u32) {
        (self.id.stage, self.id.shard)
    }

    /// The item at a place that a worker names, if the shard has one there. A worker's word is no reason to skip any other.
    pub(crate) fn item(&self, place: Option<u32>) -> Option<u32> {
        place.filter(|place| u64::from(*place) < self.plan.items)
    }

    /// The receipt of its round, if it has one.
    pub(crate) fn receipt(&self) -> Option<&Arc<Receipt>> {
        match &self.state {
            ShardState::Done(done) => Some(&done.receipt),
            _ => None,
        }
    }

    /// Has a receipt with artifacts that are not visible yet.
    pub(crate) fn is_unpublished(&self) -> bool {
        matches!(&self.state, ShardState::Done(done) if !done.published && !done.receipt.artifacts.is_empty())
    }

    /// Its live leases, the older one first.
    pub(crate) fn leases(&self) -> impl Iterator<Item = &Live> {
        let leased = match &self.state {
            ShardState::Leased(leased) => Some(leased),
            _ => None,
        };
        leased.into_iter().flat_map(Leased::iter)
    }

    /// The live lease of an attempt.
    pub(crate) fn lease(&self, attempt: AttemptId) -> Option<&Live> {
        self.leases().find(|live| live.row.attempt == attempt)
    }

    /// The live lease of an attempt, to write its progress down.
    pub(crate) fn lease_mut(&mut self, attempt: AttemptId) -> Option<&mut Live> {
        let ShardState::Leased(leased) = &mut self.state else { return None };
        let mut both = std::iter::once(&mut *leased.first).chain(leased.second.as_deref_mut());
        both.find(|live| live.row.attempt == attempt)
    }
}

impl ShardState {
    /// Has no receipt, and may get one.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Waiting(_) | Self::Delayed(_) | Self::Leased(_))
    }

    /// One word for people. `published` is a state to them.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Waiting(_) => "waiting",
            Self::Delayed(_) => "delayed",
            Self::Leased(_) => "running",
            Self::Done(done) if done.published => "published",
            Self::Done(_) => "done",
            Self::Stopped(_) => "stopped",
            Self::Excluded(_) => "excluded",
        }
    }
}

impl Leased {
    /// Its leases, the older one first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Live> {
        std::iter::once(&*self.first).chain(self.second.as_deref())
    }
}
