//! What a job reads: from the globs of its spec to a list of objects, frozen when the job is planned.
//!
//! An **input** is a glob, an object or a folder. Every object that one matches is shown to the kind's **judge**, which
//! takes it as something of the kind's own, passes it over, or refuses it. The **listing** is what was taken, by URI
//! bytewise, each once. It is **frozen** as the object `inputs` of the job prefix: whoever plans again sees what was there
//! the first time.

use crate::stores::{OpenStores, parse_uri};
use futures::StreamExt;
use globset::{GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;
use tarquet_common::{
    codes::{plan as codes, spec as spec_codes},
    failure::Failure,
    spec::Objects,
    stage_plan::{decode_block, encode_block},
    store::{Metadata, ObjectMeta, PutOutcome, Store, Uri, list_all},
};

/// Most objects one job may read.
const INPUTS_MAX: usize = 5_000_000;

/// What a kind makes of an object.
#[derive(Debug)]
pub(crate) enum Verdict<T> {
    /// The job reads it.
    Take(T),
    /// It happens to lie in a folder that was named, and is counted.
    PassOver,
    /// The job cannot begin.
    Refuse(Box<Failure>),
}

/// A kind's eye for objects.
pub(crate) trait Judge: Sync {
    /// What an object is to the kind. It is kept in the job prefix.
    type Input: Serialize + DeserializeOwned + Send;

    /// What is said of objects that are passed over, after their number: `are no archives`.
    const PASSED_OVER: &'static str;

    /// What to do with an object; whether the spec `named` it, by itself or by a glob, or only the folder it lies in.
    /// Depends on nothing else.
    fn judge(&self, uri: &str, meta: &ObjectMeta, named: bool) -> Verdict<Self::Input>;
}

/// What the inputs match.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing<T> {
    /// What was taken, by URI bytewise, each once.
    pub(crate) inputs: Vec<T>,
    /// Objects that were passed over.
    pub(crate) passed_over: u64,
}

impl<T> Listing<T> {
    /// What people should know of a list that `J` has judged.
    pub(crate) fn warning<J: Judge<Input = T>>(&self) -> Option<String> {
        let told =
            format!("{} objects in input folders {} and are ignored", self.passed_over, J::PASSED_OVER);
        (self.passed_over > 0).then_some(told)
    }
}

/// Lists what `objects` match.
///
/// # Errors
/// `NO_MATCH` for an input that matches nothing; `UNREADABLE_NAME`, `TOO_MANY_INPUTS`; what the judge or the store said.
pub(crate) async fn list<J: Judge>(
    stores: &dyn OpenStores,
    objects: Objects<'_>,
    judge: &J,
) -> Result<Listing<J::Input>, Failure> {
    let exclude = globs(objects.exclude, Case::AsWritten)?;
    let mut found = Found { judge, exclude, inputs: BTreeMap::new(), passed_over: 0, matched: 0 };
    for text in objects.uris {
        let uri = parse_uri(text)?;
        found.matched = 0;
        match uri.split_glob() {
            (root, Some(pattern)) => {
                let matcher = glob(pattern)?;
                let store = stores.open(&root, objects.store).await?;
                each_object(&*store, fixed_prefix(pattern), |meta| match matcher.is_match(&meta.key) {
                    true => found.take(&root.join(&meta.key), &meta, true),
                    false => Ok(()),
                })
                .await?;
            }
            (_, None) => one_or_folder(stores, objects, &uri, &mut found).await?,
        }
        if found.matched == 0 {
            return Err(Failure::new(codes::NO_MATCH, format!("nothing matches {text}")).at_uri(text));
        }
    }
    not_too_many(found.inputs.len())?;
    Ok(Listing { inputs: found.inputs.into_values().collect(), passed_over: found.passed_over })
}

/// What has been found so far.
struct Found<'j, J: Judge> {
    judge: &'j J,
    exclude: GlobSet,
    inputs: BTreeMap<String, J::Input>,
    passed_over: u64,
    /// Objects that the present input matches.
    matched: u64,
}

impl<J: Judge> Found<'_, J> {
    fn take(&mut self, uri: &Uri, meta: &ObjectMeta, named: bool) -> Result<(), Failure> {
        let uri = uri.to_string();
        if self.exclude.is_match(&uri) {
            return Ok(());
        }
        self.matched += 1;
        match self.judge.judge(&uri, meta, named) {
            Verdict::Take(input) => {
                self.inputs.insert(uri, input);
            }
            Verdict::PassOver => self.passed_over += 1,
            Verdict::Refuse(failure) => return Err(*failure),
        }
        Ok(())
    }
}

