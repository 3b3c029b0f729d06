//! Stores by name, as arguments and a variable list them.

use std::str::FromStr;
use tarquet_common::store::{BadStore, NamedStore};

/// Some stores: one for each argument, any number in a variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreList(pub Vec<NamedStore>);

impl FromStr for StoreList {
    type Err = BadStore;

    fn from_str(text: &str) -> Result<Self, BadStore> {
        text.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>().map(Self)
    }
}
