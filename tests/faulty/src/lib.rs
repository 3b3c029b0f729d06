//! A store that fails on purpose, around any other.
//!
//! A **rule** says which **calls** it strikes and what **trouble** they meet. Calls are chosen by verb, by key, and by
//! their number among those that match:
//!
//! ```
//! # use std::sync::Arc;
//! # use tarquet_common::store::Store;
//! use tarquet_faulty::{Calls, FaultyStore, Trouble, Verb, lost_answer};
//!
//! # fn about(inner: Arc<dyn Store>) {
//! let store = FaultyStore::new(inner);
//! // The second receipt is written, and nobody hears of it.
//! let lost = store.plant(Calls::of(Verb::PutIfAbsent).under("receipts/").nth(2), Trouble::After(lost_answer()));
//! // … run what is tested on `store` …
//! # let _ = || {
//! assert_eq!((lost.fired(), lost.seen()), (1, 3));
//! store.assert_all_fired();
//! # };
//! # }
//! ```
//!
//! The troubles, and what each stands for:
//!
//! | trouble | the store within | the caller hears | as when |
//! |---|---|---|---|
//! | [`Before`](Trouble::Before) | is not asked | the error | the request is lost, or refused |
//! | [`After`](Trouble::After) | does it | the error | the answer is lost |
//! | [`Unclear`](Trouble::Unclear) | does it, or is not asked | `CompleteOutcome::Unclear` | a Complete is cut off |
//! | [`Absent`](Trouble::Absent) | is not asked | that there is nothing | a 404 or a list lags behind a write |
//! | [`WrongEtag`](Trouble::WrongEtag) | does it | another ETag than the true one | somebody wrote between two calls |
//! | [`Delay`](Trouble::Delay) | does it, later | the answer | the request is slow; dropped in time, it never happens |
//! | [`DelayAnswer`](Trouble::DelayAnswer) | does it | the answer, later | the answer is slow; dropped meanwhile, it has happened |
//! | [`Nothing`](Trouble::Nothing) | does it | the answer | calls are only counted |
//!
//! Each rule counts for itself how many calls it [saw](Planted::seen) and how often it [fired](Planted::fired), so that a
//! test can say that what it was about did happen. Delays are tokio's: a paused clock makes them pass at once.

mod rules;
mod store;

pub use rules::{Calls, Planted, Trouble, Verb, lost_answer};
pub use store::FaultyStore;
