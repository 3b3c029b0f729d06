//! What tests of any crate need, for a second of compiling: nothing here knows Tarquet.
//!
//! What lies outside the repository (fixtures, corpus, tools) and outside Rust (Python with pandas) is found through the
//! environment: [`environment`]. Without it a test says `skipped: …` and passes; where `CI` is `true` it fails instead,
//! so that nothing is skipped unseen. [`until`] waits for what happens in another process, [`measure`] says what a piece
//! of work cost in memory and in processor time, [`Chance`] is what simulations draw from.

mod chance;
pub mod environment;
pub mod measure;
mod until;

pub use chance::Chance;
pub use until::until;
