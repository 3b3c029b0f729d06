//! What the decoder asks of a file, answered by libhdf5.

use super::{
    handle::Handle,
    types::{dtype, shape},
};
use crate::{
    budget::Loan,
    door::{Attr, DType, DataInfo, Door, Field, Kind, Link, ObjectId, Padding, Raw, Target},
    fail::{Res, damaged, fail, over_limit},
    options::Limits,
};
use hdf5_metno::{
    LOCK, h5a::*, h5d::*, h5e::*, h5f::*, h5g::*, h5i::*, h5l::*, h5o::*, h5p::*, h5pl::*, h5s::*, h5t::*,
};
use parking_lot::ReentrantMutexGuard;
use std::{
    cell::RefCell,
    collections::HashMap,
    ffi::{CStr, CString, c_char, c_void},
    ptr::null_mut,
    sync::Arc,
};
use tarquet_common::codes::format;

/// `H5P_DEFAULT`, `H5E_DEFAULT`, `H5S_ALL`.
const DEFAULT: hid_t = 0;
const BY_NAME: hdf5_metno::h5::H5_index_t = hdf5_metno::h5::H5_index_t::H5_INDEX_NAME;
const UPWARD: hdf5_metno::h5::H5_iter_order_t = hdf5_metno::h5::H5_iter_order_t::H5_ITER_INC;

/// A file opened from memory.
pub(crate) struct LibHdf5<'a> {
    limits: &'a Limits,
    objects: RefCell<HashMap<ObjectId, Handle>>,
    file: Handle,
    _lock: ReentrantMutexGuard<'static, ()>,
}

/// Opens a copy of a member's bytes; the library's lock is held until the file is dropped.
pub(crate) fn open<'a>(bytes: &[u8], limits: &'a Limits) -> Res<LibHdf5<'a>> {
    let lock = LOCK.lock();
    // SAFETY: plain calls with valid arguments; the image is copied by the library before this returns.
    let file = unsafe {
        H5Eset_auto2(DEFAULT, None, null_mut());
        // the bindings declare the mask as a pointer: null is the mask 0, no plugin at all
        H5PLset_loading_state(null_mut());
        let access = Handle::new(H5Pcreate(*H5P_CLS_FILE_ACCESS), H5Pclose, "/", "set up access")?;
        H5Pset_fapl_core(access.id, 1 << 16, 0);
        H5Pset_file_image(access.id, bytes.as_ptr().cast_mut().cast(), bytes.len());
        Handle::new(
            H5Fopen(c"member.h5".as_ptr(), H5F_ACC_RDONLY, access.id),
            H5Fclose,
            "/",
            "open the file",
        )?
    };
    let door = LibHdf5 { limits, objects: RefCell::default(), file, _lock: lock };
    // SAFETY: the file is open and the name is a C string.
    let root = unsafe { H5Oopen(door.file.id, c"/".as_ptr(), DEFAULT) };
    door.objects.borrow_mut().insert(ROOT, Handle::new(root, H5Oclose, "/", "open the root group")?);
    Ok(door)
}

/// The root's id; others are addresses.
const ROOT: ObjectId = ObjectId(u64::MAX);

fn text(from: &CStr) -> String {
    from.to_string_lossy().into_owned()
}

