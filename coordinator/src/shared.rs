//! File paths in a cluster: which are allowed, and the file by which workers prove that they see the coordinator's
//! shared directory.

use crate::settings::FilePaths;
use std::{fs, io, path::Path};
use tarquet_common::{
    chance,
    codes::cluster,
    failure::Failure,
    store::{StoreError, Uri},
};

/// Name of the probe file in the shared directory. Workers read it and present its content when they register.
pub const SHARED_PROBE: &str = ".tarquet-shared";

/// The content of the probe file, which is written if it is not there.
pub(crate) fn probe(shared: &Path) -> Result<String, Failure> {
    let path = shared.join(SHARED_PROBE);
    let found = match fs::read_to_string(&path) {
        Ok(text) if !text.is_empty() => Ok(text),
        Ok(_) => write(&path),
        Err(e) if e.kind() == io::ErrorKind::NotFound => write(&path),
        Err(e) => Err(e),
    };
    found.map_err(|e| {
        Failure::new(cluster::SHARED_DIRECTORY_UNUSABLE, "the shared directory cannot be used")
            .at_uri(path.display().to_string())
            .caused_by(&e)
    })
}

/// Refuses a job that names a path which workers may not see.
pub(crate) fn allow(paths: &FilePaths, places: &[Uri]) -> Result<(), Failure> {
    let root = match paths {
        FilePaths::Anywhere => return Ok(()),
        FilePaths::Refused => None,
        FilePaths::Shared(dir) => {
            let root = Uri::parse_here(&dir.to_string_lossy()).map_err(StoreError::from)?;
            Some(root.resolved())
        }
    };
    let outside = |uri: &&Uri| {
        uri.path().is_some() && !root.as_ref().is_some_and(|root| uri.resolved().is_inside(root))
    };
    let Some(uri) = places.iter().find(outside) else { return Ok(()) };
    let told = format!("{uri} is a path that workers elsewhere do not see");
    let expected = root.map_or_else(|| "s3://".to_owned(), |root| format!("s3://, or a path in {root}"));
    Err(Failure::new(cluster::PATH_NOT_SHARED, told).at_uri(uri.to_string()).expected(expected, uri))
}

fn write(path: &Path) -> io::Result<String> {
    let text = chance::hex();
    fs::write(path, &text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_allowed_where_all_see_them() {
        let dir = tempfile::tempdir().unwrap();
        let shared = FilePaths::Shared(dir.path().to_owned());
        let uri = |text: &str| Uri::parse_here(text).unwrap();
        let inside = uri(&dir.path().join("out").to_string_lossy());
        let bucket = uri("s3://bucket/out");
        allow(&FilePaths::Anywhere, &[uri("/etc")]).unwrap();
        allow(&FilePaths::Refused, std::slice::from_ref(&bucket)).unwrap();
        allow(&shared, &[bucket.clone(), inside.clone()]).unwrap();
        let up = uri(&dir.path().join("../elsewhere").to_string_lossy());
        for (paths, place) in [(&FilePaths::Refused, &inside), (&shared, &up)] {
            let failure = allow(paths, &[bucket.clone(), place.clone()]).unwrap_err();
            assert_eq!(failure.code, cluster::PATH_NOT_SHARED);
        }
    }

    #[test]
    fn the_probe_stays_the_same_and_needs_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        let first = probe(dir.path()).unwrap();
        assert_eq!(probe(dir.path()).unwrap(), first);
        let missing = probe(&dir.path().join("missing")).unwrap_err();
        assert_eq!(missing.code, cluster::SHARED_DIRECTORY_UNUSABLE);
    }
}
