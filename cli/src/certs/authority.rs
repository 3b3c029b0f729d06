//! An authority of one's own, and what it signs. ECDSA over P-256, which every client knows.

use super::Party;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use std::net::IpAddr;
use tarquet_common::{
    codes::{cluster, ourselves, spec},
    failure::Failure,
};
use time::{Duration, OffsetDateTime};
use x509_parser::{extensions::GeneralName, pem::parse_x509_pem};

/// How long the authority itself lives.
const AUTHORITY_DAYS: i64 = 3_650;
/// Clocks of other machines may be behind.
const BEHIND: Duration = Duration::hours(1);
/// What a coordinator is called on its own machine.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Signs certificates.
pub(crate) struct Authority {
    /// Its certificate, as PEM.
    pub(crate) cert: String,
    /// Its key, as PEM.
    pub(crate) key: String,
    now: OffsetDateTime,
}

/// A certificate and its key, as PEM.
pub(crate) struct Identity {
    pub(crate) cert: String,
    pub(crate) key: String,
}

fn broken(error: &rcgen::Error) -> Failure {
    Failure::new(ourselves::INVARIANT, "a certificate could not be made").caused_by(error)
}

fn instant(unix_ms: u64) -> OffsetDateTime {
    let seconds = i64::try_from(unix_ms / 1_000).unwrap_or_default();
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

impl Authority {
    /// A new one. `mark` tells it from others of the same name.
    pub(crate) fn new(unix_ms: u64, mark: &str) -> Result<Self, Failure> {
        let now = instant(unix_ms);
        let mut params = CertificateParams::default();
        params.not_before = now - BEHIND;
        params.not_after = now + Duration::days(AUTHORITY_DAYS);
        params.distinguished_name = named(&format!("Tarquet CA {mark}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(|e| broken(&e))?;
        let cert = params.self_signed(&key).map_err(|e| broken(&e))?;
        Ok(Self { cert: cert.pem(), key: key.serialize_pem(), now })
    }

    /// One that was made before.
    pub(crate) fn of(cert: String, key: String, unix_ms: u64) -> Self {
        Self { cert, key, now: instant(unix_ms) }
    }

    /// A new key, and a certificate for it.
    pub(crate) fn sign(&self, party: Party, names: &[SanType], days: u32) -> Result<Identity, Failure> {
        let unusable = |e: rcgen::Error| {
            // The parser's words are dropped: they may quote the key.
            drop(e);
            let told = "the authority's certificate or key cannot be read";
            Failure::new(cluster::TLS_FILE_UNUSABLE, told).at_uri("ca/ca.key")
        };
        let issuer = KeyPair::from_pem(&self.key)
            .and_then(|key| Issuer::from_ca_cert_pem(&self.cert, key))
            .map_err(unusable)?;
        let mut params = CertificateParams::default();
        params.not_before = self.now - BEHIND;
        params.not_after = self.now + Duration::days(days.into());
        params.distinguished_name = named(&format!("tarquet {}", party.name()));
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if party == Party::Coordinator {
            // Its own health check is a client of it.
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
            params.subject_alt_names = names.to_vec();
        }
        let key = KeyPair::generate().map_err(|e| broken(&e))?;
        let cert = params.signed_by(&key, &issuer).map_err(|e| broken(&e))?;
        Ok(Identity { cert: cert.pem(), key: key.serialize_pem() })
    }
}

fn named(name: &str) -> rcgen::DistinguishedName {
    let mut dn = rcgen::DistinguishedName::new();
    dn.push(DnType::CommonName, name);
    dn
}

/// Names that clients may call the coordinator by: those typed, and those of its own machine.
pub(crate) fn names_of(typed: &[String]) -> Result<Vec<SanType>, Failure> {
    let mut names = Vec::new();
    for text in typed.iter().map(String::as_str).chain(LOCAL) {
        let bad = || {
            Failure::new(spec::BAD_ARGUMENT, format!("{text:?} is neither a host's name nor an address"))
                .with_hint("Write --san coordinator.example or --san 10.0.0.7, without port and scheme.")
        };
        let name = match text.parse::<IpAddr>() {
            Ok(ip) => SanType::IpAddress(ip),
            Err(_) if is_host(text) => SanType::DnsName(text.try_into().map_err(|_| bad())?),
            Err(_) => return Err(bad()),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// Labels of letters, digits and hyphens (RFC 1123, section 2.1); the first may be a star.
fn is_host(text: &str) -> bool {
    let rest = text.strip_prefix("*.").unwrap_or(text);
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    text.len() <= 253 && rest.split('.').all(label)
}

/// The names in a certificate, as they would be typed.
pub(crate) fn names_in(pem: &[u8]) -> Result<Vec<String>, Failure> {
    let bad = |why: String| {
        let mut failure =
            Failure::new(cluster::TLS_FILE_UNUSABLE, "the coordinator's certificate cannot be read");
        failure.causes.push(why);
        failure.at_uri("coordinator/tls.crt")
    };
    let (_, pem) = parse_x509_pem(pem).map_err(|e| bad(e.to_string()))?;
    let cert = pem.parse_x509().map_err(|e| bad(e.to_string()))?;
    let names = cert.subject_alternative_name().map_err(|e| bad(e.to_string()))?;
    let typed = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match *bytes {
            [a, b, c, d] => Some(IpAddr::from([*a, *b, *c, *d]).to_string()),
            bytes => <[u8; 16]>::try_from(bytes).ok().map(|b| IpAddr::from(b).to_string()),
        },
        _ => None,
    };
    Ok(names.map(|n| n.value.general_names.iter().filter_map(typed).collect()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_from_a_certificate() {
        let authority = Authority::new(1_800_000_000_000, "ab12").unwrap();
        let names =
            names_of(&["coordinator".to_owned(), "10.0.0.7".to_owned(), "localhost".to_owned()]).unwrap();
        let made = authority.sign(Party::Coordinator, &names, 30).unwrap();
        let found = names_in(made.cert.as_bytes()).unwrap();
        assert_eq!(found, ["coordinator", "10.0.0.7", "localhost", "127.0.0.1", "::1"]);
        assert!(made.key.contains("PRIVATE KEY") && !made.cert.contains("PRIVATE KEY"));
        assert!(names_in(b"nothing").is_err());
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["https://a", "a:7481", "", "a..b", "-a", "ü", "a b"] {
            assert!(names_of(&[text.to_owned()]).is_err(), "{text}");
        }
        assert!(names_of(&["*.internal.example".to_owned(), "fe80::1".to_owned()]).is_ok());
    }

    #[test]
    fn a_damaged_authority_does_not_tell_its_key() {
        let authority = Authority::new(1_800_000_000_000, "ab12").unwrap();
        let other = Authority::of(authority.cert.clone(), "secret".to_owned(), 0);
        let failure = other.sign(Party::Coordinator, &[], 1).err().unwrap();
        assert_eq!(failure.code, cluster::TLS_FILE_UNUSABLE);
        assert!(!format!("{failure:?}").contains("secret"));
    }
}
