//! Which type holds the values of two (FIDELITY 21). Nothing here ever loses a digit or guesses.

use super::column::{Categories, ColumnKind, ColumnType};
use crate::arrow_type::ArrowType;
use std::collections::HashSet;

/// A type, and whether every integer seen of it is exact as a 64-bit float (at most 2^53).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The type.
    pub(crate) ty: ColumnType,
    /// Whether its integers fit a float; true for other types.
    pub(crate) exact_in_float: bool,
}

/// The type that holds both, `None` where there is none.
pub(crate) fn join_types(a: &Seen, b: &Seen) -> Option<ColumnType> {
    if a.ty == b.ty {
        return Some(a.ty.clone());
    }
    match (&a.ty.kind, &b.ty.kind) {
        (ColumnKind::Categorical, ColumnKind::Categorical) => Some(join_categories(&a.ty, &b.ty)),
        (ColumnKind::Categorical, _) | (_, ColumnKind::Categorical) => {
            (a.ty.arrow == b.ty.arrow).then(ColumnType::text)
        }
        (ColumnKind::Period(_), _) | (_, ColumnKind::Period(_)) => None,
        (x, y) => {
            let arrow = join_arrow(a, b)?;
            let kind = match arrow {
                ArrowType::Utf8 => ColumnKind::ObjectText,
                _ if x == y => x.clone(),
                _ => ColumnKind::Object,
            };
            Some(ColumnType { arrow, kind, categories: None })
        }
    }
}

/// The same set (unordered) or list (ordered) keeps the first's order; anything else becomes text.
fn join_categories(a: &ColumnType, b: &ColumnType) -> ColumnType {
    match (&a.categories, &b.categories) {
        (Some(x), Some(y)) if same_categories(x, y) => a.clone(),
        _ => ColumnType::text(),
    }
}

/// Whether members with these two may share a dictionary.
pub(crate) fn same_categories(a: &Categories, b: &Categories) -> bool {
    if a.ordered != b.ordered || a.values.len() != b.values.len() {
        return false;
    }
    if a.values == b.values {
        return true;
    }
    let set: HashSet<&String> = a.values.iter().collect();
    !a.ordered && b.values.iter().all(|value| set.contains(value))
}

/// The Arrow type that holds both.
fn join_arrow(a: &Seen, b: &Seen) -> Option<ArrowType> {
    use ArrowType::{Decimal, Duration, Time, Timestamp};
    let (x, y) = (&a.ty.arrow, &b.ty.arrow);
    if x == y {
        return Some(x.clone());
    }
    match (x, y) {
        (Timestamp(u, zone), Timestamp(v, other)) => {
            (zone == other).then(|| Timestamp(*u.max(v), zone.clone()))
        }
        (Duration(u), Duration(v)) => Some(Duration(*u.max(v))),
        (Time(u), Time(v)) => Some(Time(*u.max(v))),
        (Decimal(p, s), Decimal(q, t)) => join_decimals((*p, *s), (*q, *t)),
        _ => match (x.integer(), y.integer()) {
            (Some(m), Some(n)) => join_integers(m, n),
            (Some(m), None) if y.is_float() => join_int_float(m, a.exact_in_float, y),
            (None, Some(n)) if x.is_float() => join_int_float(n, b.exact_in_float, x),
            (None, None) if x.is_float() && y.is_float() => Some(wider_float(x, y)),
            _ => None,
        },
    }
}

/// The smallest integer type that holds both; none holds int64 and uint64.
fn join_integers(a: (u32, bool), b: (u32, bool)) -> Option<ArrowType> {
    let (bits, signed) = match (a, b) {
        ((m, s), (n, t)) if s == t => (m.max(n), s),
        ((m, true), (n, false)) | ((n, false), (m, true)) => (m.max(n * 2), true),
        _ => return None,
    };
    Some(match (bits, signed) {
        (8, true) => ArrowType::Int8,
        (16, true) => ArrowType::Int16,
        (32, true) => ArrowType::Int32,
        (64, true) => ArrowType::Int64,
        (8, false) => ArrowType::Uint8,
        (16, false) => ArrowType::Uint16,
        (32, false) => ArrowType::Uint32,
        (64, false) => ArrowType::Uint64,
        _ => return None,
    })
}

/// The float type that holds both, as numpy chooses it; 64-bit integers only where all seen are exact.
fn join_int_float(int: (u32, bool), exact: bool, float: &ArrowType) -> Option<ArrowType> {
    let needed = match int.0 {
        8 => ArrowType::Float16,
        16 => ArrowType::Float32,
        32 => ArrowType::Float64,
        _ if exact => ArrowType::Float64,
        _ => return None,
    };
    Some(wider_float(&needed, float))
}

