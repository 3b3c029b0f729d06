//! Checksums of bodies: computed while they come in, compared before anything is published.

use crate::blob::{Blob, Blobs};
use futures::StreamExt;
use s3s::{
    S3Result, TrailingHeaders,
    checksum::ChecksumHasher,
    crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Md5, Sha1, Sha256},
    dto::{Checksum, StreamingBlob},
    s3_error,
};

/// A checksum that S3 knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Crc32,
    Crc32c,
    Crc64,
    Sha1,
    Sha256,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64, Self::Sha1, Self::Sha256];

    /// AWS's name: `CRC64NVME`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64 => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|a| a.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn get(self, sums: &Checksum) -> Option<&str> {
        match self {
            Self::Crc32 => sums.checksum_crc32.as_deref(),
            Self::Crc32c => sums.checksum_crc32c.as_deref(),
            Self::Crc64 => sums.checksum_crc64nvme.as_deref(),
            Self::Sha1 => sums.checksum_sha1.as_deref(),
            Self::Sha256 => sums.checksum_sha256.as_deref(),
        }
    }

    pub(crate) fn set(self, sums: &mut Checksum, value: String) {
        let slot = match self {
            Self::Crc32 => &mut sums.checksum_crc32,
            Self::Crc32c => &mut sums.checksum_crc32c,
            Self::Crc64 => &mut sums.checksum_crc64nvme,
            Self::Sha1 => &mut sums.checksum_sha1,
            Self::Sha256 => &mut sums.checksum_sha256,
        };
        *slot = Some(value);
    }

    fn enable(self, hasher: &mut ChecksumHasher) {
        match self {
            Self::Crc32 => hasher.crc32 = Some(Crc32::new()),
            Self::Crc32c => hasher.crc32c = Some(Crc32c::new()),
            Self::Crc64 => hasher.crc64nvme = Some(Crc64Nvme::new()),
            Self::Sha1 => hasher.sha1 = Some(Sha1::new()),
            Self::Sha256 => hasher.sha256 = Some(Sha256::new()),
        }
    }

    /// The checksum of `data` alone.
    fn of(self, data: &[u8]) -> String {
        let mut hasher = ChecksumHasher::default();
        self.enable(&mut hasher);
        hasher.update(data);
        self.get(&hasher.finalize()).expect("the enabled algorithm is computed").to_owned()
    }

    /// The checksum of the checksums of parts.
    pub(crate) fn composite(self, parts: &[&Checksum]) -> Option<String> {
        let mut raw = Vec::new();
        for part in parts {
            raw.extend(base64_simd::STANDARD.decode_to_vec(self.get(part)?).ok()?);
        }
        Some(format!("{}-{}", self.of(&raw), parts.len()))
    }

    /// The checksum of the whole, out of those of parts and their sizes; only CRCs can.
    pub(crate) fn combined(self, parts: &[(&Checksum, u64)]) -> Option<String> {
        let (algorithm, width) = match self {
            Self::Crc32 => (crc_fast::CrcAlgorithm::Crc32IsoHdlc, 4),
            Self::Crc32c => (crc_fast::CrcAlgorithm::Crc32Iscsi, 4),
            Self::Crc64 => (crc_fast::CrcAlgorithm::Crc64Nvme, 8),
            Self::Sha1 | Self::Sha256 => return None,
        };
        let mut whole = crc_fast::checksum(algorithm, b"");
        for (sums, size) in parts {
            let raw = base64_simd::STANDARD.decode_to_vec(self.get(sums)?).ok()?;
            let value = raw.iter().fold(0_u64, |v, b| (v << 8) | u64::from(*b));
            whole = crc_fast::checksum_combine(algorithm, whole, value, *size);
        }
        Some(base64_simd::STANDARD.encode_to_string(&whole.to_be_bytes()[8 - width..]))
    }
}

