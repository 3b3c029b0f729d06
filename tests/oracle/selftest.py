#!/usr/bin/env python3
"""The oracle and the readers, tried on datasets that pandas wrote: equal ones pass, each spoilt one is found.

    python selftest.py        prints one line; exit 1 and a traceback if the oracle is blind
"""
import os
import tempfile

import numpy as np
import oracle
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

try:
    import duckdb  # noqa: F401
    import polars  # noqa: F401
    READERS = "pyarrow,pandas,duckdb,polars,dask"
except ImportError:
    READERS = "pyarrow,pandas"


def frame(first, rows=5):
    n = np.arange(first, first + rows)
    return pd.DataFrame({"n": n, "x": n / 3, "s": [f"row {i}" for i in n], "t": pd.to_datetime(n * 10**9)})


def parts(where, frames, keep):
    """Datasets as Tarquet would write them: one pandas key, index columns only where one is kept."""
    os.makedirs(where)
    for i, f in enumerate(frames):
        table = pa.Table.from_pandas(f, preserve_index=keep)
        if i == 0:
            metadata = table.schema.metadata
        pq.write_table(table.replace_schema_metadata(metadata), os.path.join(where, f"part-{i:05}.parquet"))


def must_differ(output, members, says):
    try:
        oracle.judge(output, members)
    except oracle.Differs as e:
        assert says in str(e), f"{says!r} is not in {e}"
    else:
        raise AssertionError(f"the oracle did not see: {says}")


def spoilt(frames, column, value):
    out = [f.copy() for f in frames]
    out[1].loc[out[1].index[2], column] = value
    return out


def main():
    with tempfile.TemporaryDirectory() as scratch:
        at = lambda name: os.path.join(scratch, name)  # noqa: E731
        frames = [frame(0), frame(5, 3), frame(8)]
        members = [at(f"{i}.h5") for i in range(3)]
        for f, m in zip(frames, members):
            f.reset_index(drop=True).to_hdf(m, key="df")
        parts(at("good"), frames, False)
        assert oracle.judge(at("good"), members) == 13
        must_differ(at("good"), members[:2], "shape mismatch")
        must_differ(at("good"), [members[1], members[0], members[2]], "are different")
        parts(at("value"), spoilt(frames, "x", 0.25), False)
        must_differ(at("value"), members, "are different")
        parts(at("text"), spoilt(frames, "s", "row 8"), False)
        must_differ(at("text"), members, "are different")
        parts(at("kept"), frames, True)
        assert oracle.judge(at("kept"), members) == 13
        parts(at("shifted"), [f.set_index(f.index + 1) for f in frames], True)
        must_differ(at("shifted"), members, "index")
        open(at("good") + "/_SUCCESS", "w").close()
        must_differ(at("good"), members, "the root holds _SUCCESS")
        os.remove(at("good") + "/_SUCCESS")
        parts(at("indexed"), [f.set_index("t") for f in frames], True)
        for f, m in zip(frames, members):
            f.set_index("t").to_hdf(m, key="df")
        assert oracle.judge(at("indexed"), members) == 13
        readers(at)
    print(f"the oracle sees: pandas {pd.__version__}, readers {READERS}")


def readers(at):
    import contextlib
    import io
    import sys

    import read_back

    def run(*args):
        sys.argv = ["read_back.py", *args, "--readers", READERS]
        with contextlib.redirect_stdout(io.StringIO()) as out:
            code = read_back.main()
        return code, out.getvalue()

    code, out = run(at("good"))
    assert code == 0, out
    with open(at("truth.json"), "w") as f:
        f.write('{"rows": 13, "columns": {"n": {"sum": "0"}}}')
    code, out = run(at("good"), "--truth", at("truth.json"))
    assert code == 1 and "column n sums to" in out and "column s is one too many" in out, out


if __name__ == "__main__":
    main()
