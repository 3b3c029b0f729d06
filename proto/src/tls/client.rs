//! The side that connects.

use super::pem::{certificates, key, roots, unusable};
use rustls::{
    CertificateError, ClientConfig, Error, RootCertStore,
    client::{Resumption, WantsClientCert},
    crypto::ring,
    pki_types::ServerName,
    version::TLS13,
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use tarquet_common::{codes::cluster, failure::Failure};

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
