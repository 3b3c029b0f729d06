//! The schema that the user has pinned.

use crate::stores::OpenStores;
use serde_json::Value;
use tarquet_common::{
    codes::{schema as codes, store as store_codes},
    failure::Failure,
    kinds::convert::ConvertSpec,
    spec::SchemaMode,
    store::{StoreError, Uri},
};

/// Largest file that is taken for a schema.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// The content of `schema.file` under `pinned`. What it says is a worker's to judge; here it has to be JSON.
///
/// # Errors
/// `OBJECT_NOT_FOUND`, what the store said; `PINNED_UNUSABLE`.
pub async fn pinned_schema(stores: &dyn OpenStores, spec: &ConvertSpec) -> Result<Option<Value>, Failure> {
    let (SchemaMode::Pinned, Some(file)) = (spec.schema.mode, &spec.schema.file) else { return Ok(None) };
    let uri = Uri::parse_here(file).map_err(|e| Failure::from(StoreError::from(e)))?;
    let unusable = |text: String| Failure::new(codes::PINNED_UNUSABLE, text).at_uri(uri.to_string());
    let (root, key) = uri.split().ok_or_else(|| unusable(format!("{uri} is no object")))?;
    let store = stores.open(&root, &spec.input.store).await?;
    let object = store.get(key, FILE_BYTES_MAX).await?;
    let object = object.ok_or_else(|| {
        Failure::new(store_codes::OBJECT_NOT_FOUND, "the file of schema.file is not there")
            .at_uri(uri.to_string())
    })?;
    let value = serde_json::from_slice(&object.bytes);
    value.map(Some).map_err(|e| unusable("the file of schema.file is not JSON".to_owned()).caused_by(&e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tarquet_common::store::Stores;

    #[tokio::test]
    async fn a_pinned_schema_is_there_and_is_json() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("schema.json");
        let mut spec = ConvertSpec::new(vec!["in".into()], "out".into());
        assert_eq!(pinned_schema(&Stores::new(), &spec).await.unwrap(), None);
        spec.schema.mode = SchemaMode::Pinned;
        spec.schema.file = Some(file.display().to_string());
        let code = async |spec: &ConvertSpec| pinned_schema(&Stores::new(), spec).await.unwrap_err().code;
        assert_eq!(code(&spec).await, store_codes::OBJECT_NOT_FOUND);
        std::fs::write(&file, "{").unwrap();
        assert_eq!(code(&spec).await, codes::PINNED_UNUSABLE);
        std::fs::write(&file, "{}").unwrap();
        assert_eq!(pinned_schema(&Stores::new(), &spec).await.unwrap(), Some(serde_json::json!({})));
    }
}