/// The wider of two float types.
fn wider_float(a: &ArrowType, b: &ArrowType) -> ArrowType {
    let rank = |ty: &ArrowType| match ty {
        ArrowType::Float16 => 0,
        ArrowType::Float32 => 1,
        _ => 2,
    };
    if rank(a) >= rank(b) { a.clone() } else { b.clone() }
}

/// The decimal type with the digits of both, in front of the point and behind it; at most 38.
fn join_decimals(a: (u8, i8), b: (u8, i8)) -> Option<ArrowType> {
    let scale = a.1.max(b.1);
    let whole = (i16::from(a.0) - i16::from(a.1)).max(i16::from(b.0) - i16::from(b.1));
    let precision = u8::try_from(whole + i16::from(scale)).ok().filter(|p| (1..=38).contains(p))?;
    Some(ArrowType::Decimal(precision, scale))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrow_type::Unit;

    fn joined(a: ArrowType, b: ArrowType) -> Option<ArrowType> {
        let seen = |arrow| Seen { ty: ColumnType::plain(arrow), exact_in_float: true };
        let forth = join_types(&seen(a.clone()), &seen(b.clone())).map(|t| t.arrow);
        let back = join_types(&seen(b), &seen(a)).map(|t| t.arrow);
        assert_eq!(forth, back);
        forth
    }

    #[test]
    fn numbers_join_as_the_rules_say() {
        use ArrowType::*;
        assert_eq!(joined(Int32, Uint32), Some(Int64));
        assert_eq!(joined(Int8, Uint8), Some(Int16));
        assert_eq!(joined(Int64, Uint64), None);
        assert_eq!(joined(Int8, Uint64), None);
        assert_eq!(joined(Uint64, Uint8), Some(Uint64));
        assert_eq!(joined(Int64, Float64), Some(Float64));
        assert_eq!(joined(Float32, Float64), Some(Float64));
        assert_eq!(joined(Float32, Int32), Some(Float64));
        assert_eq!(joined(Float32, Int16), Some(Float32));
        assert_eq!(joined(Bool, Int8), None);
        assert_eq!(joined(Utf8, Float64), None);
    }

    #[test]
    fn large_integers_never_become_floats() {
        let int = Seen { ty: ColumnType::plain(ArrowType::Int64), exact_in_float: false };
        let float = Seen { ty: ColumnType::plain(ArrowType::Float64), exact_in_float: true };
        assert_eq!(join_types(&int, &float), None);
        assert_eq!(join_types(&float, &int), None);
    }

    #[test]
    fn times_join_to_the_finer_unit_of_one_zone() {
        use ArrowType::{Decimal, Duration, Timestamp};
        let zone = |z: &str| Some(z.to_owned());
        assert_eq!(
            joined(Timestamp(Unit::Ns, None), Timestamp(Unit::Us, None)),
            Some(Timestamp(Unit::Ns, None))
        );
        assert_eq!(joined(Timestamp(Unit::Ns, None), Timestamp(Unit::Ns, zone("UTC"))), None);
        assert_eq!(joined(Timestamp(Unit::Ns, zone("UTC")), Timestamp(Unit::Ns, zone("Asia/Tokyo"))), None);
        assert_eq!(joined(Duration(Unit::S), Duration(Unit::Ms)), Some(Duration(Unit::Ms)));
        assert_eq!(joined(Decimal(3, 2), Decimal(5, 0)), Some(Decimal(7, 2)));
        assert_eq!(joined(Decimal(38, 0), Decimal(38, 10)), None);
    }

    #[test]
    fn categories_join_by_set_and_by_order_if_ordered() {
        let cat = |values: &[&str], ordered| Seen {
            ty: ColumnType {
                arrow: ArrowType::Utf8,
                kind: ColumnKind::Categorical,
                categories: Some(Categories {
                    values: values.iter().map(|v| (*v).into()).collect(),
                    ordered,
                }),
            },
            exact_in_float: true,
        };
        let ab = cat(&["a", "b"], false);
        assert_eq!(join_types(&ab, &cat(&["b", "a"], false)), Some(ab.ty.clone()));
        assert_eq!(join_types(&ab, &cat(&["a", "c"], false)), Some(ColumnType::text()));
        assert_eq!(join_types(&cat(&["a", "b"], true), &cat(&["b", "a"], true)), Some(ColumnType::text()));
        assert_eq!(join_types(&ab, &cat(&["a", "b"], true)), Some(ColumnType::text()));
        let text = Seen { ty: ColumnType::text(), exact_in_float: true };
        assert_eq!(join_types(&ab, &text), Some(ColumnType::text()));
    }
}
