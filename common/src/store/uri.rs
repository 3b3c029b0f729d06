//! Names of objects and of places that hold them.
//!
//! A **URI** names an object or a **root**: a bucket, a prefix or a directory. A store is opened at a root, and
//! **keys** are names relative to it, their parts separated by `/`. S3 keys are taken verbatim: a doubled slash or
//! a `..` in one means what it says. Paths are made absolute; a `..` in one is resolved through the file system,
//! because what it means depends on links.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    str::FromStr,
};

/// Characters that make a text a glob.
const GLOB: [char; 4] = ['*', '?', '[', '{'];

/// An object, or a root that holds objects. Compares and sorts bytewise by its text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uri {
    /// Canonical text, without a trailing slash (but `/` itself).
    text: String,
    /// Length of `s3://bucket`, or 0 for a path.
    bucket_end: usize,
}

/// The text is not a URI that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a URI: {why}")]
pub struct BadUri {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Uri {
    /// Reads `s3://bucket/key`, `file:///path` (not percent-decoded) or a path; a relative path starts at `base`.
    pub fn parse(text: &str, base: &Path) -> Result<Self, BadUri> {
        let bad = |why| BadUri { text: text.to_owned(), why };
        if text.is_empty() {
            return Err(bad("it is empty"));
        }
        if text.contains('\0') {
            return Err(bad("it has a NUL character"));
        }
        if let Some(rest) = text.strip_prefix("s3://") {
            return Self::parse_s3(rest).map_err(bad);
        }
        let path = match text.split_once("://") {
            Some(("file", rest)) if rest.starts_with('/') => rest,
            Some(("file", _)) => return Err(bad("file:// wants three slashes and an absolute path")),
            Some((scheme, _)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) => {
                return Err(bad("only s3:// and file paths are understood"));
            }
            _ => text,
        };
        let absolute = base.join(path);
        if !absolute.is_absolute() {
            return Err(bad("the directory that it is relative to is not known"));
        }
        let absolute = absolute.to_str().ok_or_else(|| bad("the current directory is not UTF-8"))?;
        Ok(Self { text: plain_path(absolute), bucket_end: 0 })
    }

