//! What every store promises, as calls and answers. Each case works under a prefix of its own.

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, future::join_all};
use tarquet_common::{
    receipt::Part,
    store::{CompleteOutcome, Metadata, PutOutcome, Store, StoreError, checksum, list_all},
};

const MIB: usize = 1 << 20;
const MAX: u64 = 64 << 20;

/// How stores may differ.
#[derive(Clone, Copy)]
pub(crate) struct Traits {
    /// `a` and `a/b` can both be objects.
    pub(crate) nested_keys: bool,
}

/// Runs every case.
pub(crate) async fn run(store: &dyn Store, traits: Traits) {
    absent_objects(store).await;
    reads_its_writes(store).await;
    removes_what_it_compared(store).await;
    ranges(store).await;
    created_once(store).await;
    one_creator(store).await;
    uploads_are_invisible(store).await;
    parts_in_any_order(store).await;
    unlisted_parts_are_dropped(store).await;
    completed_uploads_replace_nothing(store).await;
    aborted_uploads_are_gone(store).await;
    one_completer(store).await;
    wrong_parts_publish_nothing(store).await;
    lists(store).await;
    odd_keys(store, traits).await;
    bad_keys(store).await;
    strange_upload_ids(store).await;
}

fn meta(word: &str) -> Metadata {
    Metadata::from([("attempt".to_owned(), word.to_owned()), ("job".to_owned(), "01J".to_owned())])
}

fn noise(len: usize, seed: u64) -> Bytes {
    let mut state = seed | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..len).map(|_| next()).collect::<Vec<u8>>().into()
}

async fn put(store: &dyn Store, key: &str, bytes: &Bytes) -> String {
    store.put(key, bytes.clone(), &Metadata::new()).await.unwrap()
}

async fn absent_objects(store: &dyn Store) {
    assert_eq!(store.head("absent/x").await.unwrap(), None);
    assert_eq!(store.get("absent/x", MAX).await.unwrap(), None);
    let read = store.get_range("absent/x", 0..1, None).await;
    assert!(matches!(read, Err(StoreError::NotFound { .. })), "{read:?}");
    let read = store.get_stream("absent/x", 0..1, Some("\"e\"")).await;
    assert!(matches!(read, Err(StoreError::NotFound { .. })));
    store.delete("absent/x").await.unwrap();
    assert!(store.list("absent/", None, 10).await.unwrap().objects.is_empty());
}

async fn reads_its_writes(store: &dyn Store) {
    for (n, size) in [0, 1, 70_000, 3 * MIB].into_iter().enumerate() {
        let key = format!("rw/{n}");
        let body = noise(size, 7);
        let etag = store.put(&key, body.clone(), &meta("1.1")).await.unwrap();
        let head = store.head(&key).await.unwrap().unwrap();
        assert_eq!((head.key.as_str(), head.size, &head.etag), (key.as_str(), size as u64, &etag));
        assert_eq!(head.metadata, meta("1.1"));
        assert!(head.modified_ms > 1_600_000_000_000);
        let object = store.get(&key, MAX).await.unwrap().unwrap();
        assert_eq!(object.meta, head);
        assert!(object.bytes == body, "{size} bytes");
        let listed = store.list(&key, None, 2).await.unwrap();
        assert_eq!(listed.objects.len(), 1);
        assert_eq!((listed.objects[0].size, &listed.objects[0].etag), (size as u64, &etag));
        assert_eq!(listed.next, None);
    }
    let after = store.put("rw/1", Bytes::from_static(b"2"), &Metadata::new()).await.unwrap();
    let head = store.head("rw/1").await.unwrap().unwrap();
    assert_eq!((head.etag, head.metadata), (after, Metadata::new()), "an overwrite takes the metadata along");
    let large = store.get("rw/3", 3 * MIB as u64 - 1).await;
    assert!(matches!(large, Err(StoreError::TooLarge { .. })), "{large:?}");
    store.delete("rw/1").await.unwrap();
    assert_eq!(store.head("rw/1").await.unwrap(), None);
}

