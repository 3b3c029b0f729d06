//! The oracle that judges outputs is itself tried: it must see what is equal and every kind of difference.

use tarquet_tests::python::{Pandas, must_pass};

const NO_ARGUMENTS: [&str; 0] = [];

#[test]
fn the_oracle_sees_with_pandas_2() {
    must_pass(Pandas::V23, "selftest.py", &NO_ARGUMENTS);
}

#[test]
fn the_oracle_sees_with_pandas_3() {
    must_pass(Pandas::V31, "selftest.py", &NO_ARGUMENTS);
}
