//! Reading Python pickles without Python, and without executing anything.
//!
//! A pickle is a program for a small stack machine. [`machine`] runs it for protocols 0 to 5, but where
//! Python would import a class and call it, the machine only notes *that* it would: a [`value::Value`] is
//! plain data, a name of a **global**, or a **call** of one with its arguments. [`objects`] then knows the
//! few calls that mean data (NumPy arrays and scalars, dates, decimals, pandas' stamps and offsets), each a
//! [`cell::Cell`];
//! anything else is a failure that names the global, and only when its value is asked for.

pub(crate) mod arrays;
pub(crate) mod cell;
pub(crate) mod machine;
pub(crate) mod objects;
mod opcodes;
mod scalars;
mod scan;
mod stack;
pub(crate) mod value;
mod zones;

pub(crate) use machine::{Pickle, load};
pub(crate) use value::{Call, Value};

#[cfg(test)]
mod tests;
