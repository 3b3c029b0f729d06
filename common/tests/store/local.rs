//! The contract on a directory, and what only a directory can do wrong.

use crate::contract::{self, Traits};
use bytes::Bytes;
use std::{fs, os::unix::ffi::OsStrExt, path::Path, sync::Arc};
use tarquet_common::store::{CompleteOutcome, LocalStore, Metadata, Store, StoreError, Uri, probe};
use tarquet_faulty::FaultyStore;

fn open(dir: &Path) -> LocalStore {
    LocalStore::open(&dir.to_str().unwrap().parse::<Uri>().unwrap()).unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_directory_keeps_the_contract() {
    let temp = tempfile::tempdir().unwrap();
    contract::run(&open(&temp.path().join("out")), Traits { nested_keys: false }).await;
    assert_eq!(names(temp.path()), ["out", "out.tarquet"]);
}

#[tokio::test]
async fn an_area_keeps_the_contract_too() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("out.tarquet");
    let store = FaultyStore::new(Arc::new(open(&root)));
    contract::run(&store, Traits { nested_keys: false }).await;
    assert_eq!(names(temp.path()), ["out.tarquet"]);
    let inside = store.put("uploads/x", Bytes::new(), &Metadata::new()).await;
    assert!(matches!(inside, Err(StoreError::BadKey { .. })), "{inside:?}");
}

#[tokio::test]
async fn the_root_holds_objects_only() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(&temp.path().join("out"));
    let words = Metadata::from([("job".to_owned(), "01J".to_owned())]);
    let id = store.begin_upload("part-00000.parquet", &words).await.unwrap();
    let part = store.upload_part("part-00000.parquet", &id, 1, Bytes::from_static(b"x")).await.unwrap();
    assert!(!temp.path().join("out").exists(), "nothing is there before it is published");
    store.complete_upload("part-00000.parquet", &id, &[part], true).await.unwrap();
    assert_eq!(names(&temp.path().join("out")), ["part-00000.parquet"]);
    assert_eq!(names(&temp.path().join("out.tarquet/uploads")), [""; 0]);
    // Another process, later.
    let head = open(&temp.path().join("out")).head("part-00000.parquet").await.unwrap().unwrap();
    assert_eq!(head.metadata, words);
    fs::write(temp.path().join("out/part-00000.parquet"), b"y").unwrap();
    let head = store.head("part-00000.parquet").await.unwrap().unwrap();
    assert_eq!(head.metadata, Metadata::new(), "a file that was overwritten is not ours any more");
}

#[tokio::test]
async fn what_a_dead_writer_left_goes_once_it_is_old() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(&temp.path().join("out.tarquet"));
    let id =
        open(&temp.path().join("out.tarquet/jobs/1")).begin_upload("plan", &Metadata::new()).await.unwrap();
    let uploads = temp.path().join("out.tarquet/uploads");
    fs::write(uploads.join("tmp-0123"), b"half").unwrap();
    fs::create_dir(uploads.join("0123456789abcdef0123456789abcdef")).unwrap();
    let begun = store.list_uploads("").await.unwrap();
    assert_eq!((begun.len(), begun[0].key.as_str()), (1, "jobs/1/plan"), "seen from the root above");
    assert!(store.list_uploads("jobs/2").await.unwrap().is_empty());
    assert!(open(&temp.path().join("out.tarquet/jobs/10")).list_uploads("").await.unwrap().is_empty());

    assert_eq!(
        store.remove_temporaries(begun[0].begun_ms.saturating_sub(60_000)).await.unwrap(),
        0,
        "they are young"
    );
    assert_eq!(store.remove_temporaries(u64::MAX).await.unwrap(), 2);
    assert_eq!(names(&uploads), [id], "what was begun is an upload, and for whoever began it");
}

#[tokio::test]
async fn keys_never_lead_out_of_the_root() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(&temp.path().join("out"));
    for key in ["../x", "a/../../x", "/etc/passwd", "a//b", "./a", "a\0b", "a/"] {
        let put = store.put(key, Bytes::from_static(b"x"), &Metadata::new()).await;
        assert!(matches!(put, Err(StoreError::BadKey { .. })), "{key:?} {put:?}");
        assert!(matches!(store.get(key, 9).await, Err(StoreError::BadKey { .. })), "{key:?}");
    }
    assert!(names(temp.path()).is_empty());
}

#[tokio::test]
async fn what_is_no_object_is_said() {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("in");
    fs::create_dir_all(root.join("dir")).unwrap();
    fs::write(root.join("dir/a"), b"1").unwrap();
    fs::write(temp.path().join("outside"), b"2").unwrap();
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, root.join(name)).unwrap();
    link(Path::new("dir/a"), "inward");
    link(&temp.path().join("outside"), "outward");
    link(Path::new("dir"), "to-dir");
    link(Path::new("nowhere"), "dangling");
    link(Path::new("loop"), "loop");
    fs::write(root.join(std::ffi::OsStr::from_bytes(b"bad\xff.h5")), b"3").unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, root.join("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .unwrap();
    let store = open(&root);
    let page = store.list("", None, 100).await.unwrap();
    assert_eq!(page.objects.iter().map(|o| o.key.as_str()).collect::<Vec<_>>(), ["dir/a", "inward"]);
    let mut skipped: Vec<&str> = page.skipped.iter().map(|s| s.name.as_str()).collect();
    skipped.sort_unstable();
    assert_eq!(skipped, ["bad\u{fffd}.h5", "dangling", "loop", "outward", "pipe", "to-dir"]);
    assert_eq!(store.head("pipe").await.unwrap(), None);
    assert_eq!(store.get("pipe", 9).await.unwrap(), None, "a pipe is not waited for");
    assert_eq!(store.head("dir").await.unwrap(), None);
}

