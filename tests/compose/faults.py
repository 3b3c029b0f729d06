#!/usr/bin/env python3
"""deploy/compose.yaml for real: a cluster in containers, hurt in the middle of a job.

    python tests/compose/faults.py

Needs docker, the images `tarquet:local` and `tarquet-s3server:local`, boto3, and what `tests/oracle` needs. The store is
the tests' own server. Every fault is shown to have struck; the result is compared with an undisturbed run of the same
binary, byte for byte, and with what the generator says the data adds up to.
"""
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time

import pyarrow.parquet as pq
from lake import Lake, same_files
from project import DEPLOY, HERE, Project, Tarquet, docker, run, state, until

ORACLE = os.path.join(HERE, "..", "oracle")
sys.path.insert(0, ORACLE)
import checksum  # noqa: E402

LEASE_SECONDS = 3
# The place of the stage that converts.
CONVERT = 3
PARTITIONS = 72
# How long the store holds each part of the big job back, so that it has a middle to be hurt in.
UPLOAD_MS = 900
GIB = 1 << 30


class Cluster:
    """The project, the command line on this machine, and the bucket."""

    def __init__(self, project):
        self.project = project
        self.tarquet = Tarquet(project)
        self.lake = Lake(project.store)
        self.network = f"{project.name}_default"

    def submit(self, name, spec):
        path = os.path.join(self.project.home, f"{name}.toml")
        with open(path, "w") as f:
            f.write(spec)
        return self.tarquet.json("submit", path)["job"]

    def wait(self, job, code=0):
        return self.tarquet.json("wait", job, "--timeout", "240s", "--progress", "none", codes=(code,))

    def receipts(self, least):
        found = until(f"{least} receipts", lambda: (r := self.lake.receipts("big")) and len(r) >= least and r)
        assert len(found) < PARTITIONS, "the job is over: there is no middle left to hurt"
        return found

    def holder(self, among):
        """A container whose worker holds leases."""
        def ask():
            for short, line in self.tarquet.workers().items():
                mine = [c for c in among if c.startswith(short)]
                if mine and any(stage == CONVERT for _, stage, _, _ in line["leases"]):
                    return mine[0]
            return None
        return until("a worker with leases", ask)


def say(text):
    print(f"ok: {text}", flush=True)


def convert(name, source, output, partitions, more=""):
    return (f'version = 1\nkind = "convert"\nname = "{name}"\n[input]\nuris = ["s3://lake/{source}/*.tar.lz4"]\n'
            f'[output]\nuri = "s3://lake/{output}"\npartitions = {partitions}\n{more}')


# --- up, and the demo ------------------------------------------------------------------------------


def is_confined(container):
    """Read-only, without capabilities, not root, published on loopback alone."""
    facts = json.loads(docker("inspect", container))[0]
    host, config = facts["HostConfig"], facts["Config"]
    assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and host["Init"], facts["Name"]
    assert "no-new-privileges:true" in host["SecurityOpt"], facts["Name"]
    assert config["User"] == "65532:65532", facts["Name"]
    for bindings in (host["PortBindings"] or {}).values():
        assert [b["HostIp"] for b in bindings] == ["127.0.0.1"], facts["Name"]


def up(project):
    """Brings everything up with the demo, in order."""
    project.compose("--profile", "demo", "up", "--detach")
    demo = until("the demo", lambda: state(project.container("demo"))["Status"] == "exited" and project.container("demo"), 240)
    assert state(demo)["ExitCode"] == 3, project.logs(demo)
    services = ["store", "certs", "coordinator", "worker", "demo-data", "demo"]
    containers = [c for s in services for c in project.containers(s)]
    assert len(containers) == 7, containers
    for container in containers:
        is_confined(container)
    certs, coordinator = state(project.container("certs")), state(project.container("coordinator"))
    assert certs["ExitCode"] == 0 and certs["FinishedAt"] <= coordinator["StartedAt"]
    for worker in project.containers("worker"):
        until("a healthy worker", lambda: state(worker)["Health"]["Status"] == "healthy")
        assert coordinator["StartedAt"] <= state(worker)["StartedAt"]
    say("store, certificates, coordinator and 2 workers are up, in order, confined and healthy")


