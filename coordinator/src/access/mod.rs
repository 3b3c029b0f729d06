//! Who may do what.
//!
//! A **role** is what a bearer token stands for. The **token file** says which tokens there are; it may hold several
//! of each role, so that a new one is handed out before the old one goes. One **table** names the least role of every
//! method. Nothing here speaks to the network.

mod methods;
mod role;
mod tokens;

pub use methods::{Least, METHODS, least};
pub use role::Role;
pub use tokens::{Tokens, token_line};