impl LibHdf5<'_> {
    /// The library's id of an object that was met before.
    fn id(&self, id: ObjectId) -> Res<hid_t> {
        if let Some(handle) = self.objects.borrow().get(&id) {
            return Ok(handle.id);
        }
        // SAFETY: the address was given by the library for a hard link of this file.
        let opened = unsafe { H5Oopen_by_addr(self.file.id, id.0) };
        let handle = Handle::new(opened, H5Oclose, "/", "open an object")?;
        let opened = handle.id;
        self.objects.borrow_mut().insert(id, handle);
        Ok(opened)
    }

    fn link(&self, group: hid_t, index: u64) -> Res<Link> {
        let mut name = vec![0u8; 4096];
        let mut info = H5L_info1_t::default();
        // SAFETY: the buffer is as long as stated, and the index is below the number of links.
        let failed = unsafe {
            let here = c".".as_ptr();
            let length = H5Lget_name_by_idx(
                group,
                here,
                BY_NAME,
                UPWARD,
                index,
                name.as_mut_ptr().cast::<c_char>(),
                name.len(),
                DEFAULT,
            );
            length < 0 || H5Lget_info_by_idx(group, here, BY_NAME, UPWARD, index, &raw mut info, DEFAULT) < 0
        };
        let name = CStr::from_bytes_until_nul(&name).map(text).unwrap_or_default();
        if failed || name.is_empty() {
            return Err(damaged("/", "libhdf5 cannot read a link"));
        }
        let target = match info.type_ {
            // SAFETY: of a hard link the union holds the address.
            H5L_type_t::H5L_TYPE_HARD => Target::Object(ObjectId(unsafe { *info.u.address() })),
            other => {
                let texts = self.link_texts(group, index, &mut info)?;
                let mut texts = texts.split(|&b| b == 0).map(|t| String::from_utf8_lossy(t).into_owned());
                let mut next = || texts.next().unwrap_or_default();
                match other {
                    H5L_type_t::H5L_TYPE_SOFT => Target::Soft(next()),
                    // a byte of flags stands first
                    _ => Target::External { file: next().chars().skip(1).collect(), path: next() },
                }
            }
        };
        Ok(Link { name, target })
    }

    /// What a link that is not hard holds: texts that end with NULs.
    fn link_texts(&self, group: hid_t, index: u64, info: &mut H5L_info1_t) -> Res<Vec<u8>> {
        // SAFETY: of such a link the union holds the size of its value, and the buffer is as long.
        unsafe {
            let mut value = vec![0u8; *info.u.val_size()];
            let (here, into) = (c".".as_ptr(), value.as_mut_ptr().cast());
            match H5Lget_val_by_idx(group, here, BY_NAME, UPWARD, index, into, value.len(), DEFAULT) {
                failed if failed < 0 => Err(damaged("/", "libhdf5 cannot read a link")),
                _ => Ok(value),
            }
        }
    }

    fn attribute(&self, object: hid_t, index: u64) -> Res<Attr> {
        // SAFETY: handles are checked; buffers are as long as the library says the values are.
        unsafe {
            let opened = H5Aopen_by_idx(object, c".".as_ptr(), BY_NAME, UPWARD, index, DEFAULT, DEFAULT);
            let attr = Handle::new(opened, H5Aclose, "/", "open an attribute")?;
            let mut name = vec![0u8; 4096];
            H5Aget_name(attr.id, name.len(), name.as_mut_ptr().cast::<c_char>());
            let name = CStr::from_bytes_until_nul(&name).map(text).unwrap_or_default();
            let kind = Handle::new(H5Aget_type(attr.id), H5Tclose, &name, "read a type")?;
            let space = Handle::new(H5Aget_space(attr.id), H5Sclose, &name, "read a shape")?;
            let (mut dtype, shape) = (dtype(&kind, 0)?, shape(&space)?);
            let elements = shape.iter().product::<u64>();
            let bytes = elements.saturating_mul(H5Tget_size(kind.id) as u64);
            if bytes > self.limits.header_bytes {
                return Err(over_limit(&name, "an attribute", self.limits.header_bytes, bytes));
            }
            let mut data = vec![0u8; bytes as usize];
            if bytes > 0 && H5Aread(attr.id, kind.id, data.as_mut_ptr().cast()) < 0 {
                return Err(damaged(&name, "libhdf5 cannot read an attribute"));
            }
            if dtype == DType::VarText && shape.is_empty() {
                let pointer = data.as_ptr().cast::<*const c_char>().read_unaligned();
                let value =
                    if pointer.is_null() { Vec::new() } else { CStr::from_ptr(pointer).to_bytes().to_vec() };
                H5Dvlen_reclaim(kind.id, space.id, DEFAULT, data.as_mut_ptr().cast());
                dtype = DType::Text { width: value.len() as u32, utf8: true, padding: Padding::Nul };
                data = value;
            }
            Ok(Attr { name, dtype, shape, data })
        }
    }

    /// Type, shape and bytes in memory of a dataset, the last checked against the limits.
    fn extent(&self, dataset: hid_t, item: &str) -> Res<(Handle, Handle, usize)> {
        // SAFETY: plain calls on an open dataset.
        let (kind, space) = unsafe { (H5Dget_type(dataset), H5Dget_space(dataset)) };
        let kind = Handle::new(kind, H5Tclose, item, "read a type")?;
        let space = Handle::new(space, H5Sclose, item, "read a shape")?;
        let elements = shape(&space)?.iter().try_fold(1u64, |n, &d| n.checked_mul(d));
        // SAFETY: the type is open.
        let size = unsafe { H5Tget_size(kind.id) } as u64;
        let bytes = elements.and_then(|n| n.checked_mul(size)).filter(|&n| n <= self.limits.object_bytes);
        let bytes =
            bytes.ok_or_else(|| over_limit(item, "the dataset's size", self.limits.object_bytes, "more"))?;
        Ok((kind, space, bytes as usize))
    }

    fn read_into(&self, dataset: hid_t, kind: &Handle, buffer: *mut c_void, item: &str) -> Res<()> {
        // SAFETY: the caller's buffer holds all elements of the dataset in the type given.
        match unsafe { H5Dread(dataset, kind.id, DEFAULT, DEFAULT, DEFAULT, buffer) } {
            failed if failed < 0 => Err(fail(format::FILTER_FAILED, item, "libhdf5 cannot read the dataset")),
            _ => Ok(()),
        }
    }
}

