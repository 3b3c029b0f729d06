#!/usr/bin/env python3
"""Judge the converted sample of `examples/frames/`: rule 1, every reader, and every reading script.

    python sample.py OUTPUT

Members are unpacked here in plan order (archives by name, members by offset); the one that is not HDF5 stays out.
"""
import glob
import os
import subprocess
import sys
import tarfile
import tempfile

import lz4.frame
import oracle

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, "..", "..", "examples")
SIGNATURE = b"\x89HDF\r\n\x1a\n"


def members(into):
    """Paths of the good members."""
    for archive in sorted(glob.glob(os.path.join(EXAMPLES, "frames", "*.tar.lz4"))):
        with lz4.frame.open(archive) as f, tarfile.open(fileobj=f, mode="r|") as tar:
            for number, info in enumerate(tar):
                data = tar.extractfile(info).read()
                if data.startswith(SIGNATURE):
                    path = os.path.join(into, f"{os.path.basename(archive)}-{number:06}.h5")
                    with open(path, "wb") as out:
                        out.write(data)
                    yield path


def main():
    output = sys.argv[1]
    with tempfile.TemporaryDirectory() as scratch:
        paths = list(members(scratch))
        try:
            rows = oracle.judge(output, paths)
        except oracle.Differs as e:
            sys.exit(f"the sample DIFFERS: {e}")
    subprocess.run([sys.executable, os.path.join(HERE, "read_back.py"), output], check=True)
    for script in sorted(glob.glob(os.path.join(EXAMPLES, "read_*.py"))):
        subprocess.run([sys.executable, script, output], check=True, stdout=subprocess.DEVNULL)
        print(f"{os.path.basename(script)} reads it")
    print(f"the sample is right: {len(paths)} members, {rows} rows")


if __name__ == "__main__":
    main()
