//! Between messages and domain types.
//!
//! Into a message nothing can fail. Out of one a field may be absent or malformed; that is a [`BadMessage`]
//! naming the field, which a service answers with `INVALID_ARGUMENT` and a client takes for a broken peer.

mod failure;
mod leasing;
mod message;
mod receipt;
mod views;

pub use failure::{from_failure, to_failure};
pub use leasing::*;
pub use message::BadMessage;
pub use receipt::{from_receipt, to_receipt};
pub use views::mirror;

use message::need;

#[cfg(test)]
mod tests;
