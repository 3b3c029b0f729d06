//! What a bucket removes by itself.
//!
//! A rule counts when it is enabled, when its prefix and ours overlap, and when it does not ask for tags, which nothing
//! of ours has. Rules that wait for a date instead of some days are taken for due now.

use super::{errors::Answer, imp::Inner};
use crate::store::{Lifecycle, Removal, StoreError};
use aws_sdk_s3::types::{ExpirationStatus, LifecycleRule};

impl Inner {
    pub(super) async fn lifecycle(&self) -> Result<Lifecycle, StoreError> {
        let asked = self.clients.quick.get_bucket_lifecycle_configuration().bucket(&self.bucket).send().await;
        match asked {
            Ok(found) => Ok(strictest(found.rules(), &self.prefix)),
            Err(error) if Answer::of(&error).code == "NoSuchLifecycleConfiguration" => {
                Ok(Lifecycle::default())
            }
            Err(error) => {
                Err(self.failed("read the lifecycle rules of", "s3:GetLifecycleConfiguration", "", &error))
            }
        }
    }
}

/// The most eager rules for what is under `prefix`.
fn strictest(rules: &[LifecycleRule], prefix: &str) -> Lifecycle {
    let mut found = Lifecycle::default();
    for rule in rules.iter().filter(|r| concerns(r, prefix)) {
        let removal = |days: Option<i32>| Removal {
            rule: rule.id().unwrap_or("without a name").to_owned(),
            days: days.and_then(|d| u32::try_from(d).ok()).unwrap_or(0),
        };
        if let Some(abort) = rule.abort_incomplete_multipart_upload() {
            sooner(&mut found.uploads, removal(abort.days_after_initiation()));
        }
        // An expiration of delete markers alone removes nothing that can be read.
        if let Some(end) = rule.expiration().filter(|e| e.days().is_some() || e.date().is_some()) {
            sooner(&mut found.objects, removal(end.days()));
        }
    }
    found
}

fn sooner(known: &mut Option<Removal>, other: Removal) {
    if known.as_ref().is_none_or(|k| other.days < k.days) {
        *known = Some(other);
    }
}

fn concerns(rule: &LifecycleRule, ours: &str) -> bool {
    let filter = rule.filter();
    let tagged = filter.is_some_and(|f| f.tag().is_some() || f.and().is_some_and(|a| !a.tags().is_empty()));
    let in_filter = filter.and_then(|f| f.prefix().or_else(|| f.and().and_then(|a| a.prefix())));
    #[expect(deprecated, reason = "old rules have their prefix there, and still hold")]
    let theirs = in_filter.or(rule.prefix()).unwrap_or_default();
    *rule.status() == ExpirationStatus::Enabled
        && !tagged
        && (ours.starts_with(theirs) || theirs.starts_with(ours))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::types::{AbortIncompleteMultipartUpload, LifecycleExpiration, LifecycleRuleFilter, Tag};

    fn abort(id: &str, prefix: &str, days: i32) -> LifecycleRule {
        LifecycleRule::builder()
            .id(id)
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().prefix(prefix).build())
            .abort_incomplete_multipart_upload(
                AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build(),
            )
            .build()
            .unwrap()
    }

    fn removal(rule: &str, days: u32) -> Option<Removal> {
        Some(Removal { rule: rule.to_owned(), days })
    }

    #[test]
    fn the_most_eager_rule_counts() {
        let rules = [abort("week", "", 7), abort("lake", "lake/", 2), abort("other", "logs/", 1)];
        assert_eq!(strictest(&rules, "lake/frames/").uploads, removal("lake", 2));
        assert_eq!(strictest(&rules, "raw/").uploads, removal("week", 7));
        assert_eq!(strictest(&rules, "").uploads, removal("other", 1), "the root holds every prefix");
        assert_eq!(strictest(&rules[2..], "lake/"), Lifecycle::default());
    }

    #[test]
    fn rules_that_are_off_or_ask_for_tags_do_not_count() {
        let off = LifecycleRule::builder().status(ExpirationStatus::Disabled);
        let week = LifecycleExpiration::builder().days(7).build();
        let off = off.expiration(week.clone()).build().unwrap();
        let tag = Tag::builder().key("k").value("v").build().unwrap();
        let tagged = LifecycleRule::builder()
            .status(ExpirationStatus::Enabled)
            .filter(LifecycleRuleFilter::builder().tag(tag).build())
            .expiration(week.clone())
            .build()
            .unwrap();
        assert_eq!(strictest(&[off, tagged], "lake/"), Lifecycle::default());
        let on = LifecycleRule::builder().status(ExpirationStatus::Enabled).expiration(week).build().unwrap();
        assert_eq!(strictest(&[on], "lake/").objects, removal("without a name", 7));
    }
}
