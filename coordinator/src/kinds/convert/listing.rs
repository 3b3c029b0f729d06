//! From the spec's inputs to archives.

use crate::stores::OpenStores;
use futures::StreamExt;
use globset::{GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};
use std::collections::BTreeMap;
use tarquet_common::{
    archive::ArchiveRef,
    codes::{plan as codes, spec as spec_codes},
    failure::Failure,
    kinds::convert::ConvertSpec,
    store::{ObjectMeta, Store, Uri, list_all},
};
use tarquet_container::Container;

/// Most objects one job may read.
const INPUTS_MAX: usize = 5_000_000;

/// What the inputs match.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Archives and loose objects, by URI bytewise, each once.
    pub archives: Vec<ArchiveRef>,
    /// Objects in named folders that have no suffix of a container.
    pub ignored: u64,
}

/// Lists what `spec.input` matches.
///
/// # Errors
/// `NO_MATCH` for an input that matches nothing; `UNKNOWN_CONTAINER` for a match of unknown kind; what the store said.
pub async fn list_inputs(stores: &dyn OpenStores, spec: &ConvertSpec) -> Result<Listing, Failure> {
    let exclude = globs(&spec.input.exclude)?;
    let mut found = BTreeMap::new();
    let mut ignored = 0;
    for text in &spec.input.uris {
        let uri = Uri::parse_here(text)
            .map_err(|e| Failure::new(spec_codes::BAD_URI, e.to_string()).at_uri(text))?;
        let mut matched = 0u64;
        let mut take = |uri: String, meta: ObjectMeta, must: bool| -> Result<(), Failure> {
            if exclude.is_match(&uri) {
                return Ok(());
            }
            matched += 1;
            match Container::of(&uri) {
                Ok(container) => {
                    let archive =
                        ArchiveRef { uri: uri.clone(), etag: meta.etag, size: meta.size, container };
                    found.insert(uri, archive);
                    Ok(())
                }
                Err(failure) if must => Err(failure),
                Err(_) => {
                    ignored += 1;
                    Ok(())
                }
            }
        };
        match uri.split_glob() {
            (root, Some(pattern)) => {
                let matcher = glob(pattern)?;
                let store = stores.open(&root, &spec.input.store).await.map_err(Failure::from)?;
                each_object(&*store, fixed_prefix(pattern), |meta| {
                    if matcher.is_match(&meta.key) {
                        take(root.join(&meta.key).to_string(), meta, true)
                    } else {
                        Ok(())
                    }
                })
                .await?;
            }
            (_, None) => one_or_folder(stores, spec, &uri, &mut take).await?,
        }
        if matched == 0 {
            return Err(Failure::new(codes::NO_MATCH, format!("nothing matches {text}")).at_uri(text));
        }
    }
    not_too_many(found.len())?;
    Ok(Listing { archives: found.into_values().collect(), ignored })
}

fn not_too_many(found: usize) -> Result<(), Failure> {
    if found <= INPUTS_MAX {
        return Ok(());
    }
    let text = format!("the inputs match {found} objects");
    Err(Failure::new(codes::TOO_MANY_INPUTS, text).expected(format!("at most {INPUTS_MAX}"), found))
}

/// An input without a glob: an object, or a folder whose archives count.
async fn one_or_folder(
    stores: &dyn OpenStores,
    spec: &ConvertSpec,
    uri: &Uri,
    take: &mut impl FnMut(String, ObjectMeta, bool) -> Result<(), Failure>,
) -> Result<(), Failure> {
    if let Some((root, key)) = uri.split() {
        let store = stores.open(&root, &spec.input.store).await.map_err(Failure::from)?;
        if let Some(meta) = store.head(key).await.map_err(Failure::from)? {
            return take(uri.to_string(), meta, true);
        }
    }
    let store = stores.open(uri, &spec.input.store).await.map_err(Failure::from)?;
    each_object(&*store, "", |meta| take(uri.join(&meta.key).to_string(), meta, false)).await
}

async fn each_object(
    store: &dyn Store,
    prefix: &str,
    mut each: impl FnMut(ObjectMeta) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut objects = list_all(store, prefix);
    while let Some(object) = objects.next().await {
        match object.map_err(Failure::from)? {
            Ok(meta) => each(meta)?,
            Err(skipped) => {
                let text = format!("{} cannot be used: {}", skipped.name, skipped.why);
                return Err(Failure::new(codes::UNREADABLE_NAME, text)
                    .at_uri(store.root().join(&skipped.name).to_string()));
            }
        }
    }
    Ok(())
}

/// The part of a pattern before its first glob character, up to a slash or not: what a list can start with.
fn fixed_prefix(pattern: &str) -> &str {
    &pattern[..pattern.find(['*', '?', '[', '{', '\\']).unwrap_or(pattern.len())]
}

fn glob(pattern: &str) -> Result<GlobMatcher, Failure> {
    let built = GlobBuilder::new(pattern).literal_separator(true).build();
    built.map(|g| g.compile_matcher()).map_err(|e| bad_glob(pattern, &e))
}

/// A set of globs; names match when one of them does.
pub(super) fn globs(patterns: &[String]) -> Result<GlobSet, Failure> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(
            GlobBuilder::new(pattern).literal_separator(true).build().map_err(|e| bad_glob(pattern, &e))?,
        );
    }
    set.build().map_err(|e| bad_glob("", &e))
}

fn bad_glob(pattern: &str, error: &globset::Error) -> Failure {
    Failure::new(spec_codes::BAD_GLOB, format!("{pattern:?} is not a glob: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::ffi::OsStrExt, path::Path};
    use tarquet_common::store::Stores;

    async fn listed(dir: &Path, input: &str) -> Result<Listing, Failure> {
        let uri = |name: &str| dir.join(name).to_str().unwrap().to_owned();
        list_inputs(&Stores::new(), &ConvertSpec::new(vec![uri(input)], uri("out"))).await
    }

    #[tokio::test]
    async fn a_folder_counts_its_containers_and_a_glob_means_what_it_says() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.h5", "b.tar.lz4", "notes.txt"] {
            fs::write(dir.path().join(name), b"x").unwrap();
        }
        let folder = listed(dir.path(), "").await.unwrap();
        assert_eq!((folder.archives.len(), folder.ignored), (2, 1));
        assert_eq!(listed(dir.path(), "*.h5").await.unwrap().archives.len(), 1);
        assert_eq!(listed(dir.path(), "*.zip").await.unwrap_err().code, codes::NO_MATCH);
        assert_eq!(listed(dir.path(), "absent.h5").await.unwrap_err().code, codes::NO_MATCH);
    }

    #[tokio::test]
    async fn a_name_that_is_no_text_is_not_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"bad\xff.h5")), b"x").unwrap();
        assert_eq!(listed(dir.path(), "").await.unwrap_err().code, codes::UNREADABLE_NAME);
    }

    #[test]
    fn inputs_are_limited() {
        assert!(not_too_many(INPUTS_MAX).is_ok());
        assert_eq!(not_too_many(INPUTS_MAX + 1).unwrap_err().code, codes::TOO_MANY_INPUTS);
    }
}
