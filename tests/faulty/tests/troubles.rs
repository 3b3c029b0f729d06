//! Each trouble, seen from the caller's side and from the store's.

use bytes::Bytes;
use futures::FutureExt;
use std::{sync::Arc, time::Duration};
use tarquet_common::store::{CompleteOutcome, LocalStore, Metadata, PutOutcome, Store, StoreError, Uri};
use tarquet_faulty::{Calls, FaultyStore, Trouble, Verb, lost_answer};
use tempfile::TempDir;

/// A directory, the faulty store on it, and the same without faults.
struct World {
    _dir: TempDir,
    faulty: FaultyStore,
    plain: Arc<dyn Store>,
}

fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let root: Uri = dir.path().join("out").to_str().unwrap().parse().unwrap();
    let plain: Arc<dyn Store> = Arc::new(LocalStore::open(&root).unwrap());
    World { _dir: dir, faulty: FaultyStore::new(plain.clone()), plain }
}

impl World {
    async fn put(&self, key: &str) -> Result<String, StoreError> {
        self.faulty.put(key, Bytes::from_static(b"bytes"), &Metadata::new()).await
    }

    async fn is_there(&self, key: &str) -> bool {
        self.plain.head(key).await.unwrap().is_some()
    }

    /// An upload of one part under `key`, and what completing it answers.
    async fn complete(&self, key: &str) -> Result<CompleteOutcome, StoreError> {
        let id = self.plain.begin_upload(key, &Metadata::new()).await.unwrap();
        let part = self.plain.upload_part(key, &id, 1, Bytes::from_static(b"bytes")).await.unwrap();
        self.faulty.complete_upload(key, &id, &[part], true).await
    }
}

fn is_lost<T>(answer: Result<T, StoreError>) -> bool {
    answer.is_err_and(|e| e.passes() && matches!(e, StoreError::Unreachable { .. }))
}

#[tokio::test]
async fn before_nothing_happens_and_after_it_has() {
    let w = world();
    w.faulty.plant(Calls::of(Verb::Put).with("never"), Trouble::Before(lost_answer()));
    w.faulty.plant(Calls::of(Verb::Put).with("done"), Trouble::After(lost_answer()));
    assert!(is_lost(w.put("never").await) && is_lost(w.put("done").await));
    assert!(!w.is_there("never").await && w.is_there("done").await);
    w.faulty.assert_all_fired();

    w.faulty.plant(Calls::of(Verb::PutIfAbsent), Trouble::After(lost_answer()));
    let body = Bytes::from_static(b"mine");
    assert!(is_lost(w.faulty.put_if_absent("k", body.clone(), &Metadata::new()).await));
    w.faulty.heal();
    let others = Bytes::from_static(b"theirs");
    let again = w.faulty.put_if_absent("k", others, &Metadata::new()).await.unwrap();
    assert_eq!(again, PutOutcome::Exists, "the first had written it");
    let again = w.faulty.put_if_absent("k", body, &Metadata::new()).await.unwrap();
    assert_eq!(again, PutOutcome::Created, "what is ours is never called another's");
}

#[tokio::test]
async fn calls_are_chosen_by_prefix_part_and_number() {
    let w = world();
    let second = w
        .faulty
        .plant(Calls::of(Verb::Put).under("receipts/").with(".json").nth(2), Trouble::Before(lost_answer()));
    let counted = w.faulty.plant(Calls::of(Verb::Put), Trouble::Nothing);
    for key in ["old/receipts/1.json", "receipts/1.txt", "receipts/1.json"] {
        w.put(key).await.unwrap();
    }
    assert!(w.faulty.get("receipts/1.json", 100).await.unwrap().is_some(), "another verb");
    assert!(is_lost(w.put("receipts/2.json").await));
    w.put("receipts/3.json").await.unwrap();
    assert_eq!((second.seen(), second.fired()), (3, 1));
    assert_eq!(
        (counted.seen(), counted.fired()),
        (5, 4),
        "what an older rule struck is seen, not struck again"
    );

    w.faulty.heal();
    w.faulty.plant(Calls::of(Verb::Delete).after(1).times(2), Trouble::Before(lost_answer()));
    let mut went = Vec::new();
    for _ in 0..5 {
        went.push(w.faulty.delete("receipts/1.json").await.is_ok());
    }
    assert_eq!(went, [true, false, false, true, true]);
}

#[tokio::test]
async fn a_complete_is_unclear_done_or_not() {
    for done in [false, true] {
        let w = world();
        let rule = w.faulty.plant(Calls::of(Verb::CompleteUpload).once(), Trouble::Unclear { done });
        let outcome = w.complete("part").await.unwrap();
        assert!(matches!(outcome, CompleteOutcome::Unclear { .. }), "{outcome:?}");
        assert_eq!((w.is_there("part").await, rule.fired()), (done, 1));
    }
}

