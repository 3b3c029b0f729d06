//! `/metrics`, read as strictly as its format is written (OpenMetrics 1.0).

use std::collections::{BTreeMap, BTreeSet};

/// One family of metrics.
#[derive(Debug, Default)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) unit: Option<String>,
    pub(crate) help: String,
    /// Sample name and labels, as written, and the value.
    pub(crate) samples: Vec<(String, BTreeMap<String, String>, f64)>,
}

/// Reads a whole exposition.
///
/// # Panics
/// At the first thing that the format does not allow.
pub(crate) fn parse(text: &str) -> BTreeMap<String, Family> {
    let text = text.strip_suffix("# EOF\n").expect("it ends with EOF");
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let (word, rest) = rest.split_once(' ').unwrap_or_else(|| panic!("{line}"));
            let (name, rest) = rest.split_once(' ').unwrap_or_else(|| panic!("{line}"));
            assert!(is_name(name), "{line}");
            if current != name {
                assert!(!families.contains_key(name), "{name} is interrupted");
                name.clone_into(&mut current);
            }
            let family = families.entry(name.to_owned()).or_default();
            assert!(family.samples.is_empty(), "{line} comes after samples");
            match word {
                "TYPE" => rest.clone_into(&mut family.kind),
                "HELP" => rest.clone_into(&mut family.help),
                "UNIT" => family.unit = Some(rest.to_owned()),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (name, labels, value) = sample(line);
        assert!(seen.insert((name.clone(), labels.clone())), "{line} is there twice");
        let family = families.get_mut(&current).unwrap_or_else(|| panic!("{line} has no family"));
        let suffix = name.strip_prefix(&current).unwrap_or_else(|| panic!("{line} is not of {current}"));
        let allowed: &[&str] = match family.kind.as_str() {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_sum", "_count"],
            other => panic!("{other} is not used here"),
        };
        assert!(allowed.contains(&suffix), "{line}: a {} has no {suffix:?}", family.kind);
        assert!(value.is_finite() && (family.kind == "gauge" || value >= 0.0), "{line}");
        family.samples.push((name, labels, value));
    }
    families
}

fn is_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// `name{label="value",…} value`, with nothing to escape in our closed sets.
fn sample(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
    let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
    let (name, inner) = match series.split_once('{') {
        None => (series, ""),
        Some((name, rest)) => (name, rest.strip_suffix('}').unwrap_or_else(|| panic!("{line}"))),
    };
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    for pair in inner.split("\",").filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
        let value = value.trim_end_matches('"');
        assert!(is_name(key) && !value.contains(['"', '\\', '\n']), "{line}");
        assert!(labels.insert(key.to_owned(), value.to_owned()).is_none(), "{line}");
    }
    (name.to_owned(), labels, value)
}

/// The sum of the samples of a family that have these labels.
pub(crate) fn sum(families: &BTreeMap<String, Family>, name: &str, with: &[(&str, &str)]) -> f64 {
    let family = families.get(name).unwrap_or_else(|| panic!("{name} is missing"));
    let fits =
        |labels: &BTreeMap<String, String>| with.iter().all(|(k, v)| labels.get(*k).is_some_and(|l| l == v));
    family.samples.iter().filter(|(_, labels, _)| fits(labels)).map(|(_, _, value)| value).sum()
}
