#!/usr/bin/env python3
"""Rule 1 of fidelity: what Tarquet wrote equals what pandas makes of the same members.

    python oracle.py OUTPUT MEMBER.h5[.gz] ...  [--key KEY]
    python oracle.py --batch JOBS.jsonl         lines {"output": …, "members": […], "key": …, "by_position": …}

E is `pd.concat` of `read_hdf` of the members, in plan order, sent through `to_parquet` and `read_parquet`, because
pandas does not come back from Parquet as it went. `pd.read_parquet(OUTPUT)` must equal that; with the index where
the output keeps one, by position alone where it does not. Run it in the environment that judges the members: files of
pandas 1.5 and 2.x in 2.3, files of 3.x (and [s], [ms], [us] columns) in 3.1.

Prints one line per job. Exit 0: all equal. 1: some differ. 2: wrong arguments.
"""
import argparse
import gzip
import json
import os
import re
import sys
import tempfile
import warnings

import pandas as pd
import pyarrow.parquet as pq

warnings.filterwarnings("ignore")
PART = re.compile(r"part-\d{5,}\.parquet")


class Differs(Exception):
    """The output is not what pandas makes of the members."""


def main():
    jobs = arguments()
    bad = 0
    for job in jobs:
        title = f"{job['output']} ({len(job['members'])} members)"
        try:
            rows = judge(**job)
            print(f"equal    {title}: {rows} rows")
        except Differs as e:
            bad += 1
            print(f"DIFFERS  {title}: {e}")
    print(f"{len(jobs) - bad} of {len(jobs)} equal, pandas {pd.__version__}")
    return 1 if bad or not jobs else 0


def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("output", nargs="?")
    ap.add_argument("members", nargs="*")
    ap.add_argument("--batch")
    ap.add_argument("--key")
    ap.add_argument("--by-position", action="store_true")
    a = ap.parse_args()
    if a.batch:
        with open(a.batch, encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.strip()]
    if not a.output or not a.members:
        ap.error("OUTPUT and at least one MEMBER, or --batch")
    return [{"output": a.output, "members": a.members, "key": a.key, "by_position": a.by_position}]


def judge(output, members, key=None, by_position=False):
    """Number of rows, if equal."""
    parts = parts_of(output)
    keeps_index = one_metadata(parts)
    want = expected([read(m, key) for m in members], keeps_index, by_position)
    got = pd.read_parquet(output)
    if by_position and len(got.columns) == len(want.columns):
        want.columns = got.columns
    text_where_nothing_is_known(got, want)
    try:
        pd.testing.assert_frame_equal(got, want, check_freq=False, check_exact=True, obj="output")
    except AssertionError as e:
        raise Differs(" / ".join(str(e).split("\n"))) from e
    return len(got)


def text_where_nothing_is_known(got, want):
    """Rule 13: a column without a value is text, where pandas would write a column of no type; pandas 3 reads it as str."""
    if len(got.columns) != len(want.columns):
        return
    for i in range(len(want.columns)):
        if want.dtypes.iloc[i] == object and want.iloc[:, i].isna().all() and pd.api.types.is_string_dtype(got.dtypes.iloc[i]):
            want.isetitem(i, want.iloc[:, i].astype(got.dtypes.iloc[i]))


def parts_of(output):
    """The dataset's root holds parts, numbered without gaps, and nothing else."""
    names = sorted(os.listdir(output))
    for i, name in enumerate(names):
        if not PART.fullmatch(name) or int(name[5:-8]) != i:
            raise Differs(f"the root holds {name} where part {i} belongs")
    if not names:
        raise Differs("no part")
    return [os.path.join(output, n) for n in names]


def one_metadata(parts):
    """Rule 6: the `pandas` key is the same bytes in every part. Whether it keeps an index."""
    kept = {(pq.read_metadata(p).metadata or {}).get(b"pandas") for p in parts}
    if len(kept) != 1 or None in kept:
        raise Differs(f"{len(kept)} different `pandas` keys" if len(kept) > 1 else "no `pandas` key")
    return bool(json.loads(kept.pop())["index_columns"])


def read(member, key):
    """A member as a frame; a Series becomes one column, called "0" when it has no name (rule 17)."""
    kw = {} if key is None else {"key": key}
    if member.endswith(".gz"):
        with tempfile.NamedTemporaryFile(suffix=".h5") as f, gzip.open(member) as g:
            f.write(g.read())
            f.flush()
            frame = pd.read_hdf(f.name, **kw)
    else:
        frame = pd.read_hdf(member, **kw)
    if isinstance(frame, pd.Series):
        frame = frame.to_frame("0" if frame.name is None else frame.name)
    return frame


def expected(frames, keeps_index, by_position):
    frames = [f for f in frames if len(f)] or frames[:1]
    whole = pd.concat(frames, ignore_index=not keeps_index) if len(frames) > 1 or not keeps_index else frames[0]
    if by_position:
        whole = whole.copy()
        whole.columns = [f"column {i}" for i in range(len(whole.columns))]
    with tempfile.NamedTemporaryFile(suffix=".parquet") as f:
        whole.to_parquet(f.name, engine="pyarrow")
        return pd.read_parquet(f.name)


if __name__ == "__main__":
    sys.exit(main())
