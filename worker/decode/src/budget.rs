//! How much may still be held and made, over all of a member, and how long that may take.
//!
//! Whatever a file can make large or many is **charged** before it is allocated: datasets, values of variable length each
//! time they are copied out, names, attributes, types, what pickles build, labels with the texts that are rendered from
//! them, and the arrays of the frame. There are two accounts. What is **read** is held while the decoder works; some of it
//! is only lent ([`Loan`]) and comes back. What is **made** stays: the frame. The plan bounds each of them by itself. This
//! process has room for the decoder's work and the frame together, or for the frame and the conformed copy that follows:
//! twice `memory_bytes` in either case, and an eighth for what lies beside values (bitmaps, spare capacity).

use crate::{
    fail::{Res, differs, over_limit},
    options::Limits,
    pace::Pace,
};
use std::cell::Cell;
use tarquet_common::codes::cluster;

/// What a label costs besides its text: where it is held, found by and rendered.
const LABEL_BYTES: u64 = 128;

/// What an array costs besides its values.
const ARRAY_BYTES: u64 = 128;

/// Counts what a member needs: against what the plan allows, and what this process has room for.
pub(crate) struct Budget {
    decoded_bytes: u64,
    memory_bytes: u64,
    read: Cell<u64>,
    made: Cell<u64>,
    pace: Pace,
}

impl Budget {
    /// Nothing is spent yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self::at_pace(limits, Pace::default())
    }

    fn at_pace(limits: &Limits, pace: Pace) -> Self {
        let Limits { decoded_bytes, memory_bytes, .. } = *limits;
        Self { decoded_bytes, memory_bytes, read: Cell::new(0), made: Cell::new(0), pace }
    }

    /// Charges `bytes` that the decoder reads of `item` and holds to the end.
    ///
    /// # Errors
    /// `OVER_LIMIT` beyond what the plan allows: the member's failure. `SLOT_TOO_SMALL` beyond what this process has.
    /// `DECODER_SLOW` where it takes too long.
    pub(crate) fn spend(&self, bytes: u64, item: &str) -> Res<()> {
        self.charge(&self.read, bytes, item)?;
        self.pace.earn(bytes);
        self.pace.keep(item)
    }

    /// Charges `bytes` of the frame.
    ///
    /// # Errors
    /// As [`Self::spend`].
    pub(crate) fn make(&self, bytes: u64, item: &str) -> Res<()> {
        self.charge(&self.made, bytes, item)?;
        self.pace.earn(bytes);
        self.pace.keep(item)
    }

    /// Charges a label with `text` bytes in it.
    ///
    /// # Errors
    /// As [`Self::spend`].
    pub(crate) fn label(&self, text: usize, item: &str) -> Res<()> {
        self.make(LABEL_BYTES + 2 * text as u64, item)
    }

    /// Charges `count` arrays of `rows` values of `width` bytes.
    ///
    /// # Errors
    /// As [`Self::spend`].
    pub(crate) fn arrays(&self, count: usize, rows: usize, width: usize, item: &str) -> Res<()> {
        let each = (rows as u64).saturating_mul(width as u64).saturating_add(ARRAY_BYTES);
        self.make(each.saturating_mul(count as u64), item)
    }

    /// What is spent so far, for [`Self::back_to`].
    pub(crate) fn spent(&self) -> Spent {
        Spent { read: self.read.get(), made: self.made.get() }
    }

    /// Forgets what was spent since, all of which must be gone by now.
    pub(crate) fn back_to(&self, spent: Spent) {
        self.read.set(spent.read);
        self.made.set(spent.made);
    }

    /// A loan that is empty yet.
    pub(crate) fn loan(&self) -> Loan<'_> {
        Loan { budget: self, bytes: Cell::new(0) }
    }

    /// Notes work that leaves nothing behind: so many bytes or values looked at.
    #[inline]
    pub(crate) fn work(&self, units: usize) {
        self.pace.work(units as u64);
    }

    /// Whether the work so far was done in time.
    ///
    /// # Errors
    /// `DECODER_SLOW`.
    #[inline]
    pub(crate) fn keep_pace(&self, item: &str) -> Res<()> {
        self.pace.keep(item)
    }

    #[inline]
    fn charge(&self, account: &Cell<u64>, bytes: u64, item: &str) -> Res<()> {
        let sum = account.get().saturating_add(bytes);
        if sum > self.decoded_bytes {
            return Err(over_limit(item, "decoded data of the member", self.decoded_bytes, "more"));
        }
        let before = account.replace(sum);
        let (read, made, room) = (self.read.get(), self.made.get(), self.memory_bytes);
        let room = room.saturating_add(room / 8);
        if made > room || read.saturating_add(made) > room.saturating_mul(2) {
            account.set(before);
            return Err(differs(
                cluster::SLOT_TOO_SMALL,
                item,
                "the member's decoded data does not fit into the slot",
                format!("at most {} bytes", self.memory_bytes),
                format!("{} bytes or more", made.max(read.saturating_add(made) / 2)),
            ));
        }
        self.pace.work(16);
        Ok(())
    }
}

