//! The side that is connected to.

use super::pem::{certificates, contents, key, roots, unusable};
use rustls::{
    ServerConfig,
    crypto::ring,
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    version::TLS13,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tarquet_common::failure::Failure;

/// What a server is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerFiles {
    /// Its certificate chain.
    pub cert: PathBuf,
    /// The key of the certificate.
    pub key: PathBuf,
    /// Clients must show a certificate of one of these authorities.
    pub client_ca: Option<PathBuf>,
}

impl ServerFiles {
    /// All files, to be watched.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        [&self.cert, &self.key].into_iter().chain(&self.client_ca).map(PathBuf::as_path)
    }

    /// Bytes of all files, to see whether they changed.
    pub fn contents(&self) -> Result<Vec<Vec<u8>>, Failure> {
        self.paths().map(contents).collect()
    }
}

/// Reads the files.
///
/// # Errors
/// `TLS_FILE_UNUSABLE` with the file's name.
pub fn server_config(files: &ServerFiles, alpn: &[u8]) -> Result<Arc<ServerConfig>, Failure> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&TLS13])
        .expect("ring has TLS 1.3");
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(path)?), provider)
                .build()
                .map_err(|e| unusable(path, "no client could be judged by the file").caused_by(&e))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder
        .with_single_cert(certificates(&files.cert)?, key(&files.key)?)
        .map_err(|e| unusable(&files.cert, "certificate and key do not belong together").caused_by(&e))?;
    config.alpn_protocols = vec![alpn.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}