/// Whoever is told to grant permission changes the file's ctime by that; the bytes are still those that were planned.
#[tokio::test]
async fn a_permission_that_is_granted_makes_no_other_object() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    std::fs::write(&path, b"first").unwrap();
    let store = open(dir.path());
    let etag = store.head("a").await.unwrap().unwrap().etag;
    std::thread::sleep(std::time::Duration::from_millis(20));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(&store.get_range("a", 0..5, Some(&etag)).await.unwrap()[..], b"first");
    std::fs::write(&path, b"other").unwrap();
    let read = store.get_range("a", 0..5, Some(&etag)).await;
    assert!(matches!(read, Err(StoreError::Changed { .. })), "{read:?}");
}

#[tokio::test]
async fn parts_of_one_size_are_not_copied() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(&temp.path().join("out"));
    let id = store.begin_upload("k", &Metadata::new()).await.unwrap();
    let mut parts = Vec::new();
    for number in [1, 3, 2] {
        let size = if number == 3 { 1000 } else { 5 << 20 };
        let body = Bytes::from(vec![number as u8; size]);
        parts.push(store.upload_part("k", &id, number, body).await.unwrap());
    }
    parts.sort_by_key(|p| p.number);
    let inode = |path: &Path| std::os::unix::fs::MetadataExt::ino(&fs::metadata(path).unwrap());
    let before = inode(&temp.path().join("out.tarquet/uploads").join(&id).join("data"));
    store.complete_upload("k", &id, &parts, true).await.unwrap();
    assert_eq!(inode(&temp.path().join("out/k")), before);
    assert_eq!(fs::metadata(temp.path().join("out/k")).unwrap().len(), (10 << 20) + 1000);
}

#[tokio::test]
async fn a_damaged_upload_is_lost_not_wrong() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(&temp.path().join("out"));
    let id = store.begin_upload("k", &Metadata::new()).await.unwrap();
    let part = store.upload_part("k", &id, 1, Bytes::from_static(b"0123456789")).await.unwrap();
    let dir = temp.path().join("out.tarquet/uploads").join(&id);
    fs::File::options().write(true).open(dir.join("data")).unwrap().set_len(3).unwrap();
    assert_eq!(store.list_parts("k", &id).await.unwrap().unwrap(), []);
    assert!(store.complete_upload("k", &id, &[part], true).await.is_err());
    assert_eq!(store.head("k").await.unwrap(), None);
}

#[tokio::test]
async fn a_directory_passes_the_probe() {
    let temp = tempfile::tempdir().unwrap();
    let store = open(&temp.path().join("out.tarquet/jobs/01J"));
    assert!(probe(&store, "").await.unwrap().is_safe());
    assert!(store.list("", None, 9).await.unwrap().objects.is_empty());
}

/// Where a file system cannot rename without replacing (NFS), a part appears by a hard link, and then loses its name in the
/// area. Between the two the process died, or the answer to the first was lost: the part that is there is ours.
#[tokio::test]
async fn a_part_that_has_both_its_names_is_our_own() {
    let temp = tempfile::tempdir().unwrap();
    let (root, key) = (temp.path().join("out"), "part-00000.parquet");
    let store = open(&root);
    let words = Metadata::from([("job".to_owned(), "01J".to_owned())]);
    let id = store.begin_upload(key, &words).await.unwrap();
    let part = store.upload_part(key, &id, 1, Bytes::from_static(b"x")).await.unwrap();
    fs::create_dir(&root).unwrap();
    let data = temp.path().join("out.tarquet/uploads").join(&id).join("data");
    fs::hard_link(&data, root.join(key)).unwrap();
    let outcome = store.complete_upload(key, &id, &[part], true).await.unwrap();
    assert!(matches!(outcome, CompleteOutcome::Published { .. }), "{outcome:?}");
    assert_eq!(names(&temp.path().join("out.tarquet/uploads")), [""; 0]);
    assert_eq!(store.head(key).await.unwrap().unwrap().metadata, words, "and says whose it is");
}

#[tokio::test]
async fn a_part_of_somebody_else_is_not_ours_whatever_is_in_it() {
    let temp = tempfile::tempdir().unwrap();
    let (root, key) = (temp.path().join("out"), "part-00000.parquet");
    let store = open(&root);
    let id = store.begin_upload(key, &Metadata::new()).await.unwrap();
    let part = store.upload_part(key, &id, 1, Bytes::from_static(b"x")).await.unwrap();
    fs::create_dir(&root).unwrap();
    fs::write(root.join(key), b"x").unwrap();
    assert_eq!(store.complete_upload(key, &id, &[part], true).await.unwrap(), CompleteOutcome::Exists);
    assert!(temp.path().join("out.tarquet/uploads").join(&id).exists(), "the upload is left");
}