/// The five checksum fields of a request, whatever its type.
macro_rules! sums_of {
    ($from:expr) => {
        s3s::dto::Checksum {
            checksum_crc32: $from.checksum_crc32.clone(),
            checksum_crc32c: $from.checksum_crc32c.clone(),
            checksum_crc64nvme: $from.checksum_crc64nvme.clone(),
            checksum_sha1: $from.checksum_sha1.clone(),
            checksum_sha256: $from.checksum_sha256.clone(),
            ..Default::default()
        }
    };
}
pub(crate) use sums_of;

/// What a request says of its body.
pub(crate) struct Claims {
    /// Checksums in headers.
    pub(crate) sums: Checksum,
    /// Algorithms to compute besides.
    pub(crate) algorithms: Vec<Algorithm>,
    /// `Content-MD5`, base 64.
    pub(crate) md5: Option<String>,
    /// Bytes after decoding.
    pub(crate) length: Option<i64>,
    /// Headers behind the body, known once it was read.
    pub(crate) trailers: Option<TrailingHeaders>,
}

impl Claims {
    /// Algorithms named in headers: by the SDK, or as a trailer to come.
    pub(crate) fn announced(headers: &http::HeaderMap) -> Vec<Algorithm> {
        let words = ["x-amz-trailer", "x-amz-sdk-checksum-algorithm"].into_iter();
        let values = words.flat_map(|w| headers.get_all(w)).filter_map(|v| v.to_str().ok());
        values
            .flat_map(|v| v.split(','))
            .filter_map(|v| Algorithm::from_name(v.trim().trim_start_matches("x-amz-checksum-")))
            .collect()
    }
}

/// A body that is what its request says it is.
pub(crate) struct Received {
    pub(crate) blob: Blob,
    pub(crate) md5: [u8; 16],
    pub(crate) sums: Checksum,
}

/// Reads a body to its end and proves it.
pub(crate) async fn receive(
    blobs: &Blobs,
    body: Option<StreamingBlob>,
    claims: Claims,
) -> S3Result<Received> {
    let mut hasher = ChecksumHasher::default();
    // S3 keeps a CRC-64 of everything; here it also lets parts be combined.
    Algorithm::Crc64.enable(&mut hasher);
    for algorithm in Algorithm::ALL {
        if algorithm.get(&claims.sums).is_some() || claims.algorithms.contains(&algorithm) {
            algorithm.enable(&mut hasher);
        }
    }
    let mut md5 = Md5::new();
    let mut writer = blobs.writer();
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|e| s3_error!(IncompleteBody, "the body could not be read: {e}"))?;
            md5.update(&chunk);
            hasher.update(&chunk);
            writer.write(&chunk).map_err(s3s::S3Error::internal_error)?;
        }
    }
    let blob = writer.finish().map_err(s3s::S3Error::internal_error)?;
    let received = Received { blob, md5: md5.finalize(), sums: hasher.finalize() };
    prove(&received, &claims)?;
    Ok(received)
}

fn prove(received: &Received, claims: &Claims) -> S3Result<()> {
    if claims.length.is_some_and(|n| u64::try_from(n).ok() != Some(received.blob.len())) {
        return Err(s3_error!(IncompleteBody, "the body has another length than its header says"));
    }
    let md5 = base64_simd::STANDARD.encode_to_string(received.md5);
    if claims.md5.as_ref().is_some_and(|m| *m != md5) {
        return Err(s3_error!(BadDigest, "Content-MD5 is not that of the body"));
    }
    for algorithm in Algorithm::ALL {
        let found = algorithm.get(&received.sums);
        let header = algorithm.get(&claims.sums).map(str::to_owned);
        let name = format!("x-amz-checksum-{}", algorithm.name().to_ascii_lowercase());
        let trailer = claims.trailers.as_ref().and_then(|t| {
            t.read(|map| map.get(name.as_str()).and_then(|v| v.to_str().ok()).map(|v| v.trim().to_owned()))
                .flatten()
        });
        for claim in [header, trailer].into_iter().flatten() {
            if found != Some(claim.as_str()) {
                return Err(s3_error!(BadDigest, "the {} of the body is another one", algorithm.name()));
            }
        }
    }
    Ok(())
}
