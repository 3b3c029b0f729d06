//! How much may still be decoded, over all datasets of a member.

use crate::{
    fail::{Res, differs, over_limit},
    options::Limits,
};
use std::cell::Cell;
use tarquet_common::codes::cluster;

/// Counts what is decoded: what the plan allows, and what this process has room for.
pub(crate) struct Budget {
    decoded_bytes: u64,
    memory_bytes: u64,
    left: Cell<u64>,
}

impl Budget {
    /// Nothing is spent yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        let Limits { decoded_bytes, memory_bytes, .. } = *limits;
        Self { decoded_bytes, memory_bytes, left: Cell::new(decoded_bytes) }
    }

    /// Reserves `bytes` for the dataset `item`, before anything of that size is allocated.
    ///
    /// # Errors
    /// `OVER_LIMIT` beyond what the plan allows: the member's failure. `SLOT_TOO_SMALL` beyond what this process has.
    pub(crate) fn spend(&self, bytes: u64, item: &str) -> Res<()> {
        let left = self
            .left
            .get()
            .checked_sub(bytes)
            .ok_or_else(|| over_limit(item, "decoded data of the member", self.decoded_bytes, "more"))?;
        let spent = self.decoded_bytes - left;
        if spent > self.memory_bytes {
            return Err(differs(
                cluster::SLOT_TOO_SMALL,
                item,
                "the member's decoded data does not fit into the slot",
                format!("at most {} bytes", self.memory_bytes),
                format!("{spent} bytes or more"),
            ));
        }
        self.left.set(left);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::codes::format;

    #[test]
    fn what_the_plan_forbids_is_told_from_what_does_not_fit_here() {
        let budget = Budget::new(&Limits { decoded_bytes: 100, memory_bytes: 60, ..Limits::default() });
        assert!(budget.spend(60, "a").is_ok());
        assert_eq!(budget.spend(1, "b").unwrap_err().code, cluster::SLOT_TOO_SMALL);
        assert_eq!(budget.spend(41, "b").unwrap_err().code, format::OVER_LIMIT);
    }
}
