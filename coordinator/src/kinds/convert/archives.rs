//! Which objects are archives.

use crate::inputs::{Judge, Verdict};
use tarquet_common::{
    archive::{ArchiveRef, Container},
    store::ObjectMeta,
};

/// Takes what has the suffix of a container.
pub(super) struct Archives;

impl Judge for Archives {
    type Input = ArchiveRef;
    const PASSED_OVER: &'static str = "are no archives";

    fn judge(&self, uri: &str, meta: &ObjectMeta, named: bool) -> Verdict<ArchiveRef> {
        match Container::of(uri) {
            Ok(container) => Verdict::Take(ArchiveRef {
                uri: uri.to_owned(),
                etag: meta.etag.clone(),
                size: meta.size,
                container,
            }),
            Err(failure) if named => Verdict::Refuse(Box::new(failure)),
            Err(_) => Verdict::PassOver,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::{Listing, list};
    use std::{fs, path::Path};
    use tarquet_common::{codes::archive, failure::Failure, kinds::convert::ConvertSpec, store::Stores};

    async fn listed(dir: &Path, input: &str) -> Result<Listing<ArchiveRef>, Failure> {
        let uri = |name: &str| dir.join(name).to_str().unwrap().to_owned();
        let spec = ConvertSpec::new(vec![uri(input)], uri("out"));
        list(&Stores::new(), spec.input.objects(), &Archives).await
    }

    #[tokio::test]
    async fn a_folder_counts_its_containers_and_a_glob_means_what_it_says() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.h5", "b.tar.lz4", "notes.txt"] {
            fs::write(dir.path().join(name), b"x").unwrap();
        }
        let folder = listed(dir.path(), "").await.unwrap();
        assert_eq!((folder.inputs.len(), folder.passed_over), (2, 1));
        assert_eq!((folder.inputs[1].container, folder.inputs[1].size), (Container::TarLz4, 1));
        assert_eq!(listed(dir.path(), "*.h5").await.unwrap().inputs.len(), 1);
        assert_eq!(listed(dir.path(), "*").await.unwrap_err().code, archive::UNKNOWN_CONTAINER);
    }
}
