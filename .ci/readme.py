#!/usr/bin/env python3
"""Run the commands of a README as a reader would: blocks of ```sh after `<!-- ci:NAME -->`, in order.

    python3 .ci/readme.py README.md --marked run --in DIRECTORY

`<!-- ci:run exit=3 -->` expects that exit code of the block's last command. A block is one bash session with
`set -euo pipefail`; what it leaves in the background is ended with it. No block with the mark is a failure.
"""
import argparse
import os
import re
import signal
import subprocess
import sys
import time

BLOCK = re.compile(r"<!-- ci:(?P<name>\w+)(?: exit=(?P<code>\d+))? -->\s*\n```sh\n(?P<text>.*?)\n```", re.S)


def run(text, code, where):
    """Whether the block ended with `code`."""
    started = time.monotonic()
    p = subprocess.Popen(["bash", "-euo", "pipefail", "-c", text], cwd=where, stdin=subprocess.DEVNULL, start_new_session=True)
    found = p.wait()
    try:
        os.killpg(p.pid, signal.SIGTERM)
    except ProcessLookupError:
        pass
    good = found == code
    print(f"{'ok' if good else 'FAILED'}: exit {found} after {time.monotonic() - started:.1f}s, {code} expected", flush=True)
    return good


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("readme")
    ap.add_argument("--marked", required=True)
    ap.add_argument("--in", dest="where", required=True)
    a = ap.parse_args()
    with open(a.readme, encoding="utf-8") as f:
        blocks = [m for m in BLOCK.finditer(f.read()) if m["name"] == a.marked]
    if not blocks:
        sys.exit(f"{a.readme} has no block marked ci:{a.marked}")
    for m in blocks:
        print("$ " + m["text"].replace("\n", "\n$ "), flush=True)
        if not run(m["text"], int(m["code"] or 0), a.where):
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
