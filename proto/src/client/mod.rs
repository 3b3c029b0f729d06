//! The way to a coordinator, for workers and the command line.
//!
//! An [`Access`] says where it is and as whom to come; a [`Line`] is a channel made of it. Certificates are read at
//! each connection and a token file at each call, so both change without a restart.

mod access;
mod connect;
mod probe;
mod secret;

pub use access::{Access, Bearer, Line};
pub use probe::get;
pub use secret::{Secret, Token};