/// The accounts as they stood at a time.
#[derive(Clone, Copy)]
pub(crate) struct Spent {
    read: u64,
    made: u64,
}

/// Bytes that are held for a while: they come back when it is dropped.
pub(crate) struct Loan<'b> {
    budget: &'b Budget,
    bytes: Cell<u64>,
}

impl<'b> Loan<'b> {
    /// The budget that lends.
    pub(crate) fn budget(&self) -> &'b Budget {
        self.budget
    }

    /// Charges `bytes` more.
    ///
    /// # Errors
    /// As [`Budget::spend`].
    pub(crate) fn add(&self, bytes: u64, item: &str) -> Res<()> {
        self.budget.charge(&self.budget.read, bytes, item)?;
        self.bytes.set(self.bytes.get() + bytes);
        self.budget.pace.keep(item)
    }

    /// Gives `bytes` back early.
    pub(crate) fn give_back(&self, bytes: u64) {
        let bytes = bytes.min(self.bytes.get());
        self.bytes.set(self.bytes.get() - bytes);
        self.budget.read.set(self.budget.read.get().saturating_sub(bytes));
    }

    /// Makes room in `into` for `more` values, and charges what it grows by.
    ///
    /// # Errors
    /// As [`Budget::spend`].
    #[inline]
    pub(crate) fn room<T>(&self, into: &mut Vec<T>, more: usize, item: &str) -> Res<()> {
        if into.capacity() - into.len() >= more {
            return Ok(());
        }
        let wanted = (into.len() + more).max(2 * into.capacity()).max(4);
        self.add(((wanted - into.capacity()) * size_of::<T>()) as u64, item)?;
        into.reserve_exact(wanted - into.len());
        Ok(())
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        self.give_back(self.bytes.get());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tarquet_common::codes::format;

    fn budget(decoded_bytes: u64, memory_bytes: u64) -> Budget {
        Budget::new(&Limits { decoded_bytes, memory_bytes, ..Limits::default() })
    }

    #[test]
    fn what_the_plan_forbids_is_told_from_what_does_not_fit_here() {
        let budget = budget(100, 40);
        assert!(budget.make(45, "a").is_ok(), "an eighth lies beside");
        assert_eq!(budget.make(1, "b").unwrap_err().code, cluster::SLOT_TOO_SMALL);
        assert_eq!(budget.make(56, "b").unwrap_err().code, format::OVER_LIMIT);
        assert!(budget.spend(45, "c").is_ok(), "the frame's copy is not there yet");
        assert_eq!(budget.spend(1, "c").unwrap_err().code, cluster::SLOT_TOO_SMALL);
    }

    #[test]
    fn what_is_lent_comes_back() {
        let budget = budget(100, u64::MAX);
        let loan = budget.loan();
        let mut values: Vec<u64> = Vec::new();
        loan.room(&mut values, 1, "a").unwrap();
        assert_eq!((values.capacity(), budget.read.get()), (4, 32));
        loan.room(&mut values, 5, "a").unwrap();
        assert_eq!(budget.read.get(), 64);
        assert_eq!(loan.room(&mut values, 20, "a").unwrap_err().code, format::OVER_LIMIT);
        loan.give_back(32);
        assert_eq!(budget.read.get(), 32);
        drop(loan);
        assert_eq!(budget.read.get(), 0);
    }

    #[test]
    fn work_without_end_is_ended_by_name() {
        let hours: fn() -> Duration = || Duration::from_secs(3600);
        let budget = Budget::at_pace(&Limits::default(), Pace::since(Duration::ZERO, hours));
        assert!(budget.keep_pace("a").is_ok(), "the clock is not asked for nothing");
        budget.work(1 << 30);
        assert_eq!(budget.keep_pace("a").unwrap_err().code, cluster::DECODER_SLOW);
    }
}
