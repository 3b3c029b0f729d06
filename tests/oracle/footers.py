"""Looks at the footers of a dataset's files: footers.py DIR --rows 4,4,0

Every file has the same schema, types and metadata to the byte; each has so many rows.
"""

import argparse
import pathlib
import sys

import pyarrow.parquet as pq

arguments = argparse.ArgumentParser()
arguments.add_argument("dir", type=pathlib.Path)
arguments.add_argument("--rows", required=True)
arguments = arguments.parse_args()

files = [pq.ParquetFile(path) for path in sorted(arguments.dir.iterdir())]
rows = [file.metadata.num_rows for file in files]
wrong = []
if rows != [int(n) for n in arguments.rows.split(",")]:
    wrong.append(f"rows {rows}, expected {arguments.rows}")
for file in files[1:]:
    if not file.schema_arrow.equals(files[0].schema_arrow, check_metadata=True):
        wrong.append(f"the schemas differ:\n{files[0].schema_arrow}\n{file.schema_arrow}")
    if file.metadata.metadata != files[0].metadata.metadata:
        wrong.append("the key-value metadata differ")
print("\n".join(wrong) or f"{len(files)} files agree")
sys.exit(bool(wrong))