    fn parse_s3(rest: &str) -> Result<Self, &'static str> {
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.len() < 3 || bucket.len() > 255 {
            return Err("the bucket's name has 3 to 255 characters");
        }
        if !bucket.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
            return Err("the bucket's name has a character that none has");
        }
        let key = key.strip_suffix('/').unwrap_or(key);
        if key.len() > 1024 {
            return Err("a key has at most 1,024 bytes");
        }
        let bucket_end = "s3://".len() + bucket.len();
        let text = if key.is_empty() { format!("s3://{bucket}") } else { format!("s3://{bucket}/{key}") };
        Ok(Self { text, bucket_end })
    }

    /// [`parse`](Self::parse), relative paths starting at the current directory.
    pub fn parse_here(text: &str) -> Result<Self, BadUri> {
        Self::parse(text, &std::env::current_dir().unwrap_or_default())
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The bucket, of an S3 URI.
    pub fn bucket(&self) -> Option<&str> {
        (self.bucket_end > 0).then(|| &self.text["s3://".len()..self.bucket_end])
    }

    /// The key in the bucket, without a trailing slash; empty for a bucket's root and for paths.
    pub fn bucket_key(&self) -> &str {
        match self.bucket() {
            Some(_) => self.text[self.bucket_end..].strip_prefix('/').unwrap_or_default(),
            None => "",
        }
    }

    /// The path, unless it is an S3 URI.
    pub fn path(&self) -> Option<&Path> {
        self.bucket().is_none().then(|| Path::new(&self.text))
    }

    /// Whether it is a bucket itself, or the file system's root: such a place has no sibling.
    pub fn is_bucket_root(&self) -> bool {
        match self.bucket() {
            Some(_) => self.text.len() == self.bucket_end,
            None => self.text == "/",
        }
    }

    /// The object `key` below this root. An empty key is the root itself.
    #[must_use]
    pub fn join(&self, key: &str) -> Self {
        let key = key.strip_suffix('/').unwrap_or(key);
        if key.is_empty() {
            return self.clone();
        }
        let slash = if self.text.ends_with('/') { "" } else { "/" };
        Self { text: format!("{}{slash}{key}", self.text), bucket_end: self.bucket_end }
    }

    /// The root beside this one: `s3://b/out` and `.tarquet` give `s3://b/out.tarquet`. `None` for a bucket's root.
    pub fn sibling(&self, suffix: &str) -> Option<Self> {
        (!self.is_bucket_root())
            .then(|| Self { text: format!("{}{suffix}", self.text), bucket_end: self.bucket_end })
    }

    /// The last part of the name, empty for a bucket's root.
    pub fn name(&self) -> &str {
        if self.is_bucket_root() {
            return "";
        }
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// The root that holds it, and its key there. `None` for a bucket's root.
    pub fn split(&self) -> Option<(Self, &str)> {
        if self.is_bucket_root() {
            return None;
        }
        let cut = self.text.rfind('/')?;
        let root = if cut == 0 { "/" } else { &self.text[..cut] };
        Some((Self { text: root.to_owned(), bucket_end: self.bucket_end }, &self.text[cut + 1..]))
    }

    /// The key that makes `root.join(key)` this URI.
    pub fn key_under<'a>(&'a self, root: &Self) -> Option<&'a str> {
        let rest = self.text.strip_prefix(&root.text)?;
        if rest.is_empty() || root.text.ends_with('/') {
            return Some(rest);
        }
        rest.strip_prefix('/')
    }

    /// Whether it lies in `root`, or is it. Compares names only; see [`resolved`](Self::resolved).
    pub fn is_inside(&self, root: &Self) -> bool {
        self.bucket_end == root.bucket_end && self.key_under(root).is_some()
    }

    /// Cuts a glob into the root before the first part with a glob character, and the pattern of keys below it.
    /// The pattern is `None` when there is no glob character.
    pub fn split_glob(&self) -> (Self, Option<&str>) {
        let Some(first) = self.text[self.bucket_end..].find(GLOB).map(|at| at + self.bucket_end) else {
            return (self.clone(), None);
        };
        let cut = self.text[..first].rfind('/').unwrap_or(first);
        let root = if cut == 0 { "/" } else { &self.text[..cut] };
        (Self { text: root.to_owned(), bucket_end: self.bucket_end }, Some(&self.text[cut + 1..]))
    }

    /// With every link in the part of the path that exists resolved, so that two names of one place compare equal.
    /// S3 URIs are returned as they are.
    pub fn resolved(&self) -> Self {
        let Some(path) = self.path() else { return self.clone() };
        match resolve_existing(path) {
            Ok(real) => match real.to_str() {
                Some(text) => Self { text: text.to_owned(), bucket_end: 0 },
                None => self.clone(),
            },
            Err(_) => self.clone(),
        }
    }
}

/// Drops `.` and doubled or trailing slashes; resolves `..` through the file system where it can.
fn plain_path(absolute: &str) -> String {
    let parts: Vec<&str> = absolute.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    let Some(last) = parts.iter().rposition(|p| *p == "..") else { return format!("/{}", parts.join("/")) };
    let (up, down) = parts.split_at(last + 1);
    let up = format!("/{}", up.join("/"));
    let real = std::fs::canonicalize(&up).ok().and_then(|p| p.to_str().map(str::to_owned));
    let real = real.unwrap_or_else(|| {
        let mut kept: Vec<&str> = Vec::new();
        for part in up.split('/').filter(|p| !p.is_empty()) {
            match part {
                ".." => kept.truncate(kept.len().saturating_sub(1)),
                _ => kept.push(part),
            }
        }
        format!("/{}", kept.join("/"))
    });
    match (real.as_str(), down) {
        (_, []) => real,
        ("/", _) => format!("/{}", down.join("/")),
        _ => format!("{real}/{}", down.join("/")),
    }
}

fn resolve_existing(path: &Path) -> io::Result<PathBuf> {
    for ancestor in path.ancestors() {
        if let Ok(real) = std::fs::canonicalize(ancestor) {
            let rest = path.strip_prefix(ancestor).map_err(io::Error::other)?;
            return Ok(if rest.as_os_str().is_empty() { real } else { real.join(rest) });
        }
    }
    Err(io::Error::from(io::ErrorKind::NotFound))
}

impl FromStr for Uri {
    type Err = BadUri;

