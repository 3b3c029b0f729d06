//! Reading indexes back.

use crate::stores::{OpenStores, parse_uri};
use std::sync::Arc;
use tarquet_common::{
    archive::{ArchiveRef, members_key, windows_key},
    codes::plan as codes,
    failure::Failure,
    kinds::convert::Output,
    store::Store,
};
use tarquet_container::{
    index::{MembersReader, TRAILER_LEN, Trailer},
    seek::SeekTable,
};

/// An archive's index, read back and proved.
#[derive(Debug)]
pub(super) struct Index {
    /// Where the archive can be entered.
    pub(super) seek: SeekTable,
    /// Its members.
    pub(super) members: MembersReader,
}

/// The store of the indexes.
pub(super) async fn open(stores: &dyn OpenStores, output: &Output) -> Result<Arc<dyn Store>, Failure> {
    Ok(stores.open(&parse_uri(&output.index_uri())?, &output.store).await?)
}

/// Whether an archive has an index.
pub(super) async fn exists(store: &dyn Store, archive: &ArchiveRef) -> Result<bool, Failure> {
    let key = windows_key(&archive.index_key());
    Ok(store.head(&key).await?.is_some())
}

/// Bytes of the list of members in an archive's index; 0 if there is none.
pub(super) async fn members_bytes(store: &dyn Store, archive: &ArchiveRef) -> Result<u64, Failure> {
    let meta = store.head(&members_key(&archive.index_key())).await?;
    Ok(meta.map_or(0, |meta| meta.size))
}

/// Reads an archive's index, whose list of members may have so many bytes; `None` if there is none.
///
/// # Errors
/// What the store said; `INDEX_DAMAGED` or `INDEX_OTHER` when it is not what it should be.
pub(super) async fn load(
    store: &dyn Store,
    archive: &ArchiveRef,
    most: u64,
) -> Result<Option<Index>, Failure> {
    let key = archive.index_key();
    let windows = windows_key(&key);
    let Some(meta) = store.head(&windows).await? else { return Ok(None) };
    let tail = meta.size.saturating_sub(TRAILER_LEN as u64)..meta.size;
    let tail = store.get_range(&windows, tail, Some(&meta.etag)).await?;
    let trailer = Trailer::read(&tail, meta.size)?;
    let range = trailer.points_range();
    let points = match range.is_empty() {
        true => bytes::Bytes::new(),
        false => store.get_range(&windows, range, Some(&meta.etag)).await?,
    };
    let seek = trailer.seek_table(&points)?;
    let object = store.get(&members_key(&key), most).await?;
    let Some(object) = object else {
        let text = format!("the index of {} has no list of members", archive.uri);
        return Err(Failure::new(codes::INDEX_MISSING, text).at_uri(&archive.uri));
    };
    let members = MembersReader::open(object.bytes, &trailer)?;
    members.index().check(&archive.identity())?;
    Ok(Some(Index { seek, members }))
}
