#!/usr/bin/env python3
"""Make the sample archives of this directory: readings of 16 sensors, one pandas frame a member.

    python make.py [OUT]        needs pandas 2.x, tables, lz4, and the lz4 command

`north.tar.lz4` has linked blocks, as Python's `lz4.frame` writes them. `south.tar.lz4` has independent ones, as
the `lz4` command does; one of its members is not HDF5, so that a first run shows what happens to such a member.
"""
import io
import os
import subprocess
import sys
import tarfile
import tempfile

import lz4.frame
import numpy as np
import pandas as pd

MEMBERS = 160
BAD = 97
START = pd.Timestamp("2024-05-01")


def readings(rng, member):
    """An hour and a bit of one sensor: a slow walk, a daily curve, a gap now and then."""
    rows = int(rng.integers(60, 91))
    minute = member * 90 + np.arange(rows)
    frame = pd.DataFrame({
        "ts": START + pd.to_timedelta(minute, unit="min"),
        "sensor_id": np.int64(member % 16),
        "temperature": np.round(12 + 6 * np.sin(minute / 229) + np.cumsum(rng.normal(0, 0.02, rows)), 2),
        "humidity": np.round(60 + 15 * np.cos(minute / 311) + rng.normal(0, 0.5, rows), 1),
    })
    frame.loc[rng.random(rows) < 0.02, "humidity"] = np.nan
    return frame


def hdf5(frame, scratch):
    path = os.path.join(scratch, "member.h5")
    frame.to_hdf(path, key="df", mode="w", format="fixed")
    with open(path, "rb") as f:
        return f.read()


def archive(site, first, scratch):
    """The tar of one site, in memory."""
    rng = np.random.default_rng(first)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for i in range(MEMBERS):
            member = first + i
            data = hdf5(readings(rng, member), scratch)
            if site == "south" and i == BAD:
                data = b"<html><body>503 Slow Down</body></html>\n"
            info = tarfile.TarInfo(f"{site}/{member:06d}.h5")
            info.size, info.mtime, info.mode = len(data), 1_714_521_600 + member, 0o644
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def main():
    out = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory() as scratch:
        with lz4.frame.open(os.path.join(out, "north.tar.lz4"), "wb", compression_level=9) as f:
            f.write(archive("north", 0, scratch))
        subprocess.run(["lz4", "-q", "-9", "-f", "-", os.path.join(out, "south.tar.lz4")],
                       input=archive("south", MEMBERS, scratch), check=True)


if __name__ == "__main__":
    main()
