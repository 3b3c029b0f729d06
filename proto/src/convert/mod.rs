//! Between messages and domain types.
//!
//! Into a message nothing can fail. Out of one a field may be absent or malformed; that is a [`BadMessage`]
//! naming the field, which a service answers with `INVALID_ARGUMENT` and a client takes for a broken peer.

mod leasing;
mod parts;
mod receipt;
mod text;
mod views;

pub use leasing::*;
pub use parts::{BadMessage, from_attempt, from_failure, from_shard, to_attempt, to_failure, to_shard};
pub use receipt::{from_receipt, to_receipt};
pub use text::{REASON_BYTES, optional_name, told};
pub use views::mirror;

use parts::need;

#[cfg(test)]
mod tests;
