//! The states of a job. Each is a struct with exactly its own data; [`Phase`] only gathers them.
//!
//! ```text
//!  submit ─▶ Claiming ──────────── the claim is another's: the row goes, submit is refused
//!               │ claim stored
//!               ▼
//!           Planning(stage) ◀───┐                         ┌─────────────────────────────────┐
//!               │ planned       │ next leased stage       │  Held: no new leases, work kept │
//!               ▼               │                         │  accept · retry ─▶ back         │
//!           Running(stage) ─────┘  ◀──── hold / go on ───▶│                                 │
//!               │ last leased stage is complete           └─────────────────────────────────┘
//!               ▼                                            ▲ ▼ also from Planning, Checking,
//!           Deciding(publish | cancel | fail)                    Publishing, Cataloguing
//!               │ the outcome object says …
//!      ┌────────┼───────────┐
//!      ▼        ▼           ▼
//!  Cancelled  Failed     Checking ─▶ Publishing ─▶ Cataloguing ─▶ Done
//! ```
//!
//! `cancel` goes to Deciding from everything left of the outcome; past it, it is refused. Shards whose upload was lost
//! are leased again while the job stays in Publishing. Pause is a flag beside the phase.

use crate::objects::Verdict;
use serde::{Deserialize, Serialize};
use tarquet_common::failure::Failure;

/// The claim on the output is being written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Claiming {}

/// A stage is being planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planning {
    /// Which.
    pub stage: u8,
}

/// Shards of a stage are leased.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// Which.
    pub stage: u8,
}

/// Waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// What kind of trouble.
    pub hold: Hold,
    /// What happened.
    pub failure: Box<Failure>,
    /// Where it goes on.
    pub back: Back,
    /// Since when, milliseconds since the epoch.
    pub since_unix_ms: u64,
}

/// The outcome object is being written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deciding {
    /// What it will say, if nobody was faster.
    pub verdict: Verdict,
}

/// The output is being listed again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checking {}

/// Uploads are being completed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Publishing {}

/// The catalog is being written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cataloguing {}

/// Published.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// Uploads of attempts that lost have been aborted.
    pub swept: bool,
}

/// Cancelled before its outcome was to publish.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cancelled {
    /// Why, as the canceller said.
    pub reason: String,
    /// Its uploads have been aborted and the output's claim released.
    pub swept: bool,
}

/// Failed for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// Why.
    pub failure: Box<Failure>,
    /// Its uploads have been aborted and the output's claim released.
    pub swept: bool,
}

/// What kind of trouble holds a job; decides what goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// More items quarantined than allowed.
    Budget,
    /// Shards whose input cannot be done.
    Shards,
    /// A shard is out of retries.
    OutOfRetries,
    /// Access is missing.
    Denied,
    /// An invariant of ours broke twice.
    Bug,
    /// A stage could not be planned.
    Plan,
    /// Something else lies in the output.
    Foreign,
    /// Publishing cannot be finished.
    Publish,
}

/// Where a held job goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Back {
    /// Plan the stage again.
    Planning {
        /// Which.
        stage: u8,
    },
    /// Lease the stage's shards.
    Running {
        /// Which.
        stage: u8,
    },
    /// Look at the output again and publish.
    Checking,
}

/// The states of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum Phase {
    /// The claim on the output is being written.
    Claiming(Claiming),
    /// A stage is being planned.
    Planning(Planning),
    /// Shards of a stage are leased.
    Running(Running),
    /// Waits for a person.
    Held(Held),
    /// The outcome object is being written.
    Deciding(Deciding),
    /// The output is being listed again.
    Checking(Checking),
    /// Uploads are being completed.
    Publishing(Publishing),
    /// The catalog is being written.
    Cataloguing(Cataloguing),
    /// Published.
    Done(Done),
    /// Cancelled before its outcome was to publish.
    Cancelled(Cancelled),
    /// Failed for good.
    Failed(Failed),
}

/// A phase without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhaseName {
    /// See [`Claiming`].
    Claiming,
    /// See [`Planning`].
    Planning,
    /// See [`Running`].
    Running,
    /// See [`Held`].
    Held,
    /// See [`Deciding`].
    Deciding,
    /// See [`Checking`].
    Checking,
    /// See [`Publishing`].
    Publishing,
    /// See [`Cataloguing`].
    Cataloguing,
    /// See [`Done`].
    Done,
    /// See [`Cancelled`].
    Cancelled,
    /// See [`Failed`].
    Failed,
}

impl Phase {
    /// Its name.
    pub fn name(&self) -> PhaseName {
        match self {
            Self::Claiming(_) => PhaseName::Claiming,
            Self::Planning(_) => PhaseName::Planning,
            Self::Running(_) => PhaseName::Running,
            Self::Held(_) => PhaseName::Held,
            Self::Deciding(_) => PhaseName::Deciding,
            Self::Checking(_) => PhaseName::Checking,
            Self::Publishing(_) => PhaseName::Publishing,
            Self::Cataloguing(_) => PhaseName::Cataloguing,
            Self::Done(_) => PhaseName::Done,
            Self::Cancelled(_) => PhaseName::Cancelled,
            Self::Failed(_) => PhaseName::Failed,
        }
    }

    /// Nothing will change any more but the sweep.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Cancelled(_) | Self::Failed(_))
    }

    /// It is over, and nothing of it is left to be removed.
    pub fn is_swept(&self) -> bool {
        match self {
            Self::Done(x) => x.swept,
            Self::Cancelled(x) => x.swept,
            Self::Failed(x) => x.swept,
            _ => false,
        }
    }
}

impl PhaseName {
    /// All legal transitions. Staying is always legal. Everything may follow a rebuild from the store.
    pub fn may_become(self, next: Self) -> bool {
        use PhaseName::*;
        let legal: &[Self] = match self {
            Claiming => &[Planning, Deciding],
            Planning => &[Running, Held, Deciding],
            Running => &[Planning, Held, Deciding],
            Held => &[Planning, Running, Checking, Deciding],
            Deciding => &[Checking, Cancelled, Failed],
            Checking => &[Publishing, Held],
            Publishing => &[Cataloguing, Held],
            Cataloguing => &[Done, Held],
            Done | Cancelled | Failed => &[],
        };
        self == next || legal.contains(&next)
    }
}

impl From<Back> for Phase {
    fn from(back: Back) -> Self {
        match back {
            Back::Planning { stage } => Self::Planning(Planning { stage }),
            Back::Running { stage } => Self::Running(Running { stage }),
            Back::Checking => Self::Checking(Checking {}),
        }
    }
}
