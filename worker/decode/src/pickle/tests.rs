//! Pickles that are small and hold much: each is charged for what it holds, before it does.

use super::load;
use crate::{budget::Budget, options::Limits};
use tarquet_common::codes::format;

const MIB: usize = 1 << 20;

/// How a pickle ends that may hold 16 MiB, and how much is still charged once it is gone.
fn ends(bytes: &[u8]) -> Result<(), tarquet_common::codes::Code> {
    let budget = Budget::new(&Limits { decoded_bytes: 16 << 20, ..Limits::default() });
    let ended = load(bytes, "a", 100_000_000, &budget).map(drop).map_err(|fault| fault.code);
    assert!(budget.spend(16 << 20, "a").is_ok(), "what a pickle held comes back");
    ended
}

#[test]
fn opcodes_of_one_byte_are_charged_for_what_they_hold() {
    let many = |op: &[u8]| [b"\x80\x02", op.repeat(3 * MIB).as_slice(), b"."].concat();
    for (what, op) in [("lists", &b"]"[..]), ("marks", b"("), ("nothings", b"N"), ("tuples", b"N\x85")] {
        assert_eq!(ends(&many(op)), Err(format::OVER_LIMIT), "three million {what}");
    }
    assert_eq!(ends(&[b"\x80\x02", b"N0".repeat(MIB).as_slice(), b"N."].concat()), Ok(()), "nothing is kept");
}

#[test]
fn what_is_remembered_and_named_is_charged() {
    let memo = [b"\x80\x04N", b"\x94".repeat(2 * MIB).as_slice(), b"."].concat();
    assert_eq!(ends(&memo), Err(format::OVER_LIMIT), "a memo of two million values");
    // Fifty long texts are remembered, and each pair of them is a global of another name.
    let mut names = b"\x80\x04".to_vec();
    for i in 0..50u8 {
        names.extend_from_slice(b"X\x00\x10\x00\x00");
        names.extend_from_slice(&[b'a' + i % 26; 4095]);
        names.extend_from_slice(&[i, b'q', i, b'0']);
    }
    for pair in 0..2500u32 {
        names.extend_from_slice(&[b'h', (pair / 50) as u8, b'h', (pair % 50) as u8, 0x93, b'0']);
    }
    names.extend_from_slice(b"N.");
    assert_eq!(ends(&names), Err(format::OVER_LIMIT), "globals of names that are shared");
}

#[test]
fn honest_lists_are_charged_about_what_they_take() {
    let list = [b"\x80\x02](", b"K\x01".repeat(100_000).as_slice(), b"e."].concat();
    assert_eq!(ends(&list), Ok(()), "a hundred thousand numbers take some MiB");
}

/// A zone as protocol 0 rebuilds it from its class and its state.
fn rebuilt(class: &str, state: &str) -> String {
    format!("ccopy_reg\n_reconstructor\n(cdateutil.tz.tz\n{class}\ncdatetime\ntzinfo\nNtR{state}.")
}

#[test]
fn zones_are_what_their_libraries_say_and_others_are_none() {
    let offset = |name: &str, days: i32, seconds: i32, micros: i32| {
        let state =
            format!("(dV_name\n{name}sV_offset\ncdatetime\ntimedelta\n(I{days}\nI{seconds}\nI{micros}\ntRsb");
        rebuilt("tzoffset", &state)
    };
    for (pickle, zone) in [
        ("cpytz\nFixedOffset\n(I330\ntR.".to_owned(), Ok("+05:30")),
        ("cpytz\n_FixedOffset\n(I-90\ntR.".to_owned(), Ok("-01:30")),
        (rebuilt("tzutc", ""), Ok("UTC")),
        (offset("N", 0, 7200, 0), Ok("+02:00")),
        (offset("VX\n", -1, 81000, 0), Ok("-01:30")),
        (offset("N", 0, 7200, 1), Err(format::ZONE_UNKNOWN)),
        (offset("N", 0, 5989, 0), Err(format::ZONE_UNKNOWN)),
        (rebuilt("tzlocal", ""), Err(format::ZONE_UNKNOWN)),
        ("cdateutil.tz.tz\ntzfile\n(NV/usr/share/zoneinfo/EST5EDT\ntR.".to_owned(), Ok("EST5EDT")),
        ("cdateutil.tz.tz\ntzfile\n(NV/etc/localtime\ntR.".to_owned(), Err(format::ZONE_UNKNOWN)),
        ("cos\nsystem\n(V+02:00\ntR.".to_owned(), Err(format::PICKLE_GLOBAL)),
        ("ccopy_reg\n_reconstructor\n(cos\nsystem\ntR.".to_owned(), Err(format::PICKLE_GLOBAL)),
    ] {
        let budget = Budget::new(&Limits::default());
        let loaded = load(pickle.as_bytes(), "a", 1000, &budget).unwrap();
        let found = loaded.zone(loaded.top()).map_err(|fault| fault.code);
        assert_eq!(found.as_deref(), zone.as_ref().map(|zone| *zone), "{pickle:?}");
    }
}