/// An object is removed while it is the one that was looked at, and another is left alone.
async fn removes_what_it_compared(store: &dyn Store) {
    let first = put(store, "compared/a", &noise(10, 1)).await;
    store.delete("compared/a").await.unwrap();
    let second = put(store, "compared/a", &noise(11, 2)).await;
    assert!(!store.delete_if("compared/a", &first).await.unwrap());
    assert_eq!(store.head("compared/a").await.unwrap().unwrap().etag, second);
    for _ in 0..2 {
        assert!(store.delete_if("compared/a", &second).await.unwrap(), "gone is gone");
        assert_eq!(store.head("compared/a").await.unwrap(), None);
    }
}

async fn ranges(store: &dyn Store) {
    let body = noise(5 * MIB + 17, 3);
    let etag = put(store, "ranges/a", &body).await;
    let size = body.len() as u64;
    for range in [0..1, 0..size, 5..9, size - 1..size, 1_000_000..4_000_001] {
        let want = body.slice(range.start as usize..range.end as usize);
        let whole = store.get_range("ranges/a", range.clone(), Some(&etag)).await.unwrap();
        assert!(whole == want, "{range:?}");
        let chunks = store.get_stream("ranges/a", range.clone(), Some(&etag)).await.unwrap();
        let chunks: Vec<Bytes> = chunks.try_collect().await.unwrap();
        assert!(chunks.concat() == want, "{range:?}");
    }
    assert_eq!(store.get_range("ranges/a", 7..7, None).await.unwrap().len(), 0);
    for range in [size - 1..size + 1, size..size + 1, size + 5..size + 6] {
        let beyond = store.get_range("ranges/a", range.clone(), Some(&etag)).await;
        assert!(matches!(beyond, Err(StoreError::Changed { .. })), "{range:?} {beyond:?}");
    }
    let mut stream = store.get_stream("ranges/a", 0..size, None).await.unwrap();
    let first = stream.next().await.unwrap().unwrap();
    assert!(body.starts_with(&first));
    drop(stream);
    // The same size, other bytes.
    put(store, "ranges/a", &noise(body.len(), 4)).await;
    let stale = store.get_range("ranges/a", 0..1, Some(&etag)).await;
    match stale {
        Err(StoreError::Changed { expected, found, .. }) => assert!(expected == etag && found != etag),
        other => panic!("{other:?}"),
    }
    assert!(matches!(store.get_stream("ranges/a", 0..1, Some(&etag)).await, Err(StoreError::Changed { .. })));
}

async fn created_once(store: &dyn Store) {
    let (one, two) = (Bytes::from_static(b"one"), Bytes::from_static(b"two"));
    let put = async |body: &Bytes, words: &Metadata| store.put_if_absent("once/k", body.clone(), words).await;
    assert_eq!(put(&one, &meta("1.1")).await.unwrap(), PutOutcome::Created);
    assert_eq!(put(&two, &meta("1.1")).await.unwrap(), PutOutcome::Exists);
    assert_eq!(
        put(&one, &meta("1.2")).await.unwrap(),
        PutOutcome::Exists,
        "other metadata is another object"
    );
    assert_eq!(put(&noise(MIB, 1), &meta("1.1")).await.unwrap(), PutOutcome::Exists);
    assert_eq!(
        put(&one, &meta("1.1")).await.unwrap(),
        PutOutcome::Created,
        "what is there is what was given"
    );
    let there = store.get("once/k", MAX).await.unwrap().unwrap();
    assert_eq!((there.bytes, there.meta.metadata), (one, meta("1.1")));
}

async fn one_creator(store: &dyn Store) {
    for round in 0..5 {
        let key = format!("race/{round}");
        let body = |n: usize| Bytes::from(format!("writer {n} ").repeat(5_000));
        let metas: Vec<Metadata> = (0..16).map(|n| meta(&n.to_string())).collect();
        let tries = join_all((0..16).map(|n| store.put_if_absent(&key, body(n), &metas[n]))).await;
        let won: Vec<usize> =
            (0..16).filter(|n| tries[*n].as_ref().unwrap() == &PutOutcome::Created).collect();
        assert_eq!(won.len(), 1, "{tries:?}");
        let there = store.get(&key, MAX).await.unwrap().unwrap();
        assert!(there.bytes == body(won[0]));
        assert_eq!(there.meta.metadata, metas[won[0]]);
    }
}

