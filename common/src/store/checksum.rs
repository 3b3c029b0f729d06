//! CRC-64/NVME: the checksum of parts and objects, on the wire and in receipts.
//!
//! Receipts hold it as 16 hexadecimal digits, S3 headers as base 64 of its eight bytes, big-endian. The CRC of a
//! whole follows from those of its parts and their lengths, so an object is never read again to prove it.

use crate::receipt::Part;
use crc_fast::CrcAlgorithm::Crc64Nvme;

/// Of these bytes.
pub fn crc64(bytes: &[u8]) -> u64 {
    crc_fast::checksum(Crc64Nvme, bytes)
}

/// As in receipts: 16 hexadecimal digits.
pub fn to_hex(crc: u64) -> String {
    format!("{crc:016x}")
}

/// From 16 hexadecimal digits.
pub fn from_hex(text: &str) -> Option<u64> {
    let whole = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
    whole.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

/// Of the object made of these parts, in this order; `None` if one's CRC is not known.
pub fn crc64_of_parts(parts: &[Part]) -> Option<u64> {
    let mut whole = crc64(&[]);
    for part in parts {
        whole = crc_fast::checksum_combine(Crc64Nvme, whole, from_hex(&part.crc64)?, part.size);
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_is_that_of_the_standard() {
        assert_eq!(to_hex(crc64(b"123456789")), "ae8b14860a799888");
        assert_eq!(from_hex("ae8b14860a799888"), Some(0xae8b_1486_0a79_9888));
        assert_eq!(from_hex("+e8b14860a799888"), None);
        assert_eq!(from_hex("ae8b"), None);
    }

    #[test]
    fn parts_make_the_whole() {
        let data: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
        for cuts in [vec![0, 100_000], vec![0, 1, 5, 70_000, 100_000], vec![0, 0, 100_000]] {
            let parts: Vec<Part> = cuts
                .windows(2)
                .map(|w| Part {
                    number: 1,
                    etag: String::new(),
                    size: (w[1] - w[0]) as u64,
                    crc64: to_hex(crc64(&data[w[0]..w[1]])),
                })
                .collect();
            assert_eq!(crc64_of_parts(&parts), Some(crc64(&data)));
        }
        assert_eq!(crc64_of_parts(&[]), Some(crc64(b"")));
    }
}
