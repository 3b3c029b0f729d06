"""Writes a frame of so many zeros that compression leaves nearly nothing: zeros.py PATH ROWS."""

import sys

import numpy as np
import pandas as pd

path, rows = sys.argv[1], int(sys.argv[2])
pd.DataFrame({"v": np.zeros(rows)}).to_hdf(path, key="df", format="fixed", complevel=9, complib="zlib")
