//! TLS for both ends of a connection: certificates and keys are PEM files, read when they are needed.
//!
//! Only TLS 1.3, only the `ring` provider, no session resumption: each connection shows its certificate again, so a
//! certificate that expired or was replaced is noticed at the next one.

use rustls::{
    CertificateError, ClientConfig, Error, RootCertStore, ServerConfig,
    client::{Resumption, WantsClientCert},
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    version::TLS13,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tarquet_common::{codes::cluster, failure::Failure};

/// The protocol of gRPC, as TLS names it (RFC 9113, section 3.2).
pub const ALPN_H2: &[u8] = b"h2";
/// The protocol of the HTTP port.
pub const ALPN_HTTP1: &[u8] = b"http/1.1";

/// A TLS file that cannot be used. Never holds anything of its content.
fn unusable(path: &Path, why: impl Into<String>) -> Failure {
    Failure::new(cluster::TLS_FILE_UNUSABLE, why).at_uri(path.display().to_string())
}

/// The bytes of a file that TLS needs.
pub fn contents(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|e| unusable(path, "a file that TLS needs cannot be read").caused_by(&e))
}

/// The certificates of a file, the process's own first.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let text = contents(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if found.is_empty() => Err(unusable(path, "the file holds no certificate")),
        Ok(found) => Ok(found),
        Err(e) => Err(unusable(path, "the file is not PEM").caused_by(&e)),
    }
}

/// The first private key of a file.
fn key(path: &Path) -> Result<PrivateKeyDer<'static>, Failure> {
    // The parser's own error is dropped: it may quote the line, which may be the key.
    PrivateKeyDer::from_pem_slice(&contents(path)?)
        .map_err(|_| unusable(path, "the file holds no private key"))
}

/// The certificates of a file as those to trust.
fn roots(path: &Path) -> Result<RootCertStore, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|e| unusable(path, "a certificate cannot be trusted").caused_by(&e))?;
    }
    Ok(roots)
}

/// What a client is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientFiles {
    /// Authorities that the server's certificate must come from; the system's if there is none.
    pub ca: Option<PathBuf>,
    /// The client's own certificate chain.
    pub cert: Option<PathBuf>,
    /// The key of the certificate.
    pub key: Option<PathBuf>,
}

impl ClientFiles {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Reads the files.
///
/// # Errors
/// `TLS_FILE_UNUSABLE` with the file's name.
pub fn client_config(files: &ClientFiles, alpn: &[u8]) -> Result<Arc<ClientConfig>, Failure> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .expect("ring has TLS 1.3")
        .with_root_certificates(match &files.ca {
            Some(path) => roots(path)?,
            None => of_the_system()?,
        });
    let mut config = with_identity(builder, files)?;
    config.alpn_protocols = vec![alpn.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

type Builder = rustls::ConfigBuilder<ClientConfig, WantsClientCert>;

fn with_identity(builder: Builder, files: &ClientFiles) -> Result<ClientConfig, Failure> {
    match (&files.cert, &files.key) {
        (None, None) => Ok(builder.with_no_client_auth()),
        (Some(cert), Some(key_file)) => builder
            .with_client_auth_cert(certificates(cert)?, key(key_file)?)
            .map_err(|e| unusable(cert, "certificate and key do not belong together").caused_by(&e)),
        (Some(alone), None) => Err(unusable(alone, "a certificate without its key")),
        (None, Some(alone)) => Err(unusable(alone, "a key without its certificate")),
    }
}

fn of_the_system() -> Result<RootCertStore, Failure> {
    let mut found = RootCertStore::empty();
    found.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if found.is_empty() {
        let told = "this system trusts no authority";
        return Err(unusable(Path::new("the system's certificates"), told).with_hint(
            "Name the authority of the coordinator's certificate with --tls-ca or TARQUET_TLS_CA.",
        ));
    }
    Ok(found)
}

/// A host as certificates name it.
pub fn name_of(host: &str) -> Result<ServerName<'static>, Failure> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(bare.to_owned()).map_err(|e| {
        Failure::new(cluster::BAD_COORDINATOR_URL, format!("{host:?} is not the name of a host"))
            .caused_by(&e)
    })
}

/// Why a handshake failed, and what to do about it.
pub fn refusal(error: &std::io::Error, url: &str) -> Option<Failure> {
    let tls = error.get_ref()?.downcast_ref::<Error>()?;
    let hint = match tls {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "The coordinator's certificate is of another authority: name that with --tls-ca or TARQUET_TLS_CA."
        }
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => {
            "The certificate is not for this host: connect by a name that it has, or make one that has this name \
             (`tarquet certs renew DIR --san NAME`)."
        }
        Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "The coordinator's certificate has expired: `tarquet certs renew DIR` makes a new one."
        }
        Error::AlertReceived(_) => {
            "The coordinator did not accept the client's certificate, or asks for one: see --tls-cert and --tls-key."
        }
        Error::InvalidMessage(_) => {
            "What answers there does not speak TLS: write http:// if the coordinator serves without."
        }
        _ => return Some(refused(tls, url)),
    };
    Some(refused(tls, url).with_hint(hint))
}

fn refused(error: &Error, url: &str) -> Failure {
    Failure::new(cluster::TLS_REFUSED, "no TLS connection came about").at_uri(url).caused_by(error)
}

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
