"""Reads what tests/readback.rs wrote and compares it with what pandas itself would give.

Usage: readback.py DIR. Each case is a directory DIR/<case> with one file or more. The expected frame goes through
`to_parquet` and `read_parquet` of this pandas, because pandas does not round-trip everything itself.
"""

import datetime
import decimal
import io
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

warnings.simplefilter("ignore")
ROOT = Path(sys.argv[1])
FAILED = []


def roundtrip(frame):
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    buffer.seek(0)
    return pd.read_parquet(buffer)


def check(case, frame):
    expected = roundtrip(frame)
    got = pd.read_parquet(ROOT / case)
    try:
        pd.testing.assert_frame_equal(got, expected, check_freq=False, check_column_type=True)
    except AssertionError as error:
        FAILED.append(case)
        print("DIFFERENT", case, error)


def moments(unit, zone=None):
    values = np.array([0, 1_600_000_000, -1_000_000_000], "datetime64[s]")
    index = pd.DatetimeIndex(values).as_unit(unit)
    if zone:
        index = index.tz_localize("UTC").tz_convert(zone)
    column = pd.Series(index)
    column[1] = pd.NaT
    return column


def types():
    day = datetime.date
    return pd.DataFrame(
        {
            "i8": np.array([-1, 2, 3], "int8"),
            "u64": np.array([2**64 - 1, 0, 7], "uint64"),
            "f8": [0.5, np.nan, -0.0],
            "f4": np.array([0.5, np.nan, np.inf], "float32"),
            "f2": np.array([0.5, np.nan, 2.0], "float16"),
            "b": [True, False, True],
            "s": ["a", None, ""],
            "st": pd.array(["a", None, "é"], dtype="string"),
            "by": pd.Series([b"a", None, b"\xff"], dtype=object),
            "da": pd.Series([day(2020, 1, 2), None, day(1969, 12, 31)], dtype=object),
            "ti": pd.Series([datetime.time(1, 2, 3, 4), None, datetime.time(0)], dtype=object),
            "de": pd.Series([decimal.Decimal("1.23"), None, decimal.Decimal("-9.00")], dtype=object),
            "ob": pd.Series([True, None, False], dtype=object),
            "ns": moments("ns"),
            "us": moments("us"),
            "ms": moments("ms"),
            "s_": moments("s"),
            "tz": moments("ns", "Europe/Berlin"),
            "td": pd.Series(pd.to_timedelta([1, None, -5], "s")).astype("timedelta64[ns]"),
            "tds": pd.Series(pd.to_timedelta([1, None, -5], "s")).astype("timedelta64[s]"),
        }
    )


def ordered():
    codes = [(-1 if i % 7 == 0 else i % 3) for i in range(50_000)]
    categories = pd.Index(["zebra", "ant", "mule", "unused"], dtype=object)
    column = pd.Categorical.from_codes(codes, categories=categories, ordered=True)
    return pd.DataFrame({"n": np.arange(50_000), "c": column})


def labelled(columns):
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, 1.5]})
    frame.columns = columns
    return frame


def main():
    check("types", types())
    check("ordered", ordered())
    twice = pd.concat([ordered(), ordered()], ignore_index=True)
    check("ordered_directory", twice)
    for path in sorted((ROOT / "ordered").glob("*.parquet")):
        assert pq.ParquetFile(path).num_row_groups > 3
    levels = [pd.DatetimeIndex(["2020-01-01", "2021-06-01"]).as_unit("ns"), [7, -7]]
    index = pd.MultiIndex.from_arrays(levels, names=["t", None])
    check("index_multi", pd.DataFrame({"a": [1, 2]}, index=index))
    check("index_period", pd.DataFrame({"a": [1, 2]}, index=pd.period_range("2020-01", periods=2, freq="M", name="p")))
    check("period", pd.DataFrame({"a": pd.period_range("2020-01-01", periods=2, freq="D")}))
    check("columns_int", labelled(pd.Index([7, -1], name="n")))
    check("columns_float", labelled([0.5, 1e20]))
    moment = pd.DatetimeIndex(["2020-01-01", "2021-07-01 12:30:00.500"]).as_unit("ns")
    check("columns_datetime", labelled(moment))
    # pandas cannot read labels of a zone back if some have a fraction of a second and some have none.
    moment = pd.DatetimeIndex(["2020-01-01", "2021-07-01 12:30:00"]).as_unit("ns")
    check("columns_zone", labelled(moment.tz_localize("Europe/Berlin")))
    check("columns_multi", labelled(pd.MultiIndex.from_tuples([("a", 1), ("it's", 2)], names=["x", None])))
    check("columns_bytes", labelled(pd.Index([b"a", b"b"], dtype=object)))
    sources = pd.read_parquet(ROOT / "provenance")
    assert sources["__source__"].astype(object).tolist() == ["a.tar!m.h5"] * 4
    assert sources["a"].tolist() == [1, 2, 1, 2]
    edges = pd.read_parquet(ROOT / "edges")
    assert edges.isna().all(axis=None) and len(edges) == 70_000
    assert list(edges["few"].cat.categories) == ["x", "w"]
    empty = pd.read_parquet(ROOT / "empty")
    assert list(empty.columns) == list(types().columns) and len(empty) == 0
    other_readers()
    assert not FAILED, FAILED
    print("all same")


def other_readers():
    """DuckDB, Polars and fastparquet, where this interpreter has them, read the same numbers."""
    expected = ordered()
    files = str(ROOT / "ordered" / "*.parquet")
    try:
        import duckdb
    except ImportError:
        print("skipped: no duckdb")
    else:
        edges = str(ROOT / "edges" / "*.parquet")
        assert duckdb.sql(f"select count(few), count(none), count(f), count(*) from '{edges}'").fetchall() == [(0, 0, 0, 70_000)]
        row = duckdb.sql(f"select count(*), sum(n), count(c), min(c), max(c) from '{files}'").fetchall()[0]
        valid = expected.c.notna()
        assert row == (50_000, int(expected.n.sum()), int(valid.sum()), "ant", "zebra"), row
        print("same duckdb")
    try:
        import polars
    except ImportError:
        print("skipped: no polars")
    else:
        frame = polars.read_parquet(str(ROOT / "edges" / "*.parquet"))
        assert frame.null_count().row(0) == (70_000,) * 5
        frame = polars.read_parquet(files)
        assert frame["c"].cast(polars.String).to_list() == [None if pd.isna(c) else c for c in expected.c]
        assert frame["n"].to_list() == expected.n.tolist()
        frame = polars.read_parquet(str(ROOT / "types" / "*.parquet"))
        assert frame["u64"].to_list() == [2**64 - 1, 0, 7]
        print("same polars")


main()
