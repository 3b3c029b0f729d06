//! What a worker does of `mirror`.

mod work;

pub(crate) use work::Mirror;
