//! Tests of the module above.

use super::*;
use std::{fs, os::unix::ffi::OsStrExt, path::Path};
use tarquet_common::store::{LocalStore, StoreSettings, Stores, Uri};

/// Takes texts, by their size; refuses what is named and is none.
struct Texts;

impl Judge for Texts {
    type Input = (String, u64);
    const PASSED_OVER: &'static str = "are no texts";

    fn judge(&self, uri: &str, meta: &ObjectMeta, named: bool) -> Verdict<Self::Input> {
        match (uri.ends_with(".txt"), named) {
            (true, _) => Verdict::Take((uri.to_owned(), meta.size)),
            (false, false) => Verdict::PassOver,
            (false, true) => Verdict::Refuse(Box::new(Failure::new(spec_codes::BAD_VALUE, "no text"))),
        }
    }
}

async fn listed(dir: &Path, inputs: &[&str], exclude: &str) -> Result<Listing<(String, u64)>, Failure> {
    let uris: Vec<String> = inputs.iter().map(|i| dir.join(i).to_str().unwrap().to_owned()).collect();
    let (exclude, store) = (vec![exclude.to_owned()], StoreSettings::default());
    let objects = Objects { uris: &uris, exclude: &exclude, store: &store };
    list(&Stores::new(), objects, &Texts).await
}

fn names(listing: &Listing<(String, u64)>) -> Vec<&str> {
    listing.inputs.iter().map(|(uri, _)| uri.rsplit('/').next().unwrap()).collect()
}

#[tokio::test]
async fn the_judge_takes_passes_over_and_refuses() {
    let dir = tempfile::tempdir().unwrap();
    for (name, body) in [("b.txt", "xx"), ("a.txt", "x"), ("c.bin", "x")] {
        fs::write(dir.path().join(name), body).unwrap();
    }
    let folder = listed(dir.path(), &[""], "").await.unwrap();
    assert_eq!((names(&folder), folder.passed_over), (vec!["a.txt", "b.txt"], 1));
    assert_eq!(folder.inputs[1].1, 2);
    let told = folder.warning::<Texts>();
    assert_eq!(told.as_deref(), Some("1 objects in input folders are no texts and are ignored"));
    assert_eq!(listed(dir.path(), &["*"], "").await.unwrap_err().code, spec_codes::BAD_VALUE);
    assert_eq!(listed(dir.path(), &["c.bin"], "").await.unwrap_err().code, spec_codes::BAD_VALUE);
    let twice = listed(dir.path(), &["a.txt", "*.txt", "{a,b}.txt"], "**/b*").await.unwrap();
    assert_eq!((names(&twice), twice.warning::<Texts>()), (vec!["a.txt"], None));
}

#[tokio::test]
async fn an_input_that_matches_nothing_is_told() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.txt"), "x").unwrap();
    for input in ["*.zip", "absent.txt", "absent/"] {
        let failure = listed(dir.path(), &["a.txt", input], "").await.unwrap_err();
        assert_eq!(failure.code, codes::NO_MATCH, "{input}");
    }
    assert_eq!(listed(dir.path(), &["*"], "**/a*").await.unwrap_err().code, codes::NO_MATCH);
    assert_eq!(listed(dir.path(), &["*"], "a[").await.unwrap_err().code, spec_codes::BAD_GLOB);
}

#[tokio::test]
async fn a_name_that_is_no_text_is_not_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"bad\xff.h5")), b"x").unwrap();
    assert_eq!(listed(dir.path(), &[""], "").await.unwrap_err().code, codes::UNREADABLE_NAME);
}

#[test]
fn inputs_are_limited() {
    assert!(not_too_many(INPUTS_MAX).is_ok());
    assert_eq!(not_too_many(INPUTS_MAX + 1).unwrap_err().code, codes::TOO_MANY_INPUTS);
}

#[tokio::test]
async fn a_list_of_inputs_is_there_and_whole_or_the_plan_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = LocalStore::open(&dir.path().to_str().unwrap().parse::<Uri>().unwrap()).unwrap();
    assert_eq!(frozen::<String>(&store).await.unwrap_err().code, codes::PLAN_UNREADABLE);
    store.put(INPUTS_KEY, vec![0xff; 9].into(), &Metadata::new()).await.unwrap();
    assert_eq!(frozen::<String>(&store).await.unwrap_err().code, codes::PLAN_UNREADABLE);
    store.put(INPUTS_KEY, b"\x02\x01a\x02bc\x03".to_vec().into(), &Metadata::new()).await.unwrap();
    let listing = frozen::<String>(&store).await.unwrap();
    assert_eq!((listing.inputs, listing.passed_over), (vec!["a".to_owned(), "bc".to_owned()], 3));
}
