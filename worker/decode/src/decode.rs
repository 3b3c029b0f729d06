//! From a member's bytes to its frame.

use crate::{
    budget::Budget,
    fail::{Res, layout, told},
    fixed,
    frame::Frame,
    hdf5,
    keys::{self, Found},
    node::{Context, Group},
    options::{KeyChoice, Limits, Options},
    plain, table,
};
use tarquet_common::failure::Failure;

/// Decodes the frame that a member holds. A pure function of `bytes` and `options`.
///
/// `bytes` are shared with the reader while it runs and released before this returns; contiguous data is
/// read where it lies. Nothing is followed out of the file, nothing is executed, and no claim of the file
/// is believed beyond `options.limits`.
///
/// # Errors
/// A failure of class `Input` with a code of the group E04xx, the dataset, key or column it is about, and
/// what was expected and found; or `SLOT_TOO_SMALL`, which says nothing of the member but that it needs more than
/// `options.limits.memory_bytes`; or `DECODER_SLOW`, where it takes half a minute of processor time and nothing comes of it.
pub fn decode<B>(bytes: B, options: &Options) -> Result<Frame, Failure>
where
    B: AsRef<[u8]> + Send + Sync + 'static,
{
    opened(bytes, options, false)
}

/// Decodes a member's header: the same frame as [`decode`], with its index and its number of rows, but with
/// columns of the right type and without values wherever the type is known without them.
///
/// # Errors
/// As [`decode`], as far as it can be told without the values.
pub fn peek<B>(bytes: B, options: &Options) -> Result<Frame, Failure>
where
    B: AsRef<[u8]> + Send + Sync + 'static,
{
    opened(bytes, options, true).map(|mut frame| {
        for column in &mut frame.columns {
            column.values = column.values.slice(0, 0);
        }
        frame
    })
}

fn opened<B>(bytes: B, options: &Options, headers_only: bool) -> Result<Frame, Failure>
where
    B: AsRef<[u8]> + Send + Sync + 'static,
{
    let budget = Budget::new(&options.limits);
    let door = hdf5::open(bytes, &options.limits, &budget).map_err(told)?;
    let context = Context { door: &door, limits: &options.limits, budget: &budget, headers_only };
    frame(context, &options.key).map_err(told)
}

/// Decodes through libhdf5 instead: the oracle of the differential tests. Not safe on hostile files.
///
/// # Errors
/// As [`decode`].
#[cfg(feature = "libhdf5")]
pub fn decode_with_libhdf5(bytes: &[u8], options: &Options) -> Result<Frame, Failure> {
    let door = crate::libhdf5::open(bytes, &options.limits).map_err(told)?;
    let budget = Budget::new(&options.limits);
    let context = Context { door: &door, limits: &options.limits, budget: &budget, headers_only: false };
    frame(context, &options.key).map_err(told)
}

fn frame(context: Context<'_>, key: &KeyChoice) -> Res<Frame> {
    let walked = keys::walk(context)?;
    let Some(found) = keys::choose(&walked, key)? else {
        return plain::read(Context { headers_only: false, ..context }, walked, key);
    };
    pandas(context, &found)
}

fn pandas(context: Context<'_>, found: &Found) -> Res<Frame> {
    let group = Group::open(context, found.id, &found.path)?;
    match group.attrs.need_text("pandas_type")?.as_str() {
        "frame" => fixed::read(&group, &found.key, false),
        "series" => fixed::read(&group, &found.key, true),
        "frame_table" | "series_table" => table::read(&group, &found.key),
        other => {
            Err(layout(&found.path, format!("an object of the kind {other:?}, which pandas no longer reads")))
        }
    }
}

/// One frame of a member, for people to look at.
#[derive(Clone, Debug)]
pub struct Described {
    /// Its key.
    pub key: String,
    /// Its header as [`peek`] gives it, or why it cannot be read.
    pub frame: Result<Frame, Failure>,
}

/// Lists what a member holds: each frame that pandas wrote or, where there is none, what its plain
/// datasets form.
///
/// # Errors
/// Where the file itself cannot be read, or holds nothing. A frame that cannot be read is no error here.
pub fn describe<B>(bytes: B, limits: &Limits) -> Result<Vec<Described>, Failure>
where
    B: AsRef<[u8]> + Send + Sync + 'static,
{
    let budget = Budget::new(limits);
    let door = hdf5::open(bytes, limits, &budget).map_err(told)?;
    let context = Context { door: &door, limits, budget: &budget, headers_only: true };
    let walked = keys::walk(context).map_err(told)?;
    if walked.frames.is_empty() {
        let context = Context { headers_only: false, ..context };
        let frame = plain::read(context, walked, &KeyChoice::Auto).map_err(told)?;
        return Ok(vec![Described { key: frame.key.clone(), frame: Ok(frame) }]);
    }
    let one =
        |found: &Found| Described { key: found.key.clone(), frame: pandas(context, found).map_err(told) };
    Ok(walked.frames.iter().map(one).collect())
}
