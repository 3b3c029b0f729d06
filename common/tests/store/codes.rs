//! What goes wrong with a store has a code, whichever way it went wrong.

use crate::s3::{bench, open, settings};
use bytes::Bytes;
use std::fs;
use tarquet_common::{
    codes::{Code, store as codes},
    store::{LocalStore, Metadata, Store, StoreError, Stores, Uri},
};
use tarquet_s3server::{Effect, Fault};

fn code<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> Code {
    answer.expect_err("it cannot be had").into_failure().code
}

#[tokio::test]
async fn of_a_directory() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().to_str().unwrap().parse::<Uri>().unwrap();
    let store = LocalStore::open(&root).unwrap();
    fs::write(temp.path().join("k"), b"bytes").unwrap();
    assert_eq!(code(store.get_range("absent", 0..1, None).await), codes::OBJECT_NOT_FOUND);
    assert_eq!(code(store.get_range("k", 0..1, Some("\"other\"")).await), codes::OBJECT_CHANGED);
    assert_eq!(code(store.get("k", 4).await), codes::OBJECT_TOO_LARGE);
    assert_eq!(code(store.get("../k", 9).await), codes::BAD_KEY);
    let below_a_file = store.put("k/below", Bytes::new(), &Metadata::new()).await;
    assert_eq!(code(below_a_file), codes::DISK_ERROR);
}

#[tokio::test]
async fn of_a_bucket() {
    for (status, word, wanted) in [
        (404, "NoSuchKey", codes::OBJECT_NOT_FOUND),
        (404, "NoSuchBucket", codes::NO_BUCKET),
        (403, "AccessDenied", codes::ACCESS_DENIED),
        (400, "ExpiredToken", codes::CREDENTIALS_EXPIRED),
        (503, "SlowDown", codes::THROTTLED),
        (500, "InternalError", codes::STORE_UNREACHABLE),
        (400, "BadDigest", codes::STORE_INTEGRITY),
        (501, "NotImplemented", codes::STORE_UNSUPPORTED),
        (400, "InvalidRequest", codes::STORE_REFUSED),
    ] {
        let b = bench("s3://test").await;
        let fault = b.server.plant(Fault::always("PutObject", "*", Effect::Status(status, word.into())));
        let put = b.store.put("k", Bytes::from_static(b"x"), &Metadata::new()).await;
        assert_eq!(code(put), wanted, "{word}");
        assert!(fault.fired() >= 1, "{word}");
    }
}

#[tokio::test]
async fn of_strangers_to_a_bucket() {
    let b = bench("s3://test").await;
    let stranger = Stores::with_keys(&b.server.access_key, "another secret");
    let stranger = stranger.open(&"s3://test".parse().unwrap(), &settings(&b.server)).await.unwrap();
    assert_eq!(code(stranger.list("", None, 1).await), codes::BAD_CREDENTIALS);
    let nowhere = open(&b.server, "s3://nothere").await;
    assert_eq!(code(nowhere.list("", None, 1).await), codes::NO_BUCKET);
}
