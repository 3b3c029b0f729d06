"""A project of docker compose, and the `tarquet` of its image on this machine."""
import json
import os
import shutil
import socket
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DEPLOY = os.path.join(HERE, "..", "..", "deploy")
IMAGE = "tarquet:local"
ACCESS_KEY, SECRET_KEY = "tarquet-local", "only-on-this-machine"


def run(*command, codes=(0,), env=None, cwd=None):
    """What a command wrote, stdout and stderr; a code that is not expected ends the test."""
    p = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=env,
                       cwd=cwd)
    if p.returncode not in codes:
        raise AssertionError(f"{' '.join(command)}: exit {p.returncode}\n{p.stdout}\n{p.stderr}")
    return p.stdout, p.stderr


def docker(*args):
    return run("docker", *args)[0].strip()


def until(what, ask, patience=120.0):
    """The first true answer of `ask`."""
    deadline = time.monotonic() + patience
    while True:
        found = ask()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience:.0f} s in vain for {what}")
        time.sleep(0.1)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def compose_command():
    """The plugin where there is one, else the program before it."""
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
    return ["docker", "compose"] if plugin else ["docker-compose"]


class Project:
    """`compose.yaml` and overrides, under a name of its own, on ports of its own."""

    def __init__(self, name, home, overrides, settings):
        self.name, self.home = name, home
        self.port, self.http, self.store = free_ports(3)
        ports = {"TARQUET_PORT": self.port, "TARQUET_HTTP_PORT": self.http, "TARQUET_STORE_PORT": self.store}
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("TARQUET_", "AWS_", "COMPOSE_"))}
        self.env = clean | {k: str(v) for k, v in (ports | settings).items()}
        files = [os.path.join(DEPLOY, "compose.yaml"), *overrides]
        self.base = [*compose_command(), "--project-name", name, *(word for f in files for word in ("-f", f))]

    def compose(self, *args, codes=(0,)):
        return run(*self.base, *args, codes=codes, env=self.env)[0]

    def containers(self, service):
        """Ids of a service's containers, those that have ended included."""
        label = "label=com.docker.compose."
        ids = docker("ps", "-aq", "--no-trunc", "--filter", f"{label}project={self.name}", "--filter", f"{label}service={service}")
        return sorted(ids.split())

    def container(self, service):
        (only,) = self.containers(service)
        return only

    def logs(self, container):
        out, err = run("docker", "logs", container)
        return out + err

    def left(self):
        """What of the project is on this machine."""
        mine = ("--filter", f"label=com.docker.compose.project={self.name}")
        kinds = {"containers": ("ps", "-aq"), "volumes": ("volume", "ls", "-q"), "networks": ("network", "ls", "-q")}
        found = {kind: docker(*command, *mine).split() for kind, command in kinds.items()}
        return {kind: ids for kind, ids in found.items() if ids}


def state(container):
    return json.loads(docker("inspect", container))[0]["State"]


def binary(home):
    """The image's own `tarquet`, which needs nothing of this machine."""
    made = docker("create", IMAGE, "--version")
    path = os.path.join(home, "tarquet")
    try:
        docker("cp", f"{made}:/tarquet", path)
    finally:
        docker("rm", made)
    return path


class Tarquet:
    """The command line on this machine, as an operator of the project."""

    def __init__(self, project):
        self.path = binary(project.home)
        certs = os.path.join(project.home, "operator")
        shutil.rmtree(certs, ignore_errors=True)
        docker("cp", f"{project.container('certs')}:/certs/operator", certs)
        self.env = project.env | {
            "HOME": project.home,
            "TARQUET_COORDINATOR": f"https://127.0.0.1:{project.port}",
            "TARQUET_TLS_CA": f"{certs}/ca.crt",
            "TARQUET_TLS_CERT": f"{certs}/tls.crt",
            "TARQUET_TLS_KEY": f"{certs}/tls.key",
            "TARQUET_TOKEN_FILE": f"{certs}/token",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{project.store}",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        }
        self.home = project.home

    def __call__(self, *args, codes=(0,)):
        return run(self.path, *args, codes=codes, env=self.env, cwd=self.home)[0]

    def json(self, *args, codes=(0,)):
        return json.loads(self(*args, "-o", "json", codes=codes))

    def workers(self):
        """Workers by the container they run in, whose short id a worker's name begins with: of several the one heard last."""
        heard = sorted(self.json("workers"), key=lambda line: -line["silent_ms"])
        return {line["worker"][:12]: line for line in heard}