/// Sends these bodies as parts 1, 2, …
async fn upload(store: &dyn Store, key: &str, bodies: &[Bytes], words: &Metadata) -> (String, Vec<Part>) {
    let id = store.begin_upload(key, words).await.unwrap();
    let mut parts = Vec::new();
    for (number, body) in (1..).zip(bodies) {
        parts.push(store.upload_part(key, &id, number, body.clone()).await.unwrap());
    }
    (id, parts)
}

async fn uploads_are_invisible(store: &dyn Store) {
    let bodies = [noise(5 * MIB, 1), noise(5 * MIB, 2), noise(99, 3)];
    let key = "upload/part-00000.parquet";
    let (id, parts) = upload(store, key, &bodies, &meta("2.1")).await;
    for (part, body) in parts.iter().zip(&bodies) {
        assert_eq!(part.size, body.len() as u64);
        assert_eq!(part.crc64, checksum::to_hex(checksum::crc64(body)));
    }
    assert_eq!(store.head(key).await.unwrap(), None);
    assert!(store.list("upload/", None, 10).await.unwrap().objects.is_empty());
    assert_eq!(store.list_parts(key, &id).await.unwrap().unwrap(), parts);
    let uploads = store.list_uploads("upload/").await.unwrap();
    assert_eq!((uploads.len(), uploads[0].key.as_str(), &uploads[0].upload_id), (1, key, &id));
    assert!(uploads[0].begun_ms > 1_600_000_000_000);
    assert!(store.list_uploads("upload/x").await.unwrap().is_empty());

    let done = store.complete_upload(key, &id, &parts, true).await.unwrap();
    let head = store.head(key).await.unwrap().unwrap();
    assert_eq!(done, CompleteOutcome::Published { etag: head.etag.clone() });
    assert_eq!(head.metadata, meta("2.1"));
    let there = store.get(key, MAX).await.unwrap().unwrap();
    assert!(there.bytes == bodies.concat());
    assert!(store.list_uploads("upload/").await.unwrap().is_empty());
    assert_eq!(store.list_parts(key, &id).await.unwrap(), None);
    let again = store.complete_upload(key, &id, &parts, true).await.unwrap();
    assert_eq!(again, CompleteOutcome::NoSuchUpload);
    assert_eq!(store.head(key).await.unwrap().unwrap(), head, "completing again changes nothing");
}

async fn parts_in_any_order(store: &dyn Store) {
    let key = "order/k";
    let bodies = [noise(5 * MIB, 11), noise(6 * MIB, 12), noise(5 * MIB + 1, 13), noise(4, 14)];
    let id = store.begin_upload(key, &meta("1.7")).await.unwrap();
    store.upload_part(key, &id, 2, noise(5 * MIB, 99)).await.unwrap();
    let mut parts = Vec::new();
    for number in [4_u32, 2, 1, 3] {
        let body = bodies[number as usize - 1].clone();
        parts.push(store.upload_part(key, &id, number, body).await.unwrap());
    }
    let again = store.upload_part(key, &id, 3, bodies[2].clone()).await.unwrap();
    assert_eq!(again, parts[3], "sending the same part again changes nothing");
    parts.sort_by_key(|p| p.number);
    assert_eq!(store.list_parts(key, &id).await.unwrap().unwrap(), parts);
    let done = store.complete_upload(key, &id, &parts, true).await.unwrap();
    assert!(matches!(done, CompleteOutcome::Published { .. }), "{done:?}");
    let there = store.get(key, MAX).await.unwrap().unwrap();
    assert!(there.bytes == bodies.concat());
    assert_eq!(there.meta.metadata, meta("1.7"));
}

async fn unlisted_parts_are_dropped(store: &dyn Store) {
    let bodies = [noise(5 * MIB, 21), noise(5 * MIB, 22), noise(5 * MIB, 23)];
    let (id, parts) = upload(store, "unlisted/k", &bodies, &Metadata::new()).await;
    let chosen = [parts[0].clone(), parts[2].clone()];
    let done = store.complete_upload("unlisted/k", &id, &chosen, false).await.unwrap();
    assert!(matches!(done, CompleteOutcome::Published { .. }), "{done:?}");
    let there = store.get("unlisted/k", MAX).await.unwrap().unwrap();
    assert!(there.bytes == [bodies[0].clone(), bodies[2].clone()].concat());
}

