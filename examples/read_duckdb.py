#!/usr/bin/env python3
"""Read the converted sample with DuckDB: python examples/read_duckdb.py [DIR]"""
import sys

import duckdb

where = sys.argv[1] if len(sys.argv) > 1 else "out/frames"
print(duckdb.sql(f"""
    select sensor_id, count(*) as readings, round(avg(temperature), 2) as temperature, max(ts) as latest
    from read_parquet('{where}/*.parquet') group by sensor_id order by sensor_id
"""))
