#!/usr/bin/env python3
"""Read the converted sample with Polars: python examples/read_polars.py [DIR]"""
import sys

import polars as pl

where = sys.argv[1] if len(sys.argv) > 1 else "out/frames"
print(
    pl.scan_parquet(where)
    .group_by("sensor_id")
    .agg(readings=pl.len(), temperature=pl.col("temperature").mean(), latest=pl.col("ts").max())
    .sort("sensor_id")
    .collect()
)