fn not_too_many(found: usize) -> Result<(), Failure> {
    if found <= INPUTS_MAX {
        return Ok(());
    }
    let text = format!("the inputs match {found} objects");
    Err(Failure::new(codes::TOO_MANY_INPUTS, text).expected(format!("at most {INPUTS_MAX}"), found))
}

/// An input without a glob: an object, or a folder.
async fn one_or_folder<J: Judge>(
    stores: &dyn OpenStores,
    objects: Objects<'_>,
    uri: &Uri,
    found: &mut Found<'_, J>,
) -> Result<(), Failure> {
    if let Some((root, key)) = uri.split() {
        let store = stores.open(&root, objects.store).await?;
        if let Some(meta) = store.head(key).await? {
            return found.take(uri, &meta, true);
        }
    }
    let store = stores.open(uri, objects.store).await?;
    each_object(&*store, "", |meta| found.take(&uri.join(&meta.key), &meta, false)).await
}

async fn each_object(
    store: &dyn Store,
    prefix: &str,
    mut each: impl FnMut(ObjectMeta) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut objects = list_all(store, prefix);
    while let Some(object) = objects.next().await {
        match object? {
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

/// Whether the case of letters in names matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// It does.
    AsWritten,
    /// It does not.
    Any,
}

/// A set of globs; names match when one of them does.
///
/// # Errors
/// `BAD_GLOB`.
pub(crate) fn globs(patterns: &[String], case: Case) -> Result<GlobSet, Failure> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let mut glob = GlobBuilder::new(pattern);
        let built = glob.literal_separator(true).case_insensitive(case == Case::Any).build();
        set.add(built.map_err(|e| bad_glob(pattern, &e))?);
    }
    set.build().map_err(|e| bad_glob("", &e))
}

fn bad_glob(pattern: &str, error: &globset::Error) -> Failure {
    Failure::new(spec_codes::BAD_GLOB, format!("{pattern:?} is not a glob: {}", error.kind()))
}

/// Key of the object, relative to the job prefix. It holds (inputs, how many were passed over).
const INPUTS_KEY: &str = "inputs";
/// Most bytes of it that are read back.
const INPUTS_BYTES_MAX: u64 = 4 << 30;

/// Lists the inputs and freezes the list in the job prefix, or reads the list that was frozen before.
///
/// # Errors
/// Those of [`list`]; `PLAN_UNREADABLE` when the frozen list is damaged.
pub(crate) async fn freeze<J: Judge>(
    stores: &dyn OpenStores,
    objects: Objects<'_>,
    judge: &J,
    job: &dyn Store,
) -> Result<Listing<J::Input>, Failure> {
    if let Some(listing) = read(job).await? {
        return Ok(listing);
    }
    let listing = list(stores, objects, judge).await?;
    let body = encode_block(&(&listing.inputs, listing.passed_over));
    match job.put_if_absent(INPUTS_KEY, body.into(), &Metadata::new()).await? {
        PutOutcome::Created => Ok(listing),
        PutOutcome::Exists => frozen(job).await,
    }
}

/// The list that was frozen.
///
/// # Errors
/// `PLAN_UNREADABLE` when there is none, or it is damaged.
pub(crate) async fn frozen<T: DeserializeOwned>(job: &dyn Store) -> Result<Listing<T>, Failure> {
    let gone = || Failure::new(codes::PLAN_UNREADABLE, "the job's list of inputs is gone");
    read(job).await?.ok_or_else(gone)
}

async fn read<T: DeserializeOwned>(job: &dyn Store) -> Result<Option<Listing<T>>, Failure> {
    let Some(object) = job.get(INPUTS_KEY, INPUTS_BYTES_MAX).await? else { return Ok(None) };
    let (inputs, passed_over): (Vec<T>, u64) = decode_block(&object.bytes).map_err(|e| {
        Failure::new(codes::PLAN_UNREADABLE, "the job's list of inputs is damaged").caused_by(&e)
    })?;
    Ok(Some(Listing { inputs, passed_over }))
}

#[cfg(test)]
mod tests;
