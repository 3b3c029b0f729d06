//! What libzstd refuses because we say so is no damage.

use crate::support::unpack;
use std::io::Write;
use tarquet_common::{codes::archive, failure::Failure};
use tarquet_container::{Container::TarZst, seek::Spacing};

fn refusal(bytes: &[u8]) -> Failure {
    unpack(TarZst, bytes, Spacing { min: 65_536, window: 200_000 }, 1_000).unwrap_err()
}

#[test]
fn a_large_window_is_named() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.window_log(28).unwrap();
    encoder.write_all(&[7; 1000]).unwrap();
    let failure = refusal(&encoder.finish().unwrap());
    assert_eq!(failure.code, archive::FEATURE_REFUSED);
    assert!(failure.message.contains("128 MiB") && failure.hint().contains("--long=27"), "{failure:?}");
}

#[test]
fn a_dictionary_is_named() {
    // RFC 8878: magic, one segment whose dictionary has an id of a byte, id 7, one byte of content; a last raw block.
    let bytes = [0x28, 0xb5, 0x2f, 0xfd, 0x21, 7, 1, 0x09, 0, 0, b'x'];
    let failure = refusal(&bytes);
    assert_eq!(failure.code, archive::FEATURE_REFUSED);
    assert!(failure.message.contains("dictionary"), "{failure:?}");
}
