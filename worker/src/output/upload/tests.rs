//! Tests of the module above.

use super::*;
use crate::attempt::StopReason;
use tarquet_common::{
    failure::Class,
    store::{StoreSettings, Stores, Uri},
};
use tarquet_faulty::{Calls, FaultyStore, Planted, Trouble, Verb};

/// An upload into a store with trouble when a part comes.
fn troubled(runtime: &Handle, dir: &std::path::Path, stop: &Stop, trouble: Trouble) -> (Planted, Upload) {
    let root = Uri::parse_here(&dir.to_string_lossy()).unwrap();
    let inner = runtime.block_on(Stores::new().open(&root, &StoreSettings::default())).unwrap();
    let store = FaultyStore::new(inner);
    let rule = store.plant(Calls::of(Verb::UploadPart), trouble);
    let settings = UploadSettings { part_bytes: 5 << 20, in_flight: 1 };
    let context = AttemptContext { progress: Arc::default(), stop: stop.clone(), slot_bytes: 0 };
    let upload = Upload::begin(
        runtime.clone(),
        Arc::new(store),
        "part-00000.parquet".to_owned(),
        &Metadata::new(),
        settings,
        context,
    );
    (rule, upload.unwrap())
}

#[test]
fn an_upload_that_is_gone_is_nobodys_input() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let (rule, upload) = troubled(runtime.handle(), dir.path(), &Stop::default(), Trouble::Absent);
    let failure = upload.finish(0, 0).unwrap_err();
    assert_eq!((failure.code, failure.class()), (cluster::UPLOAD_LOST, Class::Environment));
    assert_eq!(rule.fired(), 1);
}

#[test]
fn a_stop_ends_the_wait_for_a_silent_store() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let stop = Stop::default();
    let silence = Trouble::Delay(Duration::from_secs(3600));
    let (rule, mut upload) = troubled(runtime.handle(), dir.path(), &stop, silence);
    let part = vec![7; 5 << 20];
    upload.write(&part).unwrap();
    assert_eq!(upload.held_bytes(), 5 << 20, "one part is on its way");
    let raised = stop.clone();
    let raiser = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        raised.raise(StopReason::Drained);
    });
    assert_eq!(upload.write(&part).unwrap_err().code, cluster::STOPPED);
    assert_eq!(upload.finish(0, 0).unwrap_err().code, cluster::STOPPED);
    assert_eq!(rule.fired(), 1, "the store was silent");
    raiser.join().unwrap();
}
