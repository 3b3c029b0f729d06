//! PAX records: `LENGTH KEY=VALUE\n`, one after the other. Only what decides where members lie and what
//! they are called is kept.

/// What PAX records say of a member. An empty value takes back what an earlier one said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    /// The body is in one of GNU's PAX sparse formats.
    pub(super) sparse: bool,
}

/// Reads the records of a global header. What speaks of one member cannot hold for all that follow: a name that is set once
/// would be held for each of them, and no program writes such an archive.
pub(super) fn global(records: &[u8]) -> Result<(), &'static str> {
    let mut pax = Pax::default();
    apply(records, &mut pax)?;
    match pax {
        Pax { path: Some(_), .. } => Err("a global PAX header names a path for all members"),
        Pax { size: Some(_), .. } => Err("a global PAX header names a size for all members"),
        Pax { sparse: true, .. } => Err("a global PAX header says that all members are sparse"),
        Pax { path: None, size: None, sparse: false } => Ok(()),
    }
}

/// Reads records into `pax`, over what stands there.
pub(super) fn apply(mut records: &[u8], pax: &mut Pax) -> Result<(), &'static str> {
    while !records.is_empty() {
        let (key, value, rest) = record(records)?;
        records = rest;
        match key {
            b"path" => pax.path = Some(value.to_vec()).filter(|v| !v.is_empty()),
            b"size" if value.is_empty() => pax.size = None,
            b"size" => pax.size = Some(number(value)?),
            _ if key.starts_with(b"GNU.sparse.") => pax.sparse = true,
            _ => {}
        }
    }
    Ok(())
}

type Record<'a> = (&'a [u8], &'a [u8], &'a [u8]);

/// The first record: key, value, and what follows.
fn record(bytes: &[u8]) -> Result<Record<'_>, &'static str> {
    let space = bytes.iter().take(20).position(|b| *b == b' ').ok_or("a PAX record has no length")?;
    let len = number(&bytes[..space]).map_err(|_| "the length of a PAX record is not a number")?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len <= space + 1 || len > bytes.len() || bytes[len - 1] != b'\n' {
        return Err("the length of a PAX record does not fit");
    }
    let text = &bytes[space + 1..len - 1];
    let equals = text.iter().position(|b| *b == b'=').ok_or("a PAX record has no value")?;
    Ok((&text[..equals], &text[equals + 1..], &bytes[len..]))
}

/// A decimal number below 2^63.
fn number(digits: &[u8]) -> Result<u64, &'static str> {
    let text = std::str::from_utf8(digits).unwrap_or("");
    let number = text.parse::<i64>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    number.map(i64::cast_unsigned).ok_or("the size in a PAX record is not a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(records: &[u8]) -> Result<Pax, &'static str> {
        let mut pax = Pax::default();
        apply(records, &mut pax).map(|()| pax)
    }

    #[test]
    fn records_are_read() {
        let pax = read(b"11 path=a\xff\n12 size=123\n30 mtime=1350244992.023960108\n").unwrap();
        assert_eq!(pax, Pax { path: Some(b"a\xff".to_vec()), size: Some(123), sparse: false });
        assert!(read(b"22 GNU.sparse.major=1\n").unwrap().sparse);
        assert_eq!(read(b"").unwrap(), Pax::default());
    }

    #[test]
    fn an_empty_value_takes_back() {
        let mut pax = Pax { path: Some(b"earlier".to_vec()), size: Some(3), sparse: false };
        apply(b"8 path=\n8 size=\n", &mut pax).unwrap();
        assert_eq!(pax, Pax::default());
    }

    #[test]
    fn values_may_hold_equals_and_newlines() {
        assert_eq!(read(b"14 path=a=b\nc\n").unwrap().path.unwrap(), b"a=b\nc");
    }

    #[test]
    fn damage_is_refused() {
        for bad in [
            &b"x path=a\n"[..],
            b"99 path=a\n",
            b"0 path=a\n",
            b"3 \n",
            b"10 path=ab",
            b"8 patha\n",
            b"-9 path=a\n",
            b"18446744073709551616 path=a\n",
            b"11 size=-1\n",
            b"12 size=+12\n",
            b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert!(read(bad).is_err(), "{:?}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn a_global_header_says_nothing_of_single_members() {
        assert_eq!(global(b"17 comment=a tar\n14 linkpath=a\n"), Ok(()));
        for (records, what) in
            [(&b"10 path=a\n"[..], "path"), (b"10 size=3\n", "size"), (b"22 GNU.sparse.major=1\n", "sparse")]
        {
            assert!(global(records).unwrap_err().contains(what));
        }
        assert_eq!(global(b"8 path=\n"), Ok(()), "nothing is taken back");
    }
}
