//! The contract over HTTP, and what settings do.

use crate::contract::{self, Traits};
use bytes::Bytes;
use std::sync::Arc;
use tarquet_common::{
    failure::Class,
    store::{Lifecycle, Metadata, Removal, Store, StoreError, StoreSettings, Stores, Uri, probe},
};
use tarquet_faulty::FaultyStore;
use tarquet_s3server::{Conditions, Config, Effect, Fault, Server};

/// A server and a store on it.
pub(crate) struct Bench {
    pub(crate) server: Server,
    pub(crate) store: Arc<dyn Store>,
}

pub(crate) fn settings(server: &Server) -> StoreSettings {
    StoreSettings {
        endpoint: Some(server.url.clone()),
        region: Some("us-east-1".to_owned()),
        ..Default::default()
    }
}

pub(crate) async fn open(server: &Server, root: &str) -> Arc<dyn Store> {
    let stores = Stores::with_keys(&server.access_key, &server.secret_key);
    stores.open(&root.parse::<Uri>().unwrap(), &settings(server)).await.unwrap()
}

pub(crate) async fn bench(root: &str) -> Bench {
    let server = Server::start(Config::default()).unwrap();
    let store = open(&server, root).await;
    Bench { server, store }
}

const S3: Traits = Traits { nested_keys: true };

#[tokio::test]
async fn s3_keeps_the_contract_at_a_bucket() {
    let b = bench("s3://test").await;
    contract::run(&*b.store, S3).await;
    assert!(b.server.uploads("test").iter().all(|(key, _)| !key.starts_with("upload/")));
}

#[tokio::test]
async fn s3_keeps_the_contract_at_a_prefix() {
    let b = bench("s3://test/some/out put").await;
    let store = FaultyStore::new(b.store.clone());
    contract::run(&store, S3).await;
    assert!(b.server.keys("test").iter().all(|key| key.starts_with("some/out put/")));
}

#[tokio::test]
async fn siblings_of_a_prefix_are_not_listed() {
    let b = bench("s3://test").await;
    for key in ["out/a", "out.tarquet/b", "outer/c"] {
        b.store.put(key, Bytes::from_static(b"x"), &Metadata::new()).await.unwrap();
    }
    let store = open(&b.server, "s3://test/out").await;
    let page = store.list("", None, 10).await.unwrap();
    assert_eq!(page.objects.iter().map(|o| o.key.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(store.root().join("a").to_string(), "s3://test/out/a");
}

#[tokio::test]
async fn a_range_costs_its_bytes() {
    let b = bench("s3://test").await;
    b.store.put("k", Bytes::from(vec![7; 4 << 20]), &Metadata::new()).await.unwrap();
    b.server.reset_stats();
    b.store.get_range("k", 100..1_000_100, None).await.unwrap();
    let total = b.server.stats().total(None, "");
    assert_eq!((total.requests, total.bytes_out, total.failed), (1, 1_000_000, 0));
    assert_eq!(b.server.stats().log[0].range.as_deref(), Some("bytes=100-1000099"));
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let b = bench("s3://nothere").await;
    let error = b.store.list("", None, 1).await.unwrap_err();
    assert!(matches!(&error, StoreError::NoBucket { bucket } if bucket == "nothere"), "{error:?}");
    let error = b.store.put("k", Bytes::new(), &Metadata::new()).await.unwrap_err();
    assert!(matches!(error, StoreError::NoBucket { .. }), "{error:?}");

    let stores = Stores::with_keys(&b.server.access_key, "another secret");
    let stranger = stores.open(&"s3://test".parse().unwrap(), &settings(&b.server)).await.unwrap();
    let error = stranger.list("", None, 1).await.unwrap_err();
    assert!(matches!(error, StoreError::Credentials { expired: false, .. }), "{error:?}");
    assert_eq!(error.into_failure().class(), Class::Denied);
}

#[tokio::test]
async fn the_anonymous_may_read_what_is_public() {
    let server = Server::start(Config { public_read: true, ..Config::default() }).unwrap();
    open(&server, "s3://test").await.put("k", Bytes::from_static(b"x"), &Metadata::new()).await.unwrap();
    let anonymous = StoreSettings { anonymous: true, ..settings(&server) };
    let store = Stores::new().open(&"s3://test".parse().unwrap(), &anonymous).await.unwrap();
    assert_eq!(store.get_range("k", 0..1, None).await.unwrap(), "x".as_bytes());
    assert_eq!(store.list("", None, 1).await.unwrap().objects.len(), 1);
    let error = store.put("k2", Bytes::new(), &Metadata::new()).await.unwrap_err();
    assert!(matches!(error, StoreError::Denied { permission: "s3:PutObject", .. }), "{error:?}");
}

#[tokio::test]
async fn nobody_listens() {
    let b = bench("s3://test").await;
    b.server.shutdown();
    let error = b.store.head("k").await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert_eq!(error.class(), Class::Environment);
}

#[tokio::test]
async fn the_probe_sees_what_a_store_ignores() {
    let b = bench("s3://test/job").await;
    let seen = probe(&*b.store, "x/").await.unwrap();
    assert!(seen.is_safe(), "{seen:?}");
    b.server.set_conditions(Conditions::IgnoredOnComplete);
    let seen = probe(&*b.store, "x/").await.unwrap();
    assert!(seen.conditional_put && !seen.conditional_complete && seen.reads_its_writes, "{seen:?}");
    b.server.set_conditions(Conditions::Ignored);
    let seen = probe(&*b.store, "x/").await.unwrap();
    assert!(!seen.conditional_put && !seen.conditional_complete, "{seen:?}");
    assert!(b.server.keys("test").is_empty() && b.server.uploads("test").is_empty(), "the probe cleans up");
}

#[tokio::test]
async fn a_buckets_own_rules_are_read() {
    let b = bench("s3://test/lake/frames").await;
    assert_eq!(b.store.lifecycle().await.unwrap(), Lifecycle::default(), "a bucket without rules");
    b.server.abort_uploads_after("test", "lake/", 1);
    let removal = Removal { rule: "abort".to_owned(), days: 1 };
    assert_eq!(b.store.lifecycle().await.unwrap(), Lifecycle { uploads: Some(removal), objects: None });
    let denied = Effect::Status(403, "AccessDenied".to_owned());
    let denied = b.server.plant(Fault::once("GetBucketLifecycleConfiguration", "*", denied));
    let error = b.store.lifecycle().await.unwrap_err();
    assert_eq!((error.class(), denied.fired()), (Class::Denied, 1));
    assert!(error.to_string().contains("s3:GetLifecycleConfiguration"), "{error}");
}
