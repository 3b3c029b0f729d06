//! What holds for any members of a job: joining is associative, order decides nothing but order, and what was sampled
//! conforms.

use crate::support::{categorical, column, floats, frame, freeze, indexed, ints, label, rules, texts};
use arrow::{
    array::{Array, ArrayRef, AsArray, Int32Array, NullArray, StringArray, UInt32Array},
    datatypes::Float64Type,
};
use proptest::prelude::*;
use std::sync::Arc;
use tarquet_common::spec::OnExtra;
use tarquet_decode::frame::{Frame, Label};
use tarquet_encode::{
    ArrowType, ColumnKind, FrozenIndex, FrozenSchema, JoinedSchema, SampledSchema, SchemaRules, WarningKind,
    conform,
};

/// Frames whose only differences are ones that members of a job have.
fn any_frame() -> impl Strategy<Value = Frame> {
    let a = prop_oneof![
        Just(ints(&[1, 2, 3])),
        Just(floats(&[Some(0.5), None, Some(2.0)])),
        Just(floats(&[None, None, None])),
        Just(Arc::new(Int32Array::from(vec![1, 2, 3])) as ArrayRef),
        Just(Arc::new(UInt32Array::from(vec![1, 2, 3])) as ArrayRef),
        Just(Arc::new(NullArray::new(3)) as ArrayRef),
        Just(Arc::new(StringArray::from(vec!["x", "y", "z"])) as ArrayRef),
    ];
    let b = prop_oneof![
        Just(categorical("b", &["p", "q"], &[Some(0), Some(1), None], false)),
        Just(categorical("b", &["q", "p"], &[Some(0), Some(1), None], false)),
        Just(texts("b", &[Some("p"), None, None])),
    ];
    (a, b, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(a, b, extra, swap, default)| {
        let mut columns = vec![column("a", a), b];
        if extra {
            columns.push(column("c", ints(&[7, 8, 9])));
        }
        if swap {
            columns.swap(0, 1);
        }
        let frame = frame(columns);
        if default { frame } else { indexed(frame, vec![(Label::None, ints(&[4, 5, 6]))]) }
    })
}

/// The schema without what depends on the order of members: column order, which dictionary, what it says.
fn orderless(schema: &FrozenSchema) -> (Vec<(String, ArrowType, ColumnKind)>, FrozenIndex) {
    let mut columns: Vec<_> =
        schema.columns.iter().map(|c| (c.name.clone(), c.ty.arrow.clone(), c.ty.kind.clone())).collect();
    columns.sort();
    (columns, schema.index.clone())
}

proptest! {
    #[test]
    fn joining_is_associative(frames in prop::collection::vec(any_frame(), 3..9), at in 1_usize..8) {
        let sampled: Vec<SampledSchema> = frames.iter().map(|f| SampledSchema::of(f).unwrap()).collect();
        let at = at.min(sampled.len() - 1);
        let mut halves = JoinedSchema::of(&sampled[..at]);
        halves.merge(JoinedSchema::of(&sampled[at..]));
        prop_assert_eq!(&halves, &JoinedSchema::of(&sampled));
        let json = serde_json::to_string(&halves).unwrap();
        prop_assert_eq!(&serde_json::from_str::<JoinedSchema>(&json).unwrap(), &halves);
        let frozen = halves.freeze(&rules(), 9).unwrap();
        let json = serde_json::to_string(&frozen).unwrap();
        prop_assert_eq!(serde_json::from_str::<FrozenSchema>(&json).unwrap(), frozen);
    }

    #[test]
    fn order_changes_nothing_but_order(frames in prop::collection::vec(any_frame(), 2..6)) {
        let add = SchemaRules { on_extra_column: OnExtra::Add, ..rules() };
        let forth = freeze(&frames, &add);
        let back = freeze(&frames.iter().rev().cloned().collect::<Vec<_>>(), &add);
        // Where types conflict the first one stands, and the plan says so.
        let conflict = |s: &FrozenSchema| s.warnings.iter().any(|w| w.kind == WarningKind::TypeConflict);
        prop_assume!(!conflict(&forth) && !conflict(&back));
        prop_assert_eq!(orderless(&forth), orderless(&back));
    }

    #[test]
    fn sampled_frames_conform_to_what_they_froze(frames in prop::collection::vec(any_frame(), 1..6)) {
        let add = SchemaRules { on_extra_column: OnExtra::Add, ..rules() };
        let schema = freeze(&frames, &add);
        prop_assume!(schema.warnings.iter().all(|w| w.kind != WarningKind::TypeConflict));
        for frame in &frames {
            let (batch, _) = conform(&schema, frame, None).unwrap();
            prop_assert_eq!(batch.num_rows(), frame.rows);
            prop_assert_eq!(batch.schema(), schema.arrow_schema());
            if schema.columns[0].ty.arrow == ArrowType::Float64 && schema.columns[0].name == "a" {
                let source = &frame.columns.iter().find(|c| c.label == label("a")).unwrap().values;
                prop_assert_eq!(batch.column(0).as_primitive::<Float64Type>().null_count(), source.logical_null_count());
            }
        }
    }
}
