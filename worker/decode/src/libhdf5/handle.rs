//! What the library has open.

use crate::fail::{Res, damaged};
use hdf5_metno::h5i::hid_t;

/// A handle of the library, closed when dropped.
pub(super) struct Handle {
    pub(super) id: hid_t,
    close: unsafe extern "C" fn(hid_t) -> i32,
}

impl Handle {
    pub(super) fn new(
        id: hid_t,
        close: unsafe extern "C" fn(hid_t) -> i32,
        item: &str,
        what: &str,
    ) -> Res<Self> {
        if id < 0 { Err(damaged(item, format!("libhdf5 cannot {what}"))) } else { Ok(Self { id, close }) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the id came from the library and is closed once, by the function for its kind.
        unsafe { (self.close)(self.id) };
    }
}
