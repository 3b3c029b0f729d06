//! PEM files, and what to say when they are not what they should be.

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::path::Path;
use tarquet_common::{codes::cluster, failure::Failure};

/// A TLS file that cannot be used. Never holds anything of its content.
pub(super) fn unusable(path: &Path, why: impl Into<String>) -> Failure {
    Failure::new(cluster::TLS_FILE_UNUSABLE, why).at_uri(path.display().to_string())
}

/// The bytes of a file that TLS needs.
pub fn contents(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|e| unusable(path, "a file that TLS needs cannot be read").caused_by(&e))
}

/// The certificates of a file, the process's own first.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let text = contents(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if found.is_empty() => Err(unusable(path, "the file holds no certificate")),
        Ok(found) => Ok(found),
        Err(e) => Err(unusable(path, "the file is not PEM").caused_by(&e)),
    }
}

/// The first private key of a file.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, Failure> {
    // The parser's own error is dropped: it may quote the line, which may be the key.
    PrivateKeyDer::from_pem_slice(&contents(path)?)
        .map_err(|_| unusable(path, "the file holds no private key"))
}

/// The certificates of a file as those to trust.
pub(super) fn roots(path: &Path) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|e| unusable(path, "a certificate cannot be trusted").caused_by(&e))?;
    }
    Ok(roots)
}
