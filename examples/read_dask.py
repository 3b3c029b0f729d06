#!/usr/bin/env python3
"""Read the converted sample with dask: python examples/read_dask.py [DIR]"""
import sys

import dask.dataframe as dd

where = sys.argv[1] if len(sys.argv) > 1 else "out/frames"
frame = dd.read_parquet(where)
print(frame.groupby("sensor_id").agg({"ts": ["count", "max"], "temperature": "mean"}).compute().sort_index())