async fn completed_uploads_replace_nothing(store: &dyn Store) {
    let key = "replace/k";
    put(store, key, &Bytes::from_static(b"foreign")).await;
    let (id, parts) = upload(store, key, &[Bytes::from_static(b"ours")], &meta("1.1")).await;
    assert_eq!(store.complete_upload(key, &id, &parts, true).await.unwrap(), CompleteOutcome::Exists);
    assert_eq!(store.get(key, MAX).await.unwrap().unwrap().bytes, "foreign".as_bytes());
    assert_eq!(store.list_parts(key, &id).await.unwrap().unwrap(), parts, "the upload is still there");
    let done = store.complete_upload(key, &id, &parts, false).await.unwrap();
    assert!(matches!(done, CompleteOutcome::Published { .. }), "{done:?}");
    let there = store.get(key, MAX).await.unwrap().unwrap();
    assert_eq!((there.bytes, there.meta.metadata), (Bytes::from_static(b"ours"), meta("1.1")));
}

async fn aborted_uploads_are_gone(store: &dyn Store) {
    let key = "abort/k";
    let (id, parts) = upload(store, key, &[Bytes::from_static(b"x")], &meta("1.1")).await;
    let (other, others) = upload(store, key, &[Bytes::from_static(b"y")], &meta("1.2")).await;
    assert_ne!(id, other);
    store.abort_upload(key, &id).await.unwrap();
    store.abort_upload(key, &id).await.unwrap();
    let late = store.upload_part(key, &id, 2, Bytes::from_static(b"z")).await;
    assert!(matches!(late, Err(StoreError::NotFound { .. })), "{late:?}");
    assert_eq!(store.list_parts(key, &id).await.unwrap(), None);
    assert_eq!(store.complete_upload(key, &id, &parts, true).await.unwrap(), CompleteOutcome::NoSuchUpload);
    assert_eq!(store.head(key).await.unwrap(), None);
    let done = store.complete_upload(key, &other, &others, true).await.unwrap();
    assert!(matches!(done, CompleteOutcome::Published { .. }), "another upload of the key is not touched");
    store.abort_upload(key, &other).await.unwrap();
    assert!(store.head(key).await.unwrap().is_some(), "an object is not touched by aborting its upload");
}

async fn one_completer(store: &dyn Store) {
    let key = "complete-race/k";
    let mut uploads = Vec::new();
    for n in 0..6 {
        uploads.push(upload(store, key, &[Bytes::from(format!("upload {n}"))], &meta(&n.to_string())).await);
    }
    let tries = join_all(uploads.iter().map(|(id, parts)| store.complete_upload(key, id, parts, true))).await;
    let won: Vec<usize> =
        (0..6).filter(|n| matches!(tries[*n].as_ref().unwrap(), CompleteOutcome::Published { .. })).collect();
    assert_eq!(won.len(), 1, "{tries:?}");
    let there = store.get(key, MAX).await.unwrap().unwrap();
    assert_eq!(there.bytes, format!("upload {}", won[0]));
    assert_eq!(there.meta.metadata, meta(&won[0].to_string()));
}

async fn wrong_parts_publish_nothing(store: &dyn Store) {
    let key = "wrong/k";
    let (id, parts) =
        upload(store, key, &[noise(5 * MIB, 1), noise(10, 2), noise(10, 3)], &meta("1.1")).await;
    let stranger = Part { etag: "\"00000000000000000000000000000000\"".to_owned(), ..parts[0].clone() };
    let unsent = Part { number: 9, ..parts[2].clone() };
    for (why, wrong) in [
        ("another ETag", vec![stranger]),
        ("a part that was never sent", vec![parts[0].clone(), unsent]),
        ("another order", vec![parts[1].clone(), parts[0].clone()]),
        ("a small part in the middle", parts.clone()),
    ] {
        let done = store.complete_upload(key, &id, &wrong, true).await;
        assert!(matches!(done, Err(StoreError::Integrity { .. })), "{why}: {done:?}");
        assert_eq!(store.head(key).await.unwrap(), None, "{why}");
    }
    for number in [0, 10_001] {
        assert!(store.upload_part(key, &id, number, Bytes::new()).await.is_err());
    }
    let done = store.complete_upload(key, &id, &parts[..2], true).await.unwrap();
    assert!(matches!(done, CompleteOutcome::Published { .. }), "the upload survived all that");
}

