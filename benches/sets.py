#!/usr/bin/env python3
"""The published sets, whole: rows and checksums, byte identity across a cluster, and the cost beside the Python peer.

    python benches/sets.py --baselines DIR --data DIR --bin target/release [--sets small std] [--peer naive chunked]

For each set (made where it is missing): `tarquet run` under `measure.py`, then `colsum.py` against `truth.json`, then a
coordinator and four workers on the test S3 server, whose partitions must be the same bytes. `--peer` lets
`job_pandas.py` do the same work right after, on the same machine. Prints a table; exits 1 at the first difference.
The interpreter that runs this needs what `tests/requirements-pandas23.txt` lists.
"""
import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

SETS = {
    "small": "--members 2000 --mean-bytes 60000 --seed 1",
    "small_str": "--members 2000 --mean-bytes 60000 --seed 3 --kinds f64:3,i64:1,str:2,dt:1 --index range --lz4 cli",
    "small_table": "--members 2000 --mean-bytes 60000 --seed 4 --kinds f64:3,i64:1,str:2,dt:1,cat:1,bool:1 --index range"
                   " --format table --lz4 cli",
    "small_mixed_blosc": "--members 2000 --mean-bytes 60000 --seed 5 --kinds f64:3,i64:1,i32:1,str:1,dt:1,bool:1"
                         " --index datetime --format mixed --complib blosc",
    "std": "--members 10000 --mean-bytes 350000 --seed 2",
}
PARTITIONS = {"std": 100}
S3 = {"AWS_ACCESS_KEY_ID": "sets", "AWS_SECRET_ACCESS_KEY": "sets-secret", "AWS_REGION": "us-east-1"}


class Measured:
    """What `measure.py` says of a command."""

    def __init__(self, options, command, label):
        log = tempfile.NamedTemporaryFile(suffix=".jsonl")
        measure = [sys.executable, f"{options.baselines}/measure.py", "--shm", "--quiet", "--label", label, "--log", log.name]
        done = subprocess.run([*measure, "--", *command], stderr=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"{label}: exit {done.returncode}\n{done.stderr}")
        facts = json.loads(open(log.name).read().splitlines()[-1])
        self.cpu, self.wall = facts["cpu_s"], facts["wall_s"]
        self.rss, self.shm = facts["peak_rss_tree_mib"], facts["shm_peak_mib"]


def prepared(options, name):
    folder = f"{options.data}/{name}"
    if not os.path.exists(f"{folder}/truth.json"):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, f"{options.baselines}/gen_hdf.py", folder, *SETS[name].split()], check=True)
    return folder


def local(options, name, folder, out):
    for place in (out, f"{out}.tarquet"):
        shutil.rmtree(place, ignore_errors=True)
    command = [f"{options.bin}/tarquet", "run", "--input", f"{folder}/*.tar.lz4", "--output", out, "--slots", "2",
               "--memory", "1GiB", "--partitions", str(PARTITIONS.get(name, 20)), "--progress", "none"]
    return Measured(options, command, f"{name} tarquet")


def check_sums(options, folder, out):
    told = subprocess.run([sys.executable, f"{options.baselines}/colsum.py", out], check=True, capture_output=True, text=True)
    found, truth = json.loads(told.stdout), json.load(open(f"{folder}/truth.json"))
    if found["rows"] != truth["rows"] or found["row_sum"] != truth["row_sum"]:
        sys.exit(f"{out}: {found['rows']} rows, sum {found['row_sum']}; truth {truth['rows']}, {truth['row_sum']}")
    for column, facts in truth["columns"].items():
        if {k: found["columns"][column][k] for k in ("nulls", "sum")} != {k: facts[k] for k in ("nulls", "sum")}:
            sys.exit(f"{out}: column {column} is {found['columns'][column]}, truth {facts}")
    return found["rows"], len(truth["columns"])


def digests(names, read):
    return {name: hashlib.blake2b(read(name)).hexdigest() for name in names}