    /// Reads a canonical text: `s3://…` or an absolute path.
    fn from_str(s: &str) -> Result<Self, BadUri> {
        Self::parse(s, Path::new(""))
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Uri {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Uri {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        Uri::parse(text, Path::new("/work dir")).unwrap()
    }

    #[test]
    fn texts_become_canonical() {
        for (text, want) in [
            ("s3://bkt", "s3://bkt"),
            ("s3://bkt/", "s3://bkt"),
            ("s3://bkt/a/b/", "s3://bkt/a/b"),
            ("s3://bkt/a//../b", "s3://bkt/a//../b"),
            ("file:///x/y", "/x/y"),
            ("/", "/"),
            ("/x//./y/", "/x/y"),
            ("x/y", "/work dir/x/y"),
            ("./x", "/work dir/x"),
            ("/nowhere-at-all/a/../b", "/nowhere-at-all/b"),
            ("a:b://c", "/work dir/a:b:/c"),
        ] {
            assert_eq!(uri(text).as_str(), want, "{text}");
            assert_eq!(uri(uri(text).as_str()), uri(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for text in ["", "http://x/y", "gs://b/k", "s3://", "s3://a b/k", "s3://bu/k", "file://x", "/a\0b"] {
            assert!(Uri::parse(text, Path::new("/")).is_err(), "{text:?}");
        }
        assert!("relative".parse::<Uri>().is_err());
    }

    #[test]
    fn parts_fit_together() {
        let object = uri("s3://bkt/a/b c.tar");
        assert_eq!((object.bucket(), object.bucket_key()), (Some("bkt"), "a/b c.tar"));
        let (root, key) = object.split().unwrap();
        assert_eq!((root.as_str(), key, object.name()), ("s3://bkt/a", "b c.tar", "b c.tar"));
        assert_eq!(root.join(key), object);
        assert_eq!(object.key_under(&uri("s3://bkt")), Some("a/b c.tar"));
        assert_eq!(uri("/x").split().unwrap().0, uri("/"));
        assert_eq!(uri("/").join("x"), uri("/x"));
        assert_eq!(uri("/x").key_under(&uri("/")), Some("x"));
        assert_eq!(uri("s3://bkt").split(), None);
        assert_eq!(uri("s3://bkt").sibling(".tarquet"), None);
        assert_eq!(uri("s3://bkt/o/").sibling(".tarquet"), Some(uri("s3://bkt/o.tarquet")));
    }

    #[test]
    fn inside_is_by_whole_parts() {
        assert!(uri("s3://bkt/a/b").is_inside(&uri("s3://bkt/a")));
        assert!(uri("s3://bkt/a").is_inside(&uri("s3://bkt/a")));
        assert!(!uri("s3://bkt/ab").is_inside(&uri("s3://bkt/a")));
        assert!(!uri("s3://bktx/a").is_inside(&uri("s3://bkt")));
        assert!(uri("/a/b").is_inside(&uri("/")));
        assert!(!uri("/a.tarquet").is_inside(&uri("/a")));
    }

    #[test]
    fn globs_are_cut_at_a_whole_part() {
        let cut = |text: &str| {
            let u = uri(text);
            let (root, pattern) = u.split_glob();
            (root.as_str().to_owned(), pattern.map(str::to_owned))
        };
        assert_eq!(cut("s3://bkt/a/x*.tar"), ("s3://bkt/a".into(), Some("x*.tar".into())));
        assert_eq!(cut("s3://bkt/*/x"), ("s3://bkt".into(), Some("*/x".into())));
        assert_eq!(cut("/*.h5"), ("/".into(), Some("*.h5".into())));
        assert_eq!(cut("/d/**/[ab]?.h5"), ("/d".into(), Some("**/[ab]?.h5".into())));
        assert_eq!(cut("/d/x.h5"), ("/d/x.h5".into(), None));
    }

    #[test]
    fn links_are_seen_through() {
        let dir = std::env::temp_dir().join(format!("tarquet-uri-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("real")).unwrap();
        let link = dir.join("link");
        drop(std::fs::remove_file(&link));
        std::os::unix::fs::symlink(dir.join("real"), &link).unwrap();
        let through = uri(link.join("new/out").to_str().unwrap()).resolved();
        assert!(through.is_inside(&uri(dir.join("real").to_str().unwrap()).resolved()));
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
