#!/usr/bin/env python3
"""Read a dataset with the tools that people use, the directory given as it is, and compare what they see.

    python read_back.py DIR [--truth truth.json] [--readers pandas,pyarrow,duckdb,polars,dask,fastparquet]

Every reader must see the same rows and the same checksum of every column: those of the truth where one is given
(`{"rows": n, "columns": {name: {"sum": hex}}}`), else pyarrow's. One line a reader. Exit 0: all agree. 1: some do not.
"""
import argparse
import json
import os
import sys

import checksum
import pyarrow as pa


def with_index(frame, where):
    """pandas and dask make an index up where the dataset keeps none; it is no column."""
    import pyarrow.dataset as ds
    metadata = ds.dataset(where).schema.pandas_metadata or {}
    return pa.Table.from_pandas(frame, preserve_index=bool(metadata.get("index_columns")))


def read_pyarrow(where):
    import pyarrow.dataset as ds
    return ds.dataset(where).to_table()


def read_pandas(where):
    import pandas as pd
    return with_index(pd.read_parquet(where, dtype_backend="pyarrow"), where)


def read_duckdb(where):
    import duckdb
    return duckdb.sql(f"from read_parquet('{where}/*.parquet')").to_arrow_table()


def read_polars(where):
    import polars as pl
    return pl.scan_parquet(where).collect().to_arrow()


def read_dask(where):
    import dask.dataframe as dd
    return with_index(dd.read_parquet(where, dtype_backend="pyarrow").compute(scheduler="threads"), where)


def read_fastparquet(where):
    import fastparquet
    files = sorted(os.path.join(where, f) for f in os.listdir(where))
    frame = fastparquet.ParquetFile(files).to_pandas(index=False)
    return pa.Table.from_pandas(frame, preserve_index=False)


READERS = {"pyarrow": read_pyarrow, "pandas": read_pandas, "duckdb": read_duckdb, "polars": read_polars,
           "dask": read_dask, "fastparquet": read_fastparquet}
USUAL = "pyarrow,pandas,duckdb,polars,dask"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("dir")
    ap.add_argument("--truth")
    ap.add_argument("--readers", default=USUAL)
    a = ap.parse_args()
    truth, source = None, "the truth"
    if a.truth:
        with open(a.truth, encoding="utf-8") as f:
            truth = json.load(f)
    bad = 0
    for name in a.readers.split(","):
        seen = checksum.of(READERS[name](a.dir))
        if truth is None:
            truth, source = seen, name
        differences = list(compare(seen, truth))
        bad += bool(differences)
        verdict = f"DIFFERS from {source}: " + "; ".join(differences) if differences else f"agrees with {source}"
        print(f"{name:12} {seen['rows']} rows, {len(seen['columns'])} columns: {verdict}")
    return 1 if bad else 0


def compare(seen, truth):
    """What differs, in words."""
    if seen["rows"] != truth["rows"]:
        yield f"{seen['rows']} rows where {truth['rows']} belong"
    for name in sorted(seen["columns"].keys() | truth["columns"].keys()):
        if name not in seen["columns"]:
            yield f"column {name} is missing"
        elif name not in truth["columns"]:
            yield f"column {name} is one too many"
        elif seen["columns"][name]["sum"] != truth["columns"][name]["sum"]:
            yield f"column {name} sums to {seen['columns'][name]['sum']}, not {truth['columns'][name]['sum']}"


if __name__ == "__main__":
    sys.exit(main())
