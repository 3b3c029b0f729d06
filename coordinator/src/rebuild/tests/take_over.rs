use super::stored::Stored;
use crate::rebuild::{may_take_over, snapshot};
use tarquet_common::{
    codes::{cluster, store as codes},
    failure::{Class, Failure},
    store::{Store, StoreSettings, Stores, Uri},
};
use tarquet_core::{Snapshot, Verdict};
use tarquet_faulty::{Calls, FaultyStore, Trouble, Verb, lost_answer};
use tarquet_s3server::{Conditions, Config, Server};

/// A job that is at work, and a bucket in which it might be. A local store is never tried, so it shows only that.
async fn at_work(conditions: Conditions) -> (Server, FaultyStore, Snapshot) {
    let server = Server::start(Config { conditions, ..Config::default() }).unwrap();
    let settings = StoreSettings {
        endpoint: Some(server.url.clone()),
        region: Some("us-east-1".to_owned()),
        ..StoreSettings::default()
    };
    let stores = Stores::with_keys(&server.access_key, &server.secret_key);
    let root = Uri::parse_here("s3://test/out.tarquet/jobs/1").unwrap();
    let bucket = stores.open(&root, &settings).await.unwrap();
    let stored = Stored::running().await;
    let found = snapshot(&stored, &stored.uri(), &StoreSettings::default()).await.unwrap().unwrap();
    (server, FaultyStore::new(bucket), found)
}

#[tokio::test]
async fn a_store_that_keeps_its_conditions_tells_two_coordinators_apart() {
    let (server, store, found) = at_work(Conditions::Honoured).await;
    let tried = store.plant(Calls::of(Verb::CompleteUpload), Trouble::Nothing);
    may_take_over(&store, &found, false).await.unwrap();
    assert_eq!(tried.seen(), 1, "the store was tried");
    let published = Snapshot { outcome: Some(Verdict::Publish), ..found };
    may_take_over(&store, &published, false).await.unwrap();
    assert_eq!(tried.seen(), 2, "what is being published may be taken over by two as well");
    assert!(server.keys("test").is_empty() && server.uploads("test").is_empty(), "nothing stays behind");
}

#[tokio::test]
async fn where_a_store_does_not_a_person_has_to_say_so() {
    for conditions in [Conditions::IgnoredOnComplete, Conditions::Ignored] {
        let (_server, store, found) = at_work(conditions).await;
        let published = Snapshot { outcome: Some(Verdict::Publish), ..found.clone() };
        for snapshot in [&found, &published] {
            let failure = may_take_over(&store, snapshot, false).await.unwrap_err();
            assert_eq!((failure.code, failure.class()), (cluster::TAKE_OVER_UNSAFE, Class::Denied));
            assert_eq!(failure.place.uri.as_deref(), Some(store.root().as_str()));
            may_take_over(&store, snapshot, true).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_store_is_not_tried_where_nothing_can_go_wrong() {
    let (_server, store, found) = at_work(Conditions::Ignored).await;
    let failure = Box::new(Failure::new(cluster::NOT_NOW, "why"));
    let cancelled = Verdict::Cancel { reason: String::new() };
    let over = [
        Snapshot { outcome: Some(Verdict::Publish), catalog: true, ..found.clone() },
        Snapshot { outcome: Some(cancelled), ..found.clone() },
        Snapshot { outcome: Some(Verdict::Fail { failure }), ..found.clone() },
    ];
    let calls = Verb::ALL.map(|verb| store.plant(Calls::of(verb), Trouble::Nothing));
    for snapshot in &over {
        may_take_over(&store, snapshot, false).await.unwrap();
    }
    may_take_over(&store, &found, true).await.unwrap();
    let stored = Stored::running().await;
    let on_this_machine = FaultyStore::new(stored.store());
    let local = Verb::ALL.map(|verb| on_this_machine.plant(Calls::of(verb), Trouble::Nothing));
    may_take_over(&on_this_machine, &found, false).await.unwrap();
    assert!(calls.iter().chain(&local).all(|calls| calls.seen() == 0));
}

/// A try that could not be made proves nothing.
#[tokio::test]
async fn a_store_that_cannot_be_tried_is_not_a_safe_one() {
    let (_server, store, found) = at_work(Conditions::Honoured).await;
    let verbs = [
        (Verb::PutIfAbsent, 8),
        (Verb::Get, 3),
        (Verb::GetRange, 2),
        (Verb::Put, 2),
        (Verb::Head, 1),
        (Verb::List, 1),
        (Verb::BeginUpload, 1),
        (Verb::UploadPart, 1),
        (Verb::CompleteUpload, 1),
        (Verb::AbortUpload, 1),
        (Verb::Delete, 1),
    ];
    for (verb, calls) in verbs {
        for n in 1..=calls {
            let planted = store.plant(Calls::of(verb).nth(n), Trouble::Before(lost_answer()));
            let failure = may_take_over(&store, &found, false).await.unwrap_err();
            assert_eq!((failure.code, planted.fired()), (codes::STORE_UNREACHABLE, 1), "{verb:?} {n}");
            store.heal();
        }
    }
}
