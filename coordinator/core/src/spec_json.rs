//! A spec as JSON. It may take megabytes, and is in the row of its job and in all that is made of that row.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::{ops::Deref, sync::Arc};

/// A validated spec, in the kind's own words; opaque here. Clones share it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpecJson(Arc<Value>);

impl From<Value> for SpecJson {
    fn from(json: Value) -> Self {
        Self(Arc::new(json))
    }
}

impl Deref for SpecJson {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl Serialize for SpecJson {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(to)
    }
}

impl<'de> Deserialize<'de> for SpecJson {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Value::deserialize(from).map(Self::from)
    }
}
