//! The secret of the store that is started beside a cluster. No party of the cluster needs it, and none has it.

use super::tokens::chance;
use std::path::Path;
use tarquet_common::failure::Failure;

/// Its file: 32 bytes of chance as hexadecimal digits, which is what Garage's nodes know each other by.
pub(crate) const STORE_SECRET: &str = "store/rpc_secret";

/// The file and its text, if `dir` has none yet: a secret that is in use is not replaced.
pub(crate) fn store_secret(dir: &Path) -> Result<Option<(String, String)>, Failure> {
    if dir.join(STORE_SECRET).symlink_metadata().is_ok() {
        return Ok(None);
    }
    Ok(Some((STORE_SECRET.to_owned(), chance::<32>()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_chance_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let fresh = || store_secret(dir.path()).unwrap();
        let (name, first) = fresh().expect("there is none yet");
        assert_ne!(fresh().map(|(_, second)| second).as_ref(), Some(&first));
        assert!(first.len() == 64 && first.bytes().all(|b| b.is_ascii_hexdigit()), "{first}");
        std::fs::create_dir(dir.path().join("store")).unwrap();
        std::fs::write(dir.path().join(name), first).unwrap();
        assert_eq!(fresh(), None);
    }
}
