use super::stored::Stored;
use crate::{objects::Pointer, rebuild::Registry};
use std::sync::Arc;
use tarquet_common::{
    codes::store as codes,
    ids::JobId,
    store::{Metadata, StoreError, StoreSettings},
};
use tarquet_faulty::{Calls, FaultyStore, Trouble, Verb, lost_answer};

/// A registry of three jobs, and its store with and without rules.
async fn three() -> (Stored, Registry, FaultyStore, Vec<Pointer>) {
    let stored = Stored::nothing();
    let faulty = FaultyStore::new(stored.local("registry"));
    let registry = Registry::new(Arc::new(faulty.clone()));
    let pointer = |n| Pointer {
        job: JobId::from_parts(n, 0),
        job_uri: format!("s3://b/{n}"),
        store: StoreSettings::default(),
    };
    let pointers: Vec<Pointer> = [1, 2, 3].map(pointer).to_vec();
    for pointer in pointers.iter().rev() {
        registry.write(pointer).await.unwrap();
    }
    (stored, registry, faulty, pointers)
}

#[tokio::test]
async fn pointers_are_found_oldest_first_until_they_are_removed() {
    let (_stored, registry, _, pointers) = three().await;
    assert_eq!(registry.all().await.unwrap(), pointers);
    registry.write(&pointers[0]).await.unwrap();
    registry.remove(&pointers[1].job).await.unwrap();
    registry.remove(&pointers[1].job).await.unwrap();
    assert_eq!(registry.all().await.unwrap(), [pointers[0].clone(), pointers[2].clone()]);
}

#[tokio::test]
async fn what_is_no_pointer_is_passed_over() {
    let (stored, registry, _, pointers) = three().await;
    let store = stored.local("registry");
    for key in ["notes.txt", "deeper/x.json"] {
        store.put(key, "text".into(), &Metadata::new()).await.unwrap();
    }
    assert_eq!(registry.all().await.unwrap(), pointers);
    let damaged = format!("{}.json", pointers[1].job);
    store.put(&damaged, "{\"job\":".into(), &Metadata::new()).await.unwrap();
    let others = [pointers[0].clone(), pointers[2].clone()];
    assert_eq!(registry.all().await.unwrap(), others, "one that is damaged does not hide the others");
}

/// A registry that cannot be read is not a smaller one: a job that is not found is not taken up.
#[tokio::test]
async fn every_read_that_fails_is_a_failure() {
    let (_stored, registry, faulty, pointers) = three().await;
    for (verb, calls) in [(Verb::List, 1), (Verb::Get, 3)] {
        for n in 1..=calls {
            for trouble in [Trouble::Before(lost_answer()), Trouble::After(lost_answer())] {
                let planted = faulty.plant(Calls::of(verb).nth(n), trouble);
                let failure = registry.all().await.unwrap_err();
                assert_eq!((failure.code, planted.fired()), (codes::STORE_UNREACHABLE, 1), "{verb:?} {n}");
                faulty.heal();
                assert_eq!(registry.all().await.unwrap(), pointers);
            }
        }
    }
}

/// One that may not be read will not be read by trying again either, and must not keep the others from being found.
#[tokio::test]
async fn a_pointer_that_may_not_be_read_or_goes_meanwhile_is_left_out() {
    let (_stored, registry, faulty, pointers) = three().await;
    let denied = StoreError::Denied { uri: String::new(), permission: "s3:GetObject", detail: String::new() };
    for trouble in [Trouble::Before(denied), Trouble::Absent] {
        let planted = faulty.plant(Calls::of(Verb::Get).nth(2), trouble);
        assert_eq!(registry.all().await.unwrap(), [pointers[0].clone(), pointers[2].clone()]);
        assert_eq!(planted.fired(), 1);
        faulty.heal();
    }
}

#[tokio::test]
async fn a_write_or_remove_whose_answer_was_lost_is_made_again() {
    for trouble in [Trouble::Before(lost_answer()), Trouble::After(lost_answer())] {
        let (stored, registry, faulty, pointers) = three().await;
        let fourth = Pointer { job: JobId::from_parts(4, 0), ..pointers[0].clone() };
        faulty.plant(Calls::of(Verb::PutIfAbsent).once(), trouble.clone());
        faulty.plant(Calls::of(Verb::Delete).once(), trouble);
        registry.write(&fourth).await.unwrap_err();
        registry.write(&fourth).await.unwrap();
        assert_eq!(registry.all().await.unwrap()[3], fourth);
        registry.remove(&fourth.job).await.unwrap_err();
        registry.remove(&fourth.job).await.unwrap();
        assert_eq!(registry.all().await.unwrap(), pointers);
        assert!(stored.local("registry").head(&format!("{}.json", fourth.job)).await.unwrap().is_none());
        faulty.assert_all_fired();
    }
}

/// The pointer that is there stays, whatever it says: another's is never replaced.
#[tokio::test]
async fn a_pointer_is_never_replaced() {
    let (_stored, registry, _, pointers) = three().await;
    let other = Pointer { job_uri: "s3://b/other".to_owned(), ..pointers[0].clone() };
    registry.write(&other).await.unwrap();
    assert_eq!(registry.all().await.unwrap()[0], pointers[0]);
}