async fn lists(store: &dyn Store) {
    let keys = ["l/a!", "l/a.b", "l/a/b", "l/a/c/d", "l/a0", "l/b/x", "l/b/y", "l/é"];
    for key in keys {
        put(store, key, &Bytes::from(key)).await;
    }
    let names = |page: &tarquet_common::store::Page| -> Vec<String> {
        page.objects.iter().map(|o| o.key.clone()).collect()
    };
    let all = store.list("l/", None, 1000).await.unwrap();
    assert_eq!(names(&all), keys);
    assert_eq!((all.next, all.skipped.len()), (None, 0));
    assert_eq!(names(&store.list("l/a/", None, 1000).await.unwrap()), keys[2..4]);
    assert_eq!(names(&store.list("l/a", None, 1000).await.unwrap()), keys[..5]);
    assert_eq!(names(&store.list("l/", Some("l/a/b"), 1000).await.unwrap()), keys[3..]);
    assert_eq!(names(&store.list("l/", Some("l/a/c"), 2).await.unwrap()), keys[3..5]);
    assert_eq!(names(&store.list("l/zz", None, 2).await.unwrap()), [""; 0]);
    for limit in 1..=9 {
        let mut paged = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = store.list("l/", after.as_deref(), limit).await.unwrap();
            assert!(page.objects.len() <= limit);
            paged.extend(names(&page));
            let Some(next) = page.next else { break };
            after = Some(next);
        }
        assert_eq!(paged, keys, "pages of {limit}");
    }
    let streamed: Vec<String> = list_all(store, "l/").map_ok(|o| o.unwrap().key).try_collect().await.unwrap();
    assert_eq!(streamed, keys);
}

async fn odd_keys(store: &dyn Store, traits: Traits) {
    let mut keys = vec![
        "odd/ a b ",
        "odd/a+b",
        "odd/a%2Fb",
        "odd/é😀",
        "odd/=k=v/part-0.parquet",
        "odd/..dots",
        "odd/a&<>\"'b",
        "odd/x?y#z",
        "odd/.hidden",
        "odd/~",
    ];
    if traits.nested_keys {
        keys.extend(["odd/n", "odd/n/m", "odd/d//e", "odd/../up"]);
    }
    for key in &keys {
        put(store, key, &Bytes::from((*key).to_owned())).await;
        let there = store.get(key, MAX).await.unwrap_or_else(|e| panic!("{key}: {e}"));
        assert_eq!(there.unwrap_or_else(|| panic!("{key} is not there")).bytes, *key);
        assert_eq!(store.head(key).await.unwrap().unwrap().key, *key);
        assert_eq!(store.get_range(key, 0..3, None).await.unwrap(), "odd".as_bytes());
    }
    keys.sort_unstable();
    let listed = store.list("odd/", None, 100).await.unwrap();
    let listed: Vec<&str> = listed.objects.iter().map(|o| o.key.as_str()).collect();
    assert_eq!(listed, keys);
}

async fn bad_keys(store: &dyn Store) {
    let long = "x".repeat(1025);
    for key in ["", &long, "dir/"] {
        let put = store.put(key, Bytes::new(), &Metadata::new()).await;
        assert!(matches!(put, Err(StoreError::BadKey { .. })), "{key:?} {put:?}");
        assert!(store.get(key, MAX).await.is_err(), "{key:?}");
    }
}

async fn strange_upload_ids(store: &dyn Store) {
    put(store, "strange/k", &Bytes::from_static(b"x")).await;
    for id in ["nonsense", "../../strange", "0123456789abcdef0123456789abcdef", "%2e%2e"] {
        store.abort_upload("strange/k", id).await.unwrap();
        assert_eq!(store.list_parts("strange/k", id).await.unwrap(), None);
        let part = store.upload_part("strange/k", id, 1, Bytes::from_static(b"x")).await;
        assert!(matches!(part, Err(StoreError::NotFound { .. })), "{id} {part:?}");
    }
    assert!(store.head("strange/k").await.unwrap().is_some());
}