def demo(cluster):
    """The sample is what pandas makes of it, and the status is read from this machine."""
    screen = cluster.tarquet("status", "@last")
    assert "done" in screen and "s3://lake/frames" in screen, screen
    into = os.path.join(cluster.project.home, "frames")
    assert cluster.lake.fetch("frames", into) == 8
    judged = subprocess.run([sys.executable, os.path.join(ORACLE, "sample.py"), into], capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    say(judged.stdout.strip().splitlines()[-1])


def budgets(cluster):
    """A worker's budget is its container's limit: 80 % of it, less 128 MiB, divided by its slots."""
    lines = cluster.tarquet.workers().values()
    wanted = (2 * GIB // 100 * 80 - (128 << 20)) // 2
    assert [(line["slots"], line["slot_bytes"]) for line in lines] == [(2, wanted)] * 2, lines
    say(f"each worker has made 2 slots of {wanted >> 20} MiB out of its container's 2 GiB")


def guarded(cluster):
    """Nobody is let in without a certificate and a token; new certificates are taken up by what is running."""
    tarquet, project = cluster.tarquet, cluster.project
    for missing in (["TARQUET_TOKEN_FILE"], ["TARQUET_TLS_CERT", "TARQUET_TLS_KEY"]):
        env = {k: v for k, v in tarquet.env.items() if k not in missing}
        run(tarquet.path, "jobs", codes=(7,), env=env)
    served = lambda: ssl.get_server_certificate(("127.0.0.1", project.http))  # noqa: E731
    before, coordinator = served(), project.container("coordinator")
    started = state(coordinator)["StartedAt"]
    project.compose("run", "--rm", "certs", "certs", "renew", "/certs", "--san", "coordinator", "--san", "localhost")
    until("the new certificate", lambda: served() != before)
    tarquet("jobs")
    assert state(coordinator)["StartedAt"] == started
    say("no token, no entry; no certificate, no entry; renewed certificates are served without a restart")


# --- the big job, and what is done to it -----------------------------------------------------------


def big(cluster):
    project, tarquet, lake = cluster.project, cluster.tarquet, cluster.lake
    frames = ["generate", "frames", "--archives", "3", "--members", "1440", "--rows", "300", "--seed", "7"]
    truth = tarquet.json(*frames, "--output", "data")
    tarquet(*frames, "--output", "s3://lake/raw/big")
    tarquet("run", "--input", "data/*.tar.lz4", "--output", "undisturbed", "--partitions", str(PARTITIONS), "--progress", "none",
            "--slots", "2", "--memory", "1GiB")
    lake.plant(f"op=UploadPart,key=big/*,do=delay:{UPLOAD_MS}")
    job = cluster.submit("big", convert("big", "raw/big", "big", PARTITIONS))

    lost = kill_worker(cluster)
    kill_coordinator(cluster, job)
    lost |= cut_worker(cluster)

    ended = cluster.wait(job)
    lake.heal()
    assert ended["generation"] == 2, ended["generation"]
    receipts = lake.receipts("big")
    assert len(receipts) == PARTITIONS
    for shard, worker in lost.items():
        assert receipts[shard]["worker"] != worker, f"shard {shard} was done by {worker}, which had lost it"
    assert lake.requests("CompleteMultipartUpload", "big/") == PARTITIONS, "a part was published twice"
    assert lake.fetch("big", os.path.join(project.home, "big")) == PARTITIONS
    same_files(os.path.join(project.home, "big"), os.path.join(project.home, "undisturbed"))
    adds_up(os.path.join(project.home, "big"), truth)
    until("abandoned uploads to be aborted", lambda: not lake.open_uploads())
    say(f"the job is done: {PARTITIONS} parts, each published once, byte for byte those of an undisturbed run; "
        f"{truth['rows']} rows and every column's checksum are right; no upload is left open")


def in_flight(cluster, container):
    """The shards that a worker had in hand when it was struck, and its name: leased to it still, and without a receipt once
    what it had handed in a moment before has become one."""
    time.sleep(0.5)
    line = cluster.tarquet.workers()[container[:12]]
    held = {shard for _, stage, shard, _ in line["leases"] if stage == CONVERT}
    struck = {shard: line["worker"] for shard in held - set(cluster.lake.receipts("big"))}
    assert struck, "the worker had nothing in hand: it was not struck in the middle"
    return struck, line["worker"]


def kill_worker(cluster):
    """SIGKILL to a worker's container in the middle of its shards."""
    cluster.receipts(4)
    container = cluster.holder(cluster.project.containers("worker"))
    docker("kill", "--signal", "KILL", container)
    assert state(container)["ExitCode"] == 137 and not state(container)["Running"]
    struck, name = in_flight(cluster, container)
    cluster.receipts(10)
    docker("start", container)
    until("the worker to come back", lambda: (w := cluster.tarquet.workers().get(container[:12])) and w["worker"] != name)
    say(f"a worker was killed while it held {len(struck)} shards; the other one went on; it came back")
    return struck


def kill_coordinator(cluster, job):
    """SIGKILL to the coordinator's container; its volume keeps the ledger."""
    before = cluster.receipts(16)
    container = cluster.project.container("coordinator")
    docker("kill", "--signal", "KILL", container)
    assert state(container)["ExitCode"] == 137 and not state(container)["Running"]
    cluster.tarquet("status", job, codes=(6,))
    docker("start", container)
    until("a healthy coordinator", lambda: state(container)["Health"]["Status"] == "healthy")
    after = cluster.lake.receipts("big")
    assert all(after[shard] == receipt for shard, receipt in before.items()), "an accepted shard was done again"
    say(f"the coordinator was killed after {len(before)} of {PARTITIONS} receipts; it came back and kept them all")


def cut_worker(cluster):
    """A worker without a network for three leases."""
    cluster.receipts(24)
    container = cluster.holder(cluster.project.containers("worker"))
    started = state(container)["StartedAt"]
    docker("network", "disconnect", cluster.network, container)
    cut = time.monotonic()
    struck, name = in_flight(cluster, container)

    def gone():
        line = cluster.tarquet.workers().get(container[:12])
        return line is None or (line["state"] == "silent" and not line["leases"])
    until("its leases to run out", gone)
    time.sleep(max(0.0, cut + 3 * LEASE_SECONDS - time.monotonic()))
    away = time.monotonic() - cut
    done = cluster.receipts(1)
    mine = sum(r["worker"] == name for r in done.values())
    docker("network", "connect", cluster.network, container)
    until("a receipt of the worker that was away", lambda: sum(r["worker"] == name for r in cluster.lake.receipts("big").values()) > mine)
    assert state(container)["StartedAt"] == started, "it was to live on, not to be started again"
    say(f"a worker had no network for {away:.0f} s with {len(struck)} shards in hand: they went to the other one, and it worked on "
        "when it was back")
    return struck


def adds_up(folder, truth):
    """Rows and checksums, read by pyarrow, against the generator's own word."""
    found = checksum.of(pq.read_table(folder))
    wanted = {name: column["sum"] for name, column in truth["columns"].items()}
    assert found["rows"] == truth["rows"], (found["rows"], truth["rows"])
    assert {name: column["sum"] for name, column in found["columns"].items()} == wanted


# --- small /dev/shm, careless store, scale ---------------------------------------------------------


def cramped(cluster):
    """A worker with Docker's 64 MiB of /dev/shm says so, and its shards are done elsewhere."""
    project, tarquet = cluster.project, cluster.tarquet
    tarquet("generate", "frames", "--archives", "1", "--members", "4", "--rows", "600000", "--output", "s3://lake/raw/wide")
    workers = project.containers("worker")
    project.compose("stop", "worker")
    assert [state(c)["ExitCode"] for c in workers] == [0, 0], "SIGTERM drains"
    project.compose("--profile", "faults", "up", "--detach", "--no-deps", "cramped")
    container = project.container("cramped")
    said = until("a word about /dev/shm", lambda: (log := project.logs(container)) and "shm_size" in log and log)
    assert "Docker's default of 64 MiB" in said, said
    job = cluster.submit("wide", convert("wide", "raw/wide", "wide", 4, "[errors]\nretries = 20\n"))
    until("scratch to be full", lambda: "E0795" in tarquet("status", job))
    shown = " ".join(tarquet("failures", job, "show", "1").split())
    assert "do not fit into /dev/shm" in shown and "shm_size" in shown, shown
    project.compose("up", "--detach", "--no-recreate", "--scale", "worker=2", "worker")
    cluster.wait(job)
    done = {r["worker"][:12] for r in cluster.lake.receipts("wide").values()}
    assert done & {c[:12] for c in project.containers("worker")}, done
    docker("rm", "--force", container)
    say("a worker with 64 MiB of /dev/shm said so, its shards failed with E0795, and others did them")


def careless(cluster):
    """A store that ignores conditions is used with a standing warning."""
    cluster.project.compose("--profile", "faults", "up", "--detach", "--no-deps", "careless")
    store = '[output.store]\nname = "careless"\n'
    job = cluster.submit("careless", convert("careless", "raw/sample", "careless", 2, f'[errors]\nmax_failed = "1 %"\n{store}'))
    cluster.wait(job, 3)
    screen = " ".join(cluster.tarquet("status", job).split())
    warning = "Warning the store does not keep its conditions"
    assert warning in screen and "run one coordinator only" in screen, screen
    say(f"a store without conditions: {warning} …")


def scale(cluster):
    cluster.project.compose("up", "--detach", "--no-recreate", "--scale", "worker=8", "worker")
    started = {container[:12] for container in cluster.project.containers("worker")}
    assert len(started) == 8, started
    until("8 workers", lambda: started <= set(cluster.tarquet.workers()))
    say("--scale worker=8: 8 workers are there")


def main():
    overrides = [os.path.join(DEPLOY, "compose.testserver.yaml"), os.path.join(HERE, "faults.yaml")]
    with tempfile.TemporaryDirectory() as home:
        project = Project(f"tarquet-test-{os.getpid()}", home, overrides, {
            "TARQUET_LEASE_TTL": f"{LEASE_SECONDS}s",
            "TARQUET_STORES": "careless=http://careless:3900",
        })
        try:
            up(project)
            cluster = Cluster(project)
            for step in (demo, budgets, guarded, big, cramped, careless, scale):
                step(cluster)
        except BaseException:
            print(project.compose("--profile", "demo", "--profile", "faults", "logs", "--no-color", "--tail", "100"), file=sys.stderr)
            raise
        finally:
            project.compose("--profile", "demo", "--profile", "faults", "down", "--volumes", "--timeout", "30")
        assert not project.left(), project.left()
        say("down: no container, volume or network is left")


if __name__ == "__main__":
    main()