impl Door for LibHdf5<'_> {
    fn root(&self) -> Res<ObjectId> {
        Ok(ROOT)
    }

    fn kind(&self, id: ObjectId) -> Res<Kind> {
        // SAFETY: the id is open.
        Ok(match unsafe { H5Iget_type(self.id(id)?) } {
            H5I_type_t::H5I_GROUP => Kind::Group,
            H5I_type_t::H5I_DATASET => Kind::Dataset,
            _ => Kind::Other,
        })
    }

    fn links(&self, id: ObjectId) -> Res<Arc<[Link]>> {
        let group = self.id(id)?;
        let mut info = H5G_info_t::default();
        // SAFETY: the group is open and the struct is ours.
        if unsafe { H5Gget_info(group, &raw mut info) } < 0 {
            return Err(damaged("/", "libhdf5 cannot read a group"));
        }
        if info.nlinks > u64::from(self.limits.links) {
            return Err(over_limit("/", "the number of links", self.limits.links, info.nlinks));
        }
        (0..info.nlinks).map(|index| self.link(group, index)).collect()
    }

    fn attributes(&self, id: ObjectId) -> Res<Arc<[Attr]>> {
        let object = self.id(id)?;
        // SAFETY: the object is open.
        #[expect(deprecated, reason = "its successor's struct differs between versions of the library")]
        let count = unsafe { H5Aget_num_attrs(object) };
        (0..u64::try_from(count).unwrap_or(0)).map(|index| self.attribute(object, index)).collect()
    }

    fn info(&self, id: ObjectId, item: &str) -> Res<DataInfo> {
        let dataset = self.id(id)?;
        // SAFETY: plain calls on an open dataset.
        let outside = unsafe {
            let plist = Handle::new(H5Dget_create_plist(dataset), H5Pclose, item, "read its properties")?;
            H5Pget_external_count(plist.id) > 0 || H5Pget_layout(plist.id) as i32 == 3
        };
        if outside {
            return Err(fail(format::EXTERNAL_STORAGE, item, "external storage is not followed"));
        }
        let (kind, space, _) = self.extent(dataset, item)?;
        Ok(DataInfo { dtype: dtype(&kind, 0)?, shape: shape(&space)? })
    }

    fn read(&self, id: ObjectId, item: &str) -> Res<Raw> {
        let dataset = self.id(id)?;
        let (kind, _, bytes) = self.extent(dataset, item)?;
        let mut data = vec![0u8; bytes];
        if bytes > 0 {
            self.read_into(dataset, &kind, data.as_mut_ptr().cast(), item)?;
        }
        Ok(Arc::new(data))
    }

    fn vlen_bytes(&self, id: ObjectId, item: &str) -> Res<u64> {
        let dataset = self.id(id)?;
        Ok(self.extent(dataset, item)?.2 as u64)
    }

    fn read_vlen_field(
        &self,
        id: ObjectId,
        field: &Field,
        _: &[u8],
        item: &str,
        _: &Loan<'_>,
    ) -> Res<Vec<Vec<u8>>> {
        let dataset = self.id(id)?;
        let (kind, space, _) = self.extent(dataset, item)?;
        let rows = shape(&space)?.iter().product::<u64>() as usize;
        let width = size_of::<*const c_char>();
        let mut data = vec![0u8; rows * width];
        let name = CString::new(field.name.as_str()).unwrap_or_default();
        // SAFETY: the type in memory has this field alone, a pointer; the texts stay valid until they are reclaimed right
        // after they are copied.
        unsafe {
            let index = u32::try_from(H5Tget_member_index(kind.id, name.as_ptr())).unwrap_or(u32::MAX);
            let text = Handle::new(H5Tget_member_type(kind.id, index), H5Tclose, item, "read a type")?;
            let alone =
                Handle::new(H5Tcreate(H5T_class_t::H5T_COMPOUND, width), H5Tclose, item, "make a type")?;
            H5Tinsert(alone.id, name.as_ptr(), 0, text.id);
            self.read_into(dataset, &alone, data.as_mut_ptr().cast(), item)?;
            let rows = data.chunks_exact(width).map(|p| pointed_text(p)).collect();
            H5Dvlen_reclaim(alone.id, space.id, DEFAULT, data.as_mut_ptr().cast());
            Ok(rows)
        }
    }

    fn read_vlen(&self, id: ObjectId, item: &str, _: &Loan<'_>) -> Res<Vec<Vec<u8>>> {
        let dataset = self.id(id)?;
        let (kind, space, bytes) = self.extent(dataset, item)?;
        let mut data = vec![0u8; bytes];
        if bytes == 0 {
            return Ok(Vec::new());
        }
        self.read_into(dataset, &kind, data.as_mut_ptr().cast(), item)?;
        // SAFETY: the library filled the buffer with pointers or with lengths and pointers, which stay valid
        // until they are reclaimed right after they are copied.
        unsafe {
            let rows = if dtype(&kind, 0)? == DType::VarText {
                data.chunks_exact(size_of::<*const c_char>()).map(|p| pointed_text(p)).collect()
            } else {
                let copy = |p: &[u8]| match p.as_ptr().cast::<hvl_t>().read_unaligned() {
                    hvl_t { p, .. } if p.is_null() => Vec::new(),
                    hvl_t { len, p } => std::slice::from_raw_parts(p.cast::<u8>(), len).to_vec(),
                };
                data.chunks_exact(size_of::<hvl_t>()).map(copy).collect()
            };
            H5Dvlen_reclaim(kind.id, space.id, DEFAULT, data.as_mut_ptr().cast());
            Ok(rows)
        }
    }
}

/// A copy of the text that a pointer in a buffer leads to.
///
/// # Safety
/// The bytes must be a pointer that the library has written and not reclaimed.
unsafe fn pointed_text(pointer: &[u8]) -> Vec<u8> {
    // SAFETY: the caller's promise.
    unsafe {
        match pointer.as_ptr().cast::<*const c_char>().read_unaligned() {
            p if p.is_null() => Vec::new(),
            p => CStr::from_ptr(p).to_bytes().to_vec(),
        }
    }
}
