//! Names promise, bytes must agree.

use crate::support::*;
use tarquet_common::codes::archive;
use tarquet_container::Container;
use tarquet_container::check_head;

#[test]
fn a_name_says_what_an_object_is() {
    use Container::{Loose, Tar, TarGz, TarLz4, TarZst, Zip};
    for (name, container) in [
        ("s3://b/a.tar.lz4", TarLz4),
        ("a.tar.gz", TarGz),
        ("a.TGZ", TarGz),
        ("a.tar.zst", TarZst),
        ("a.tzst", TarZst),
        ("a.tar", Tar),
        ("a.zip", Zip),
        ("dir.zip/a.h5", Loose),
        ("a.hdf5", Loose),
    ] {
        assert_eq!(Container::of(name), Ok(container), "{name}");
    }
    for name in ["a.lz4", "a.h5.gz", "tar", "a.parquet", ""] {
        assert_eq!(Container::of(name).unwrap_err().code, archive::UNKNOWN_CONTAINER, "{name}");
    }
}

#[test]
fn the_first_bytes_must_agree() {
    let tar = tar_of(&[("a", b"x".to_vec())]);
    let heads = [
        (Container::Tar, tar.clone()),
        (Container::TarLz4, lz4_frame(&tar, &Lz4Style::default())),
        (Container::TarZst, zstd::bulk::compress(&tar, 1).unwrap()),
        (Container::TarGz, b"\x1f\x8b\x08\0".to_vec()),
        (Container::Zip, b"PK\x03\x04".to_vec()),
    ];
    for (container, head) in &heads {
        for (other, _) in &heads {
            let agreed = check_head(*other, head);
            assert_eq!(agreed.is_ok(), container == other, "{container} under the name of {other}");
        }
    }
    // LZ4 and Zstandard share their skippable frames.
    assert!(check_head(Container::TarLz4, &lz4_skippable(b"first")).is_ok());
    let failure = check_head(Container::TarLz4, b"\x89HDF\r\n\x1a\n").unwrap_err();
    assert_eq!((failure.code, failure.found.as_deref()), (archive::OTHER_CONTAINER, Some("HDF5")));
}
