//! S3 at its worst. Every test asserts that its fault struck.

use crate::s3::{Bench, bench};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use tarquet_common::{
    failure::Class,
    receipt::Part,
    store::{CompleteOutcome, Metadata, PutOutcome, StoreError},
};
use tarquet_s3server::{Conditions, Effect, Fault};

const KEY: &str = "receipts/1/7.0";

fn body() -> Bytes {
    (0..3_000_000_u32).map(|n| (n ^ (n >> 8)) as u8).collect::<Vec<u8>>().into()
}

fn none() -> Metadata {
    Metadata::new()
}

fn ours() -> Metadata {
    Metadata::from([("attempt".to_owned(), "1.4".to_owned())])
}

async fn create(b: &Bench, words: &'static [u8]) -> Result<PutOutcome, StoreError> {
    b.store.put_if_absent(KEY, Bytes::from_static(words), &ours()).await
}

#[tokio::test]
async fn a_lost_reply_to_a_conditional_put_is_not_somebody_else() {
    let b = bench("s3://test").await;
    let fault = b.server.plant(Fault::once("PutObject", "*", Effect::DropAfter));
    assert_eq!(create(&b, b"mine").await.unwrap(), PutOutcome::Created);
    assert_eq!(fault.fired(), 1);
    assert!(b.server.stats().total(Some("PutObject"), "").requests >= 2, "it was sent again and told 412");
    assert_eq!(create(&b, b"theirs").await.unwrap(), PutOutcome::Exists);
}

#[tokio::test]
async fn an_error_after_the_effect_is_read_back() {
    for (status, code) in [(500, "InternalError"), (503, "SlowDown"), (409, "ConditionalRequestConflict")] {
        let b = bench("s3://test").await;
        let fault = b.server.plant(Fault::always("PutObject", "*", Effect::StatusAfter(status, code.into())));
        assert_eq!(create(&b, b"mine").await.unwrap(), PutOutcome::Created, "{code}");
        assert!(fault.fired() >= 1);
        assert_eq!(create(&b, b"theirs").await.unwrap(), PutOutcome::Exists, "{code}");
    }
}

#[tokio::test]
async fn a_conflict_is_tried_again() {
    let b = bench("s3://test").await;
    let fault = Fault::once("PutObject", "*", Effect::Status(409, "ConditionalRequestConflict".into()));
    let fault = b.server.plant(fault.times(2));
    assert_eq!(create(&b, b"mine").await.unwrap(), PutOutcome::Created);
    assert_eq!(fault.fired(), 2);
    assert_eq!(b.server.object("test", KEY).unwrap(), "mine".as_bytes());
}

#[tokio::test]
async fn slow_down_passes_or_is_told() {
    let b = bench("s3://test").await;
    let slow = || Effect::Status(503, "SlowDown".into());
    let fault = b.server.plant(Fault::once("PutObject", "*", slow()).times(3));
    b.store.put("k", Bytes::from_static(b"x"), &none()).await.unwrap();
    assert_eq!(fault.fired(), 3);
    let fault = b.server.plant(Fault::always("HeadObject", "*", slow()));
    let error = b.store.head("k").await.unwrap_err();
    assert!(matches!(error, StoreError::Throttled { .. }), "{error:?}");
    assert_eq!((error.class(), fault.fired()), (Class::Environment, 5));
}

#[tokio::test]
async fn a_server_error_is_no_absence() {
    let b = bench("s3://test").await;
    let fault = b.server.plant(Fault::always("HeadObject", "*", Effect::Status(500, "InternalError".into())));
    let error = b.store.head("k").await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(fault.fired() > 1);
}

