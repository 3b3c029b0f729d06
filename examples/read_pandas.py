#!/usr/bin/env python3
"""Read the converted sample with pandas: python examples/read_pandas.py [DIR]"""
import sys

import pandas as pd

where = sys.argv[1] if len(sys.argv) > 1 else "out/frames"
frame = pd.read_parquet(where)
print(frame.groupby("sensor_id").agg(readings=("ts", "size"), temperature=("temperature", "mean"), latest=("ts", "max")))
