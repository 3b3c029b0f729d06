//! Checks that ask a store.

use super::{Finding, Verdict};
use crate::{render::count, uploads};
use std::sync::Arc;
use tarquet_common::{
    codes::store as codes,
    failure::Failure,
    spec::Spec,
    store::{Metadata, Store, StoreError, StoreSettings, Stores, Uri},
};

/// Clocks further apart than this break signed requests (AWS allows 15 minutes) and leases' records.
const SKEW_MAX_MS: u64 = 60_000;

/// Whether each input can be listed and read.
pub(crate) async fn inputs(stores: &Stores, spec: &Spec) -> Vec<Finding> {
    const CHECK: &str = "input";
    let mut findings = Vec::new();
    for text in spec.objects().uris {
        findings.push(match input(stores, text, spec.objects().store).await {
            Ok(finding) => finding,
            Err(failure) => Finding::failed(CHECK, failure),
        });
    }
    findings
}

async fn input(stores: &Stores, text: &str, settings: &StoreSettings) -> Result<Finding, Failure> {
    let uri = Uri::parse_here(text).map_err(StoreError::from)?;
    let (root, pattern) = uri.split_glob();
    let (place, key) = match (pattern, root.split()) {
        (None, Some((parent, name))) => (parent, name.to_owned()),
        _ => (root.clone(), String::new()),
    };
    let store = stores.open(&place, settings).await?;
    let page = store.list(&key, None, 1000).await?;
    let Some(first) = page.objects.iter().find(|o| o.size > 0) else {
        return Ok(Finding::new("input", Verdict::Bad, format!("{text}: nothing is there"))
            .hint("Check the path or glob, and the bucket's region."));
    };
    store.get_range(&first.key, 0..1, None).await?;
    let more = if page.next.is_some() { " or more" } else { "" };
    let found = format!(
        "{text}: can be listed and read, {}{more} objects below {place}",
        count(page.objects.len() as u64)
    );
    Ok(Finding::new("input", Verdict::Ok, found))
}

/// Whether the output is empty and can be listed.
pub(crate) async fn output(stores: &Stores, spec: &Spec) -> Finding {
    const CHECK: &str = "output";
    let look = async {
        let uri = Uri::parse_here(spec.place().uri).map_err(StoreError::from)?;
        let store = stores.open(&uri, spec.place().store).await?;
        let page = store.list("", None, 1).await?;
        Ok::<_, Failure>(match page.objects.first() {
            Some(object) => {
                Finding::new(CHECK, Verdict::Bad, format!("{uri} holds {} and maybe more", object.key))
                    .hint("Choose a new or empty output: nothing is ever overwritten.")
            }
            None => Finding::new(CHECK, Verdict::Ok, format!("{uri}: empty, can be listed")),
        })
    };
    look.await.unwrap_or_else(|failure| Finding::failed(CHECK, failure))
}

/// What the output's bucket removes by itself.
pub(crate) async fn lifecycle(stores: &Stores, spec: &Spec) -> Finding {
    const CHECK: &str = "lifecycle";
    let look = async {
        let uri = Uri::parse_here(spec.place().uri).map_err(StoreError::from)?;
        let rules = stores.open(&uri, spec.place().store).await?.lifecycle().await?;
        Ok::<_, Failure>((uploads::warnings(&rules), rules))
    };
    match look.await {
        Ok((warnings, _)) if !warnings.is_empty() => {
            Finding::new(CHECK, Verdict::Warning, warnings.join("; "))
        }
        Ok((_, rules)) => Finding::new(
            CHECK,
            Verdict::Ok,
            match rules.uploads {
                Some(removal) => format!("unfinished uploads are kept for {} days", removal.days),
                None => "no rule removes unfinished uploads".to_owned(),
            },
        ),
        // The right to read the rules is one of its own; a job does not need it.
        Err(failure) => {
            Finding::new(CHECK, Verdict::Skipped, format!("{} ({})", failure.message, failure.code))
        }
    }
}

/// What the store at the output's side can do, by trying it there.
pub(crate) async fn probe(stores: &Stores, spec: &Spec, now_ms: u64) -> Vec<Finding> {
    match probed(stores, spec, now_ms).await {
        Ok(findings) => findings,
        Err(failure) => vec![Finding::failed("probe", failure)],
    }
}

async fn probed(stores: &Stores, spec: &Spec, now_ms: u64) -> Result<Vec<Finding>, Failure> {
    let uri = Uri::parse_here(&spec.place().home()).map_err(StoreError::from)?;
    let store = stores.open(&uri, spec.place().store).await?;
    let can = tarquet_common::store::probe(store.as_ref(), "doctor/").await?;
    let told = |check, good: bool, yes: &str, no: &str| {
        match good {
        true => Finding::new(check, Verdict::Ok, yes),
        false => Finding::new(check, Verdict::Warning, no).hint(
            "Run one coordinator only; it looks before it writes. Publishing is as safe as nobody else writing there.",
        ),
    }
    };
    Ok(vec![
        told(
            "conditional write",
            can.conditional_put,
            "of eight writers one won",
            "If-None-Match is not honoured",
        ),
        told(
            "conditional publish",
            can.conditional_complete,
            "completing replaced nothing",
            "If-None-Match is not honoured on CompleteMultipartUpload",
        ),
        told(
            "consistency",
            can.reads_its_writes,
            "what is written is read at once",
            "writes are not seen at once",
        ),
        clock(&store, now_ms).await?,
    ])
}

/// The store's clock against ours, by an object that is written and removed.
async fn clock(store: &Arc<dyn Store>, now_ms: u64) -> Result<Finding, Failure> {
    const KEY: &str = "doctor/clock";
    store.put(KEY, bytes::Bytes::from_static(b"clock"), &Metadata::new()).await?;
    let found = store.head(KEY).await;
    store.delete(KEY).await?;
    let written =
        found?.ok_or_else(|| Failure::new(codes::OBJECT_NOT_FOUND, "what was written is not there"))?;
    let apart = written.modified_ms.abs_diff(now_ms);
    let told = format!("the store's clock and this machine's are {} s apart", apart / 1000);
    Ok(match apart > SKEW_MAX_MS {
        true => {
            Finding::new("clock", Verdict::Warning, told).hint("Set this machine's clock: chronyd or ntpd.")
        }
        false => Finding::new("clock", Verdict::Ok, told),
    })
}
