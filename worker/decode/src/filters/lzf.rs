//! LZF, which h5py has built in (filter 32000). (Format: M. Lehmann, LibLZF 3.6, `lzf_d.c`.)
//!
//! A control byte below 32 is followed by one literal more than it says. Any other one repeats what was written before: its
//! upper three bits are the length less 2, 7 being followed by a byte to add, its lower five begin the distance less 1.

use crate::fail::Broken;

/// Decompresses a chunk to at most `max_bytes`.
pub(super) fn decompress(data: &[u8], max_bytes: usize) -> Result<Vec<u8>, Broken> {
    let broken = |problem: &str| Broken::new("lzf", problem.to_owned());
    let ends = || broken("ends within a sequence");
    let room = |out: &Vec<u8>, more: usize| match out.len() + more <= max_bytes {
        true => Ok(()),
        false => Err(broken(&format!("decodes to more than {max_bytes} bytes"))),
    };
    let mut out = Vec::with_capacity(data.len().saturating_mul(2).min(max_bytes));
    let mut rest = data;
    while let Some((&control, after)) = rest.split_first() {
        let control = usize::from(control);
        if control < 32 {
            let (literals, after) = after.split_at_checked(control + 1).ok_or_else(ends)?;
            room(&out, literals.len())?;
            out.extend_from_slice(literals);
            rest = after;
            continue;
        }
        let (more, after) = match control >> 5 {
            7 => after.split_first().ok_or_else(ends)?,
            _ => (&0, after),
        };
        let (&low, after) = after.split_first().ok_or_else(ends)?;
        let len = (control >> 5) + usize::from(*more) + 2;
        let back = (control & 31) << 8 | usize::from(low);
        let from =
            out.len().checked_sub(back + 1).ok_or_else(|| broken("repeats what stands before its start"))?;
        room(&out, len)?;
        // what is repeated may be what is being written
        for at in from..from + len {
            out.push(out[at]);
        }
        rest = after;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::decompress;

    #[test]
    fn literals_and_repetitions_of_both_lengths() {
        assert_eq!(decompress(b"\x02abc\x20\x02", 100).unwrap(), b"abcabc");
        assert_eq!(
            decompress(b"\x00a\xe0\x01\x00", 100).unwrap(),
            [b'a'; 11],
            "overlapping itself, 7 + 1 + 2"
        );
        assert_eq!(decompress(b"", 0).unwrap(), b"");
    }

    #[test]
    fn what_is_not_lzf_is_refused_and_no_more_is_made_than_may_be() {
        for broken in [&b"\x02ab"[..], b"\x20", b"\xe0", b"\xe0\x01", b"\x20\x00", b"\x00a\x20\x01"] {
            assert!(decompress(broken, 100).is_err(), "{broken:?}");
        }
        assert!(decompress(b"\x00a\xe0\xff\x00", 264).unwrap_err().to_string().contains("more than 264"));
        assert_eq!(decompress(b"\x00a\xe0\xff\x00", 265).unwrap().len(), 265);
        assert!(decompress(b"\x02abc", 2).is_err());
    }
}