#[tokio::test]
async fn what_is_there_is_not_found() {
    let w = world();
    w.put("k").await.unwrap();
    let upload = w.faulty.begin_upload("u", &Metadata::new()).await.unwrap();
    for verb in Verb::ALL.into_iter().filter(|v| v.has_absence()) {
        w.faulty.plant(Calls::of(verb).once(), Trouble::Absent);
    }
    let not_found = |e: StoreError| matches!(e, StoreError::NotFound { .. });
    assert_eq!(w.faulty.head("k").await.unwrap(), None);
    assert_eq!(w.faulty.get("k", 100).await.unwrap(), None);
    assert!(w.faulty.get_range("k", 0..1, None).await.is_err_and(not_found));
    assert!(w.faulty.get_stream("k", 0..1, None).await.is_err_and(not_found));
    assert_eq!(w.faulty.list("", None, 10).await.unwrap().objects, []);
    assert!(w.faulty.upload_part("u", &upload, 1, Bytes::from_static(b"x")).await.is_err_and(not_found));
    assert_eq!(w.faulty.list_parts("u", &upload).await.unwrap(), None);
    assert_eq!(w.faulty.list_uploads("").await.unwrap(), []);
    assert_eq!(w.complete("part").await.unwrap(), CompleteOutcome::NoSuchUpload);
    w.faulty.assert_all_fired();
    assert!(!w.is_there("part").await);
    // Each lag was one call long.
    assert!(w.faulty.head("k").await.unwrap().is_some());
    assert_eq!(w.faulty.list("", None, 10).await.unwrap().objects.len(), 1);
    assert_eq!(w.faulty.list_uploads("u").await.unwrap().len(), 1);
}

#[tokio::test]
async fn etags_are_wrong() {
    let w = world();
    for verb in Verb::ALL.into_iter().filter(|v| v.has_etag()) {
        w.faulty.plant(Calls::of(verb).once(), Trouble::WrongEtag("wrong".to_owned()));
    }
    assert_eq!(w.put("k").await.unwrap(), "wrong");
    let truth = w.plain.head("k").await.unwrap().unwrap().etag;
    assert_eq!(w.faulty.head("k").await.unwrap().unwrap().etag, "wrong");
    assert_eq!(w.faulty.get("k", 100).await.unwrap().unwrap().meta.etag, "wrong");
    assert_eq!(w.faulty.list("", None, 10).await.unwrap().objects[0].etag, "wrong");
    let upload = w.faulty.begin_upload("u", &Metadata::new()).await.unwrap();
    assert_eq!(w.faulty.upload_part("u", &upload, 1, Bytes::from_static(b"x")).await.unwrap().etag, "wrong");
    assert_eq!(w.faulty.list_parts("u", &upload).await.unwrap().unwrap()[0].etag, "wrong");
    assert_eq!(w.complete("part").await.unwrap(), CompleteOutcome::Published { etag: "wrong".to_owned() });
    w.faulty.assert_all_fired();
    assert_eq!(w.faulty.head("k").await.unwrap().unwrap().etag, truth, "it was the answer that was wrong");
}

#[tokio::test]
async fn a_late_request_can_be_dropped_before_it_happens_a_late_answer_cannot() {
    let w = world();
    let hour = Duration::from_secs(3_600);
    w.faulty.plant(Calls::of(Verb::Put).with("request"), Trouble::Delay(hour));
    w.faulty.plant(Calls::of(Verb::Put).with("answer"), Trouble::DelayAnswer(hour));
    assert!(w.put("request").now_or_never().is_none());
    assert!(!w.is_there("request").await);
    let mut answer = Box::pin(w.put("answer"));
    while !w.is_there("answer").await {
        assert!(answer.as_mut().now_or_never().is_none(), "the answer is an hour away");
    }
    drop(answer);
    w.faulty.assert_all_fired();
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_makes_delays_pass_at_once() {
    let w = world();
    w.faulty.plant(Calls::of(Verb::Lifecycle), Trouble::Delay(Duration::from_secs(3_600)));
    w.faulty.plant(Calls::of(Verb::RemoveTemporaries), Trouble::Before(lost_answer()));
    let began = tokio::time::Instant::now();
    w.faulty.lifecycle().await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(3_600));
    assert!(is_lost(w.faulty.remove_temporaries(0).await));
}

#[tokio::test]
#[should_panic(expected = "never struck: Delete under \"a\" with \"\", 1 from number 3 on")]
async fn a_rule_that_never_struck_is_named() {
    let w = world();
    w.faulty.plant(Calls::of(Verb::Put), Trouble::Nothing);
    w.faulty.plant(Calls::of(Verb::Delete).under("a").nth(3), Trouble::Before(lost_answer()));
    w.put("a").await.unwrap();
    w.faulty.delete("a").await.unwrap();
    w.faulty.assert_all_fired();
}

#[test]
#[should_panic(expected = "Delete cannot meet WrongEtag")]
fn a_rule_that_cannot_strike_is_refused() {
    world().faulty.plant(Calls::of(Verb::Delete), Trouble::WrongEtag("x".to_owned()));
}
