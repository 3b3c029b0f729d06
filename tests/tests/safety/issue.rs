//! Certificates that `tarquet certs` would not make.

use crate::world::World;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType};
use std::fs;
use time::{Duration, OffsetDateTime};

/// What is wrong with a certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It ended yesterday.
    Expired,
    /// Its authority is one that nobody trusts.
    Foreign,
    /// It is for another host.
    OtherName,
}

/// Writes `PARTY/tls.crt` and `tls.key` anew, wrong in one way.
pub(crate) fn spoil(world: &World, party: &str, wrong: Wrong) {
    let now = OffsetDateTime::now_utc();
    let authority_key = match wrong {
        Wrong::Foreign => KeyPair::generate().unwrap(),
        _ => KeyPair::from_pem(&world.read("certs/ca/ca.key")).unwrap(),
    };
    let issuer = match wrong {
        Wrong::Foreign => {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            Issuer::new(params, authority_key)
        }
        _ => Issuer::from_ca_cert_pem(&world.read("certs/ca/ca.crt"), authority_key).unwrap(),
    };
    let mut params = CertificateParams::default();
    params.not_before = now - Duration::days(30);
    params.not_after = now + Duration::days(if wrong == Wrong::Expired { -1 } else { 30 });
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
    params.subject_alt_names = vec![match wrong {
        Wrong::OtherName => SanType::DnsName("elsewhere.example".try_into().unwrap()),
        _ => SanType::IpAddress("127.0.0.1".parse().unwrap()),
    }];
    let key = KeyPair::generate().unwrap();
    let cert = params.signed_by(&key, &issuer).unwrap();
    fs::write(world.path(&format!("certs/{party}/tls.crt")), cert.pem()).unwrap();
    fs::write(world.path(&format!("certs/{party}/tls.key")), key.serialize_pem()).unwrap();
}
