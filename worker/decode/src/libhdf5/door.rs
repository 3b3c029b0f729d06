//! The door to libhdf5: the only file that names its bindings. Compiled with the feature `libhdf5`.
//!
//! It is the oracle of the differential tests. libhdf5 is not safe on hostile files (some crash it), so nothing
//! decodes members with it in the worker's own process. External storage, external links and virtual
//! datasets are refused here as in the other door, and no filter plugin is ever loaded.

use crate::{
    budget::Loan,
    door::{Attr, DType, DataInfo, Door, Field, Kind, Link, ObjectId, Raw, Target},
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

/// A handle of the library, closed when dropped.
struct Handle {
    id: hid_t,
    close: unsafe extern "C" fn(hid_t) -> i32,
}

impl Handle {
    fn new(id: hid_t, close: unsafe extern "C" fn(hid_t) -> i32, item: &str, what: &str) -> Res<Self> {
        if id < 0 { Err(damaged(item, format!("libhdf5 cannot {what}"))) } else { Ok(Self { id, close }) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the id came from the library and is closed once, by the function for its kind.
        unsafe { (self.close)(self.id) };
    }
}

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
            H5L_type_t::H5L_TYPE_SOFT => Target::Soft(String::new()),
            _ => Target::External,
        };
        Ok(Link { name, target })
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
                dtype = DType::Text { width: value.len() as u32, utf8: true };
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
                let copy = |p: &[u8]| match p.as_ptr().cast::<*const c_char>().read_unaligned() {
                    p if p.is_null() => Vec::new(),
                    p => CStr::from_ptr(p).to_bytes().to_vec(),
                };
                data.chunks_exact(size_of::<*const c_char>()).map(copy).collect()
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

fn shape(space: &Handle) -> Res<Vec<u64>> {
    // SAFETY: the dataspace is open; the buffer has room for as many dimensions as it has.
    unsafe {
        if H5Sget_simple_extent_type(space.id) == H5S_class_t::H5S_NULL {
            return Ok(vec![0]);
        }
        let rank = usize::try_from(H5Sget_simple_extent_ndims(space.id)).unwrap_or(0);
        let mut dims = vec![0; rank];
        H5Sget_simple_extent_dims(space.id, dims.as_mut_ptr(), null_mut());
        Ok(dims)
    }
}

/// The library's datatypes in the decoder's words.
fn dtype(kind: &Handle, depth: u32) -> Res<DType> {
    if depth > 16 {
        return Err(damaged("/", "a datatype nested too deeply"));
    }
    let id = kind.id;
    // SAFETY: plain questions to an open datatype; names are copied and freed by the library's own call.
    unsafe {
        let size = H5Tget_size(id);
        let (small, wide) = (u8::try_from(size).unwrap_or(u8::MAX), u32::try_from(size).unwrap_or(u32::MAX));
        let big = H5Tget_order(id) == H5T_order_t::H5T_ORDER_BE;
        let base = || {
            let base = Handle::new(H5Tget_super(id), H5Tclose, "/", "read a type")?;
            dtype(&base, depth + 1).map(Box::new)
        };
        Ok(match H5Tget_class(id) {
            H5T_class_t::H5T_INTEGER => {
                DType::Int { size: small, signed: H5Tget_sign(id) == H5T_sign_t::H5T_SGN_2, big }
            }
            H5T_class_t::H5T_TIME if size == 4 => DType::Int { size: 4, signed: true, big: false },
            H5T_class_t::H5T_FLOAT => DType::Float { size: small, big },
            H5T_class_t::H5T_BITFIELD => DType::Bits { size: small, big },
            H5T_class_t::H5T_STRING if H5Tis_variable_str(id) > 0 => DType::VarText,
            H5T_class_t::H5T_STRING => {
                DType::Text { width: wide, utf8: H5Tget_cset(id) == H5T_cset_t::H5T_CSET_UTF8 }
            }
            H5T_class_t::H5T_VLEN => DType::VarList(base()?),
            H5T_class_t::H5T_ARRAY => {
                let mut dims = vec![0; usize::try_from(H5Tget_array_ndims(id)).unwrap_or(0)];
                H5Tget_array_dims2(id, dims.as_mut_ptr());
                DType::Array { base: base()?, dims }
            }
            H5T_class_t::H5T_COMPOUND => DType::Compound { size: wide, fields: fields(id, depth)? },
            H5T_class_t::H5T_ENUM => DType::Enum { base: base()?, members: members(id, size) },
            H5T_class_t::H5T_REFERENCE => DType::Other { name: "reference", size: wide },
            _ => DType::Other { name: "opaque", size: wide },
        })
    }
}

/// # Safety
/// `id` must be an open compound or enum.
unsafe fn member_name(id: hid_t, index: u32) -> String {
    // SAFETY: the library hands out a C string that is its caller's to free.
    unsafe {
        let name = H5Tget_member_name(id, index);
        if name.is_null() {
            return String::new();
        }
        let copy = CString::from(CStr::from_ptr(name));
        hdf5_metno::h5::H5free_memory(name.cast());
        text(&copy)
    }
}

/// # Safety
/// `id` must be an open compound.
unsafe fn fields(id: hid_t, depth: u32) -> Res<Vec<Field>> {
    // SAFETY: the caller's promise; indexes are below the number of members.
    unsafe {
        let count = u32::try_from(H5Tget_nmembers(id)).unwrap_or(0);
        let field = |index| {
            let kind = Handle::new(H5Tget_member_type(id, index), H5Tclose, "/", "read a type")?;
            let offset = u32::try_from(H5Tget_member_offset(id, index)).unwrap_or(u32::MAX);
            Ok(Field { name: member_name(id, index), offset, dtype: dtype(&kind, depth + 1)? })
        };
        (0..count).map(field).collect()
    }
}

/// # Safety
/// `id` must be an open enum of elements of `size` bytes.
unsafe fn members(id: hid_t, size: usize) -> Vec<(String, Vec<u8>)> {
    // SAFETY: the caller's promise; the buffer has room for one value.
    unsafe {
        let count = u32::try_from(H5Tget_nmembers(id)).unwrap_or(0);
        let member = |index| {
            let mut value = vec![0u8; size];
            H5Tget_member_value(id, index, value.as_mut_ptr().cast());
            (member_name(id, index), value)
        };
        (0..count).map(member).collect()
    }
}
