//! How long uploads are kept that nobody has completed yet. Publish keeps one open for every partition until the last shard
//! is done, and a held job until somebody decides; a bucket's lifecycle rules may not wait so long.

use tarquet_common::{
    failure::Failure,
    store::{Lifecycle, Store, StoreError, StoreSettings, Stores, Uri},
};

/// A rule that waits for less than this leaves little time to look at a held job.
pub(crate) const DAYS_ENOUGH: u32 = 3;

const DAY_MS: u64 = 24 * 3_600_000;

/// What a store says of open uploads under an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The rules of the store.
    pub rules: Lifecycle,
    /// When the oldest open upload was begun.
    pub oldest_ms: Option<u64>,
}

/// Asks the output's store.
///
/// # Errors
/// What it said: reading rules and listing uploads are permissions of their own.
pub(crate) async fn kept(stores: &Stores, output: &str, settings: &StoreSettings) -> Result<Kept, Failure> {
    let uri = Uri::parse_here(output).map_err(StoreError::from)?;
    let store = stores.open(&uri, settings).await?;
    let rules = store.lifecycle().await?;
    let oldest_ms = match &rules.uploads {
        Some(_) => oldest(store.as_ref()).await?,
        None => None,
    };
    Ok(Kept { rules, oldest_ms })
}

async fn oldest(store: &dyn Store) -> Result<Option<u64>, StoreError> {
    Ok(store.list_uploads("").await?.into_iter().map(|u| u.begun_ms).min())
}

/// Until when the uploads of a job are safe, in words.
pub(crate) fn safe_until(kept: &Kept) -> String {
    let Some(removal) = &kept.rules.uploads else {
        return "kept: no rule of the store removes what is not published yet".to_owned();
    };
    let Some(oldest_ms) = kept.oldest_ms else {
        return "none is open".to_owned();
    };
    let until = oldest_ms.saturating_add(u64::from(removal.days) * DAY_MS);
    let days = crate::render::counted(u64::from(removal.days), "day");
    format!("safe until {}, when rule {:?} removes them after {days}", date(until), removal.rule)
}

/// What is worth a warning before a job begins.
pub(crate) fn warnings(rules: &Lifecycle) -> Vec<String> {
    let mut out = Vec::new();
    let days = |n: u32| crate::render::counted(u64::from(n), "day");
    if let Some(removal) = rules.uploads.as_ref().filter(|r| r.days < DAYS_ENOUGH) {
        out.push(format!(
            "the bucket removes unfinished uploads after {} (rule {:?}): a job that takes or is held longer does its \
             shards again; let the rule wait {} or more",
            days(removal.days),
            removal.rule,
            days(DAYS_ENOUGH)
        ));
    }
    if let Some(removal) = &rules.objects {
        let text = format!(
            "the bucket removes objects there after {} (rule {:?})",
            days(removal.days),
            removal.rule
        );
        out.push(text);
    }
    out
}

/// `2026-11-29 14:05 UTC`.
fn date(unix_ms: u64) -> String {
    let at = i64::try_from(unix_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    at.map_or_else(|| "the end of time".to_owned(), |t| t.strftime("%F %H:%M UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::store::Removal;

    fn rules(days: u32) -> Lifecycle {
        Lifecycle { uploads: Some(Removal { rule: "abort".to_owned(), days }), objects: None }
    }

    #[test]
    fn a_held_job_says_until_when_its_uploads_are_safe() {
        let kept = Kept { rules: rules(2), oldest_ms: Some(1_700_000_000_000) };
        let told = safe_until(&kept);
        assert_eq!(told, "safe until 2023-11-16 22:13 UTC, when rule \"abort\" removes them after 2 days");
        assert!(safe_until(&Kept { rules: Lifecycle::default(), oldest_ms: None }).starts_with("kept"));
        assert_eq!(safe_until(&Kept { oldest_ms: None, ..kept }), "none is open");
    }

    #[test]
    fn only_eager_rules_are_warned_of() {
        assert_eq!(warnings(&rules(DAYS_ENOUGH)), Vec::<String>::new());
        assert!(warnings(&rules(1))[0].contains("after 1 day (rule \"abort\")"));
        let objects = Some(Removal { rule: "tidy".to_owned(), days: 30 });
        assert!(warnings(&Lifecycle { uploads: None, objects })[0].contains("after 30 days"));
    }
}
