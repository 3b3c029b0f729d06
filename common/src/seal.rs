//! How a worker proves that a call is its own.
//!
//! A worker draws a **secret** when it starts and shows it with every call. The coordinator keeps the secret's **seal**: with
//! the registration in memory, and with each lease in its ledger, so that a worker goes on with its leases after a coordinator
//! was started again, and nobody else can. Of a seal the secret cannot be told.

use crate::{codes::ourselves, failure::Failure};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;
use subtle::ConstantTimeEq;

/// Bytes of a secret, and of its seal.
const LEN: usize = 32;

/// What only the worker knows.
#[derive(Clone)]
pub struct WorkerSecret([u8; LEN]);

impl WorkerSecret {
    /// 256 bits of the system's chance.
    ///
    /// # Errors
    /// `INVARIANT` where the system has none.
    pub fn draw() -> Result<Self, Failure> {
        let mut bytes = [0; LEN];
        match getrandom::fill(&mut bytes) {
            Ok(()) => Ok(Self(bytes)),
            Err(error) => {
                let mut failure = Failure::new(ourselves::INVARIANT, "this system has no source of chance");
                failure.causes.push(error.to_string());
                Err(failure)
            }
        }
    }

    /// One that was drawn elsewhere; `None` if it is not as long as secrets are.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes, to be shown to the coordinator.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// What the coordinator keeps of it.
    pub fn seal(&self) -> Seal {
        Seal(blake3::derive_key("tarquet 2026 worker seal", &self.0))
    }
}

impl fmt::Debug for WorkerSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WorkerSecret(…)")
    }
}

/// What the coordinator knows of a worker's secret. How much of two seals is equal does not show in the time that comparing
/// them takes.
#[derive(Clone, Eq)]
pub struct Seal([u8; LEN]);

impl PartialEq for Seal {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Serialize for Seal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Seal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(from)?;
        let mut bytes = [0; LEN];
        hex::decode_to_slice(&digits, &mut bytes)
            .map_err(|_| D::Error::custom("a seal is 64 hexadecimal digits"))?;
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_of_one_secret_and_does_not_tell_it() {
        let (a, b) = (WorkerSecret::draw().unwrap(), WorkerSecret::draw().unwrap());
        assert_eq!(a.seal(), WorkerSecret::read(a.reveal()).unwrap().seal());
        assert_ne!(a.seal(), b.seal());
        assert_ne!(a.seal().0.as_slice(), a.reveal());
        assert_ne!(a.seal().0, *blake3::hash(a.reveal()).as_bytes(), "nobody else's hash of it is the seal");
    }

    #[test]
    fn what_is_kept_reads_back_and_what_is_secret_is_not_told() {
        let secret = WorkerSecret::read(&[7; LEN]).unwrap();
        let kept = serde_json::to_string(&secret.seal()).unwrap();
        assert_eq!(serde_json::from_str::<Seal>(&kept).unwrap(), secret.seal());
        assert!(!kept.contains("0707"), "{kept}");
        assert!(serde_json::from_str::<Seal>("\"07\"").is_err());
        assert_eq!(format!("{secret:?} {:?}", secret.seal()), "WorkerSecret(…) Seal(…)");
    }

    #[test]
    fn a_secret_has_one_length() {
        for len in [0, 16, LEN - 1, LEN + 1] {
            assert!(WorkerSecret::read(&vec![1; len]).is_none(), "{len}");
        }
    }
}
