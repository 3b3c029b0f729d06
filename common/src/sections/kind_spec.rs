//! What every kind's spec answers.

use super::{Errors, Objects, Place, SpecError};
use crate::store::StoreSettings;
use serde_json::Value;
use std::any::Any;

/// The spec of a kind, as the engine sees it.
pub trait KindSpec: Any {
    /// Version of the format.
    fn version(&self) -> u32;

    /// The job's name for people, if one is given.
    fn name(&self) -> Option<&str>;

    /// Which objects are read.
    fn objects(&self) -> Objects<'_>;

    /// Where the output goes.
    fn place(&self) -> Place<'_>;

    /// What a failing item means.
    fn errors(&self) -> &Errors;

    /// Every store section: what flags may complete.
    fn stores_mut(&mut self) -> Vec<&mut StoreSettings>;

    /// Every place that it names, as it was written.
    fn uris_mut(&mut self) -> Vec<&mut String>;

    /// Finds the first thing wrong with it that types cannot say. Offline: nothing is reached.
    ///
    /// # Errors
    /// What is wrong, and with which key.
    fn check(&self) -> Result<(), SpecError>;

    /// Its sections, as they are written but for `kind`.
    ///
    /// # Errors
    /// As [`serde_json::to_value`].
    fn to_value(&self) -> serde_json::Result<Value>;
}
