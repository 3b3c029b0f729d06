//! The secret of the store that is started beside a cluster. No party of the cluster needs it, and none has it.

use super::{Folder, tokens::chance};
use tarquet_common::failure::Failure;

/// Its file: 32 bytes of chance as hexadecimal digits, which is what Garage's nodes know each other by.
pub(crate) const STORE_SECRET: &str = "store/rpc_secret";

/// The file, if it is not there yet: a secret that is in use is not replaced.
pub(crate) fn store_secret(folder: &Folder<'_>) -> Result<Option<(String, String)>, Failure> {
    if folder.path(STORE_SECRET).symlink_metadata().is_ok() {
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
        let folder = Folder(dir.path());
        let (first, second) =
            (store_secret(&folder).unwrap().unwrap(), store_secret(&folder).unwrap().unwrap());
        assert_ne!(first, second);
        assert!(first.1.len() == 64 && first.1.bytes().all(|b| b.is_ascii_hexdigit()), "{first:?}");
        folder.write(&[first]).unwrap();
        assert_eq!(store_secret(&folder).unwrap(), None);
    }
}
