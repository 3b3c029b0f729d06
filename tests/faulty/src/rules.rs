//! Which calls are struck, and how.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tarquet_common::store::StoreError;

/// The verbs of [`Store`](tarquet_common::store::Store).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the verb of its name")]
pub enum Verb {
    Head,
    Get,
    GetRange,
    GetStream,
    List,
    PutIfAbsent,
    Put,
    Delete,
    BeginUpload,
    UploadPart,
    ListParts,
    CompleteUpload,
    AbortUpload,
    ListUploads,
    RemoveTemporaries,
    Lifecycle,
}

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 16] = [
        Self::Head,
        Self::Get,
        Self::GetRange,
        Self::GetStream,
        Self::List,
        Self::PutIfAbsent,
        Self::Put,
        Self::Delete,
        Self::BeginUpload,
        Self::UploadPart,
        Self::ListParts,
        Self::CompleteUpload,
        Self::AbortUpload,
        Self::ListUploads,
        Self::RemoveTemporaries,
        Self::Lifecycle,
    ];

    /// Whether its answer holds an ETag.
    pub fn has_etag(self) -> bool {
        matches!(
            self,
            Self::Head
                | Self::Get
                | Self::List
                | Self::Put
                | Self::UploadPart
                | Self::ListParts
                | Self::CompleteUpload
        )
    }

    /// Whether it can say that what it was asked about is not there.
    pub fn has_absence(self) -> bool {
        matches!(
            self,
            Self::Head
                | Self::Get
                | Self::GetRange
                | Self::GetStream
                | Self::List
                | Self::UploadPart
                | Self::ListParts
                | Self::CompleteUpload
                | Self::ListUploads
        )
    }
}

/// What a struck call meets. The table in the [crate's documentation](crate) says what each stands for.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// Nothing happens; this is the error.
    Before(StoreError),
    /// It happens; this is the error all the same. A call that fails by itself tells its own error.
    After(StoreError),
    /// Only for [`Verb::CompleteUpload`]: the outcome is unclear, whether it happened (`done`) or not.
    Unclear {
        /// It happens.
        done: bool,
    },
    /// Nothing happens, and the answer is that there is no such thing: `None`, an empty list, `NotFound`,
    /// `NoSuchUpload`. Only for verbs that [can say so](Verb::has_absence).
    Absent,
    /// It happens; the ETag in the answer is this. Only for verbs that [have one](Verb::has_etag); in lists, every one.
    WrongEtag(String),
    /// It happens, so much later.
    Delay(Duration),
    /// It happens now, and is answered so much later.
    DelayAnswer(Duration),
    /// Nothing goes wrong: calls are only counted.
    Nothing,
}

/// An error as after a broken connection: it [passes](StoreError::passes), and leaves open whether anything happened.
pub fn lost_answer() -> StoreError {
    StoreError::Unreachable {
        operation: "ask",
        uri: "faulty://".to_owned(),
        detail: "the connection was broken on purpose".to_owned(),
    }
}

/// Some calls of one verb.
#[derive(Clone, Debug)]
pub struct Calls {
    verb: Verb,
    prefix: String,
    part: String,
    skip: u64,
    times: u64,
}

impl Calls {
    /// Every call of the verb.
    pub fn of(verb: Verb) -> Self {
        Self { verb, prefix: String::new(), part: String::new(), skip: 0, times: u64::MAX }
    }

    /// Only those whose key starts with `prefix`. The key of a list is its prefix; `RemoveTemporaries` and `Lifecycle`
    /// have an empty one.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.prefix);
        self
    }

    /// Only those whose key contains `part`.
    #[must_use]
    pub fn with(mut self, part: &str) -> Self {
        part.clone_into(&mut self.part);
        self
    }

    /// Of those, spares the first `n`.
    #[must_use]
    pub fn after(mut self, n: u64) -> Self {
        self.skip = n;
        self
    }

    /// Of those, strikes the first `n`.
    #[must_use]
    pub fn times(mut self, n: u64) -> Self {
        self.times = n;
        self
    }

    /// Of those, strikes the first.
    #[must_use]
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Strikes the `n`-th only, counted from 1.
    ///
    /// # Panics
    /// If `n` is 0.
    #[must_use]
    pub fn nth(self, n: u64) -> Self {
        assert!(n > 0, "calls are counted from 1");
        self.after(n - 1).once()
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} under {:?} with {:?}", self.verb, self.prefix, self.part)?;
        if self.times == u64::MAX {
            return write!(f, ", from number {} on", self.skip.saturating_add(1));
        }
        write!(f, ", {} from number {} on", self.times, self.skip.saturating_add(1))
    }
}

/// A rule that was planted. Clones count together.
#[derive(Clone, Debug)]
pub struct Planted(Arc<Rule>);

#[derive(Debug)]
struct Rule {
    calls: Calls,
    trouble: Trouble,
    seen: AtomicU64,
    fired: AtomicU64,
}

impl Planted {
    /// # Panics
    /// If the trouble is none that the verb can meet: such a rule would test nothing.
    pub(crate) fn new(calls: Calls, trouble: Trouble) -> Self {
        let verb = calls.verb;
        let possible = match &trouble {
            Trouble::Unclear { .. } => verb == Verb::CompleteUpload,
            Trouble::Absent => verb.has_absence(),
            Trouble::WrongEtag(_) => verb.has_etag(),
            Trouble::Before(_)
            | Trouble::After(_)
            | Trouble::Delay(_)
            | Trouble::DelayAnswer(_)
            | Trouble::Nothing => true,
        };
        assert!(possible, "{verb:?} cannot meet {trouble:?}");
        Self(Arc::new(Rule { calls, trouble, seen: AtomicU64::new(0), fired: AtomicU64::new(0) }))
    }

    /// How many calls it has struck.
    pub fn fired(&self) -> u64 {
        self.0.fired.load(Ordering::SeqCst)
    }

    /// How many calls of its verb had its key, struck or spared. A call that an earlier rule struck is seen too.
    pub fn seen(&self) -> u64 {
        self.0.seen.load(Ordering::SeqCst)
    }

    pub(crate) fn calls(&self) -> &Calls {
        &self.0.calls
    }

    /// Counts a call, if it is one of the rule's; the trouble, if it is to meet it.
    pub(crate) fn sees(&self, verb: Verb, key: &str) -> Option<&Trouble> {
        let Calls { verb: of, prefix, part, skip, times } = &self.0.calls;
        if *of != verb || !key.starts_with(prefix.as_str()) || !key.contains(part.as_str()) {
            return None;
        }
        let before = self.0.seen.fetch_add(1, Ordering::SeqCst);
        (before >= *skip && before - skip < *times).then_some(&self.0.trouble)
    }

    pub(crate) fn fires(&self) {
        self.0.fired.fetch_add(1, Ordering::SeqCst);
    }
}