#[tokio::test]
async fn denied_names_the_permission_and_is_not_repeated() {
    let b = bench("s3://test").await;
    let denied =
        |operation| b.server.plant(Fault::always(operation, "*", Effect::Status(403, "AccessDenied".into())));
    let faults = ["GetObject", "PutObject", "ListObjectsV2", "AbortMultipartUpload"].map(denied);
    let errors = [
        b.store.get_range("k", 0..1, None).await.unwrap_err(),
        create(&b, b"x").await.unwrap_err(),
        b.store.list("", None, 1).await.unwrap_err(),
        b.store.abort_upload("k", "u").await.unwrap_err(),
    ];
    let wanted = ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:AbortMultipartUpload"];
    for ((error, want), fault) in errors.into_iter().zip(wanted).zip(faults) {
        assert!(matches!(&error, StoreError::Denied { permission, .. } if *permission == want), "{error:?}");
        assert_eq!(error.into_failure().class(), Class::Denied);
        assert_eq!(fault.fired(), 1, "{want}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_continued() {
    let b = bench("s3://test").await;
    let body = body();
    b.store.put("k", body.clone(), &none()).await.unwrap();
    let fault = b.server.plant(Fault::once("GetObject", "k", Effect::Truncate(1_000_000)).times(2));
    b.server.reset_stats();
    let read = b.store.get_range("k", 10..2_900_000, None).await.unwrap();
    assert!(read == body.slice(10..2_900_000));
    assert_eq!(fault.fired(), 2);
    let total = b.server.stats().total(Some("GetObject"), "k");
    assert!(
        total.requests == 3 && total.bytes_out < 2_900_000 + 100_000,
        "from where it broke off: {total:?}"
    );
}

#[tokio::test]
async fn a_body_that_never_comes_whole_is_an_error() {
    let b = bench("s3://test").await;
    b.store.put("k", body(), &none()).await.unwrap();
    let fault = b.server.plant(Fault::always("GetObject", "k", Effect::Truncate(0)));
    for error in [
        b.store.get_range("k", 0..2_000_000, None).await.unwrap_err(),
        b.store.get("k", 1 << 30).await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    }
    assert!(fault.fired() > 2);
}

#[tokio::test]
async fn a_wrong_byte_in_a_whole_object_is_seen() {
    let b = bench("s3://test").await;
    let body = body();
    b.store.put("k", body.clone(), &none()).await.unwrap();
    let fault = b.server.plant(Fault::once("GetObject", "k", Effect::Corrupt(77)));
    assert!(b.store.get("k", 1 << 30).await.unwrap().unwrap().bytes == body);
    assert_eq!(fault.fired(), 1);
    let fault = b.server.plant(Fault::always("GetObject", "k", Effect::Corrupt(77)));
    assert!(b.store.get("k", 1 << 30).await.unwrap_err().passes());
    assert!(fault.fired() > 1);
}

#[tokio::test]
async fn an_overwrite_between_two_requests_is_no_mixture() {
    let b = bench("s3://test").await;
    let body = body();
    b.store.put("k", body.clone(), &none()).await.unwrap();
    let fault = b.server.plant(Fault::once("GetObject", "k", Effect::Truncate(1_500_000)));
    // No ETag is given: the first answer pins it.
    let mut stream = b.store.get_stream("k", 0..3_000_000, None).await.unwrap();
    stream.next().await.unwrap().unwrap();
    b.store.put("k", Bytes::from(vec![1; 3_000_000]), &none()).await.unwrap();
    let rest: Result<Vec<Bytes>, StoreError> = stream.try_collect().await;
    assert!(matches!(rest, Err(StoreError::Changed { .. })));
    assert_eq!(fault.fired(), 1);
}

#[tokio::test]
async fn a_store_that_ignores_if_match_is_seen_through() {
    let b = bench("s3://test").await;
    let etag = b.store.put("k", Bytes::from_static(b"one"), &none()).await.unwrap();
    b.store.put("k", Bytes::from_static(b"two"), &none()).await.unwrap();
    b.server.set_conditions(Conditions::Ignored);
    let read = b.store.get_range("k", 0..3, Some(&etag)).await;
    assert!(matches!(read, Err(StoreError::Changed { .. })), "{read:?}");
}

async fn upload(b: &Bench) -> (String, Vec<Part>) {
    let id = b.store.begin_upload("part-0", &ours()).await.unwrap();
    let part = b.store.upload_part("part-0", &id, 1, Bytes::from_static(b"parquet")).await.unwrap();
    (id, vec![part])
}

/// Whether `part-0` is there and ours.
async fn is_published(b: &Bench) -> bool {
    b.store.head("part-0").await.unwrap().is_some_and(|m| m.metadata == ours())
}

#[tokio::test]
async fn a_lost_reply_to_complete_is_settled_by_head() {
    for effect in [Effect::DropAfter, Effect::StatusAfter(500, "InternalError".into())] {
        let b = bench("s3://test").await;
        let (id, parts) = upload(&b).await;
        let fault = b.server.plant(Fault::once("CompleteMultipartUpload", "*", effect));
        let outcome = b.store.complete_upload("part-0", &id, &parts, true).await.unwrap();
        assert_eq!(fault.fired(), 1);
        assert!(!matches!(outcome, CompleteOutcome::Conflict), "{outcome:?}");
        assert!(is_published(&b).await);
    }
}

#[tokio::test]
async fn an_error_in_a_200_is_no_publication() {
    let b = bench("s3://test").await;
    let (id, parts) = upload(&b).await;
    let effect = Effect::ErrorBody("InternalError".into());
    let fault = b.server.plant(Fault::always("CompleteMultipartUpload", "*", effect));
    let outcome = b.store.complete_upload("part-0", &id, &parts, true).await.unwrap();
    assert!(matches!(outcome, CompleteOutcome::Unclear { .. }), "{outcome:?}");
    assert!(fault.fired() >= 1 && !is_published(&b).await);
    b.server.heal();
    let outcome = b.store.complete_upload("part-0", &id, &parts, true).await.unwrap();
    assert!(matches!(outcome, CompleteOutcome::Published { .. }), "the upload is still whole");

    let b = bench("s3://test").await;
    let (id, parts) = upload(&b).await;
    let effect = Effect::ErrorBodyAfter("InternalError".into());
    let fault = b.server.plant(Fault::always("CompleteMultipartUpload", "*", effect));
    let outcome = b.store.complete_upload("part-0", &id, &parts, true).await.unwrap();
    assert!(!matches!(outcome, CompleteOutcome::Published { .. }), "{outcome:?}");
    assert!(fault.fired() >= 1 && is_published(&b).await);
}

#[tokio::test]
async fn a_conflict_on_complete_is_told() {
    let b = bench("s3://test").await;
    let (id, parts) = upload(&b).await;
    let effect = Effect::Status(409, "ConditionalRequestConflict".into());
    let fault = b.server.plant(Fault::once("CompleteMultipartUpload", "*", effect));
    let outcome = b.store.complete_upload("part-0", &id, &parts, true).await.unwrap();
    assert_eq!((outcome, fault.fired()), (CompleteOutcome::Conflict, 1));
}

#[tokio::test]
async fn a_lost_upload_is_told() {
    let b = bench("s3://test").await;
    let (id, parts) = upload(&b).await;
    assert!(b.server.lose_upload("test", "part-0", &id));
    assert_eq!(b.store.list_parts("part-0", &id).await.unwrap(), None);
    let outcome = b.store.complete_upload("part-0", &id, &parts, true).await.unwrap();
    assert_eq!(outcome, CompleteOutcome::NoSuchUpload);
}

#[tokio::test]
async fn a_part_survives_a_lost_reply() {
    let b = bench("s3://test").await;
    let id = b.store.begin_upload("part-0", &ours()).await.unwrap();
    let fault = b.server.plant(Fault::once("UploadPart", "*", Effect::DropAfter));
    let part = b.store.upload_part("part-0", &id, 1, body()).await.unwrap();
    assert_eq!(fault.fired(), 1);
    assert_eq!(b.store.list_parts("part-0", &id).await.unwrap().unwrap(), [part]);
}

#[tokio::test]
async fn late_answers_are_waited_for() {
    let b = bench("s3://test").await;
    b.store.put("k", Bytes::from_static(b"x"), &none()).await.unwrap();
    let fault = b.server.plant(Fault::once("GetObject", "k", Effect::Delay(800)));
    assert_eq!(b.store.get_range("k", 0..1, None).await.unwrap(), "x".as_bytes());
    assert_eq!((fault.fired(), b.server.stats().total(Some("GetObject"), "").requests), (1, 1));
}