def cluster(options, name, folder, scratch):
    """Digests of the partitions that a coordinator and four workers make of the set, all in S3."""
    endpoint, url, page = "http://127.0.0.1:19481", "http://127.0.0.1:19482", "127.0.0.1:19483"
    env = os.environ | S3 | {"AWS_ENDPOINT_URL": endpoint, "TARQUET_COORDINATOR": url}
    started = []

    def start(*command):
        log = open(f"{scratch}/{len(started)}.log", "w")
        started.append(subprocess.Popen(command, env=env, stdout=log, stderr=log))

    def tarquet(*arguments, codes=(0,)):
        done = subprocess.run([f"{options.bin}/tarquet", *arguments], env=env, capture_output=True, text=True)
        if done.returncode not in codes:
            sys.exit(f"{name}: tarquet {arguments[0]} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    try:
        start(f"{options.bin}/tarquet-s3server", "--listen", endpoint.removeprefix("http://"), "--dir", f"{scratch}/blobs",
              "--bucket", "sets", "--access-key", S3["AWS_ACCESS_KEY_ID"], "--secret-key", S3["AWS_SECRET_ACCESS_KEY"],
              "--public-read", "--load", f"sets/raw/={folder}")
        start(f"{options.bin}/tarquet", "coordinator", "--state", f"{scratch}/state", "--listen", url.removeprefix("http://"),
              "--http", page)
        for _ in range(4):
            start(f"{options.bin}/tarquet", "worker", "--slots", "1", "--memory", "512MiB")
        spec = f"{scratch}/spec.toml"
        with open(spec, "w") as f:
            f.write('version = 1\nkind = "convert"\n[input]\nuris = ["s3://sets/raw/*.tar.lz4"]\n[output]\n'
                    f'uri = "s3://sets/out"\npartitions = {PARTITIONS.get(name, 20)}\n')
        wait_until_well(options, page)
        job = tarquet("submit", spec, "-o", "name").strip()
        tarquet("wait", job, "--timeout", "600s", "--progress", "none")
        names = sorted(os.listdir(f"{options.data}/out/{name}"))
        return digests(names, lambda n: urllib.request.urlopen(f"{endpoint}/sets/out/{n}").read())
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait()


def wait_until_well(options, page):
    deadline = time.monotonic() + 30
    while subprocess.run([f"{options.bin}/tarquet", "healthcheck", "--ready", "--http", page], capture_output=True).returncode:
        if time.monotonic() > deadline:
            sys.exit("the coordinator did not come up")
        time.sleep(0.1)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--baselines", required=True)
    ap.add_argument("--data", required=True)
    ap.add_argument("--bin", default="target/release")
    ap.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    ap.add_argument("--peer", nargs="*", choices=["naive", "chunked"], default=[])
    ap.add_argument("--no-cluster", action="store_true")
    options = ap.parse_args()
    print("| set | rows | tarquet CPU s (wall) | RSS + shm MiB | cluster | peer CPU s (wall) | ratio |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in options.sets:
        folder, out = prepared(options, name), f"{options.data}/out/{name}"
        ours = local(options, name, folder, out)
        rows, columns = check_sums(options, folder, out)
        same = "not run"
        if not options.no_cluster:
            with tempfile.TemporaryDirectory(dir=options.data) as scratch:
                theirs = cluster(options, name, folder, scratch)
            mine = digests(sorted(os.listdir(out)), lambda n: open(f"{out}/{n}", "rb").read())
            if mine != theirs:
                sys.exit(f"{name}: {sum(mine[n] != theirs[n] for n in mine)} of {len(mine)} partitions differ")
            same = f"{len(mine)} parts, same bytes"
        peers, ratios = [], []
        for style in options.peer:
            peer = Measured(options, [sys.executable, f"{options.baselines}/job_pandas.py", folder, f"{options.data}/out/peer",
                                      "--files", str(PARTITIONS.get(name, 20)), "--style", style], f"{name} {style}")
            peers.append(f"{style} {peer.cpu:.1f} ({peer.wall:.1f})")
            ratios.append(f"{peer.cpu / ours.cpu:.1f}")
        print(f"| {name} | {rows:,} in {columns} columns, equal | {ours.cpu:.1f} ({ours.wall:.1f}) | {ours.rss:.0f} + {ours.shm:.0f} "
              f"| {same} | {', '.join(peers)} | {', '.join(ratios)} |", flush=True)
        shutil.rmtree(out, ignore_errors=True)


if __name__ == "__main__":
    main()
