"""The contestants: ours three times, and the rivals beside it. All run at once; one is measured."""

import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import time

from machine import cpu_seconds

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent
PROGRAM = ROOT / ".build/release/voicemail-milter"
BUILT = ROOT / "build/bench"
READY_LIMIT_SECONDS = 15

OURS, OURS_INET, OURS_UNTRUSTED = "ours, unix", "ours, inet", "ours, unix, not from sources"
C, C_INET = "C milter, unix", "C milter, inet"
OPENDKIM, PYTHON = "OpenDKIM, unix", "python3-milter, unix"


class Failure(Exception):
    """One line for the user."""


class Milter:
    """A milter process that listens. `address` is in libmilter's notation."""

    def __init__(self, name, address, command, log):
        self.name, self.address, self.log = name, address, pathlib.Path(log)
        with open(log, "wb") as output:
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                            stdout=output, stderr=output, start_new_session=True)
        self.pid = self.process.pid

    @property
    def path(self):
        return self.address.partition(":")[2]

    @property
    def for_postfix(self):
        """Postfix writes inet:HOST:PORT where libmilter writes inet:PORT@HOST."""
        if not self.address.startswith("inet:"):
            return self.address
        port, _, host = self.path.partition("@")
        return f"inet:{host}:{port}"

    def wait_until_ready(self, text=None):
        """Until it takes connections and, where it says so in its log, has said that it is ready."""
        limit = time.monotonic() + READY_LIMIT_SECONDS
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                raise Failure(f"{self.name} ended: {self.log.read_text()[-300:].strip()}")
            if (not text or text in self.log.read_text()) and self.takes_connections():
                return self
            time.sleep(0.05)
        raise Failure(f"{self.name} does not listen on {self.address}")

    def takes_connections(self):
        try:
            if self.address.startswith("inet:"):
                port, _, host = self.path.partition("@")
                socket.create_connection((host, int(port)), 1).close()
            else:
                with socket.socket(socket.AF_UNIX) as probe:
                    probe.connect(self.path)
                os.chmod(self.path, 0o666)
        except OSError:
            return False
        return True

    def cpu(self):
        return cpu_seconds(self.pid)

    def stop(self):
        """At once: libmilter takes seconds to stop, and there is nothing to lose."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()


def free_port():
    """Below the range that the kernel gives to clients."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def compile_sources():
    BUILT.mkdir(parents=True, exist_ok=True)
    for name, libraries in (("minimal-milter", ["-lmilter", "-lpthread"]), ("milter-load", []),
                            ("bare-spool", ["-lsqlite3"])):
        source, target = BENCH / f"{name}.c", BUILT / name
        if target.exists() and target.stat().st_mtime > source.stat().st_mtime:
            continue
        command = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(target), str(source), *libraries]
        if subprocess.run(command).returncode != 0:
            raise Failure(f"cannot compile Bench/{name}.c")


def ours(directory, name, address=None, sources="127.0.0.0/8, 10.0.0.0/8"):
    home = directory / re.sub(r"[^a-z]+", "-", name)
    (home / "state").mkdir(parents=True, mode=0o700)
    address = address or f"unix:{home}/milter.sock"
    settings = home / "voicemail-milter.conf"
    settings.write_text(f"""[daemon]
state_directory = {home}/state
hostname = bench.voicemail.test
workers = 1
[milter]
listen = {address}
[recognition]
sources = {sources}
[delivery]
target = smtp:127.0.0.1:{free_port()}
""")
    milter = Milter(name, address, [PROGRAM, "run", "--config", settings], home / "log")
    return milter.wait_until_ready("worker started")


def inet():
    return f"inet:{free_port()}@127.0.0.1"


def minimal(directory, name, address=None):
    address = address or f"unix:{directory}/minimal.sock"
    return Milter(name, address, [BUILT / "minimal-milter", address],
                  directory / f"minimal-{address[:4]}.log").wait_until_ready()


def taker(directory):
    """Has every body sent and throws it away: what libmilter and the load client can do at most."""
    address = f"unix:{directory}/taker.sock"
    # The one before it may have been stopped before libmilter took its socket away.
    (directory / "taker.sock").unlink(missing_ok=True)
    return Milter("C milter that takes", address, [BUILT / "minimal-milter", address, "take"],
                  directory / "taker.log").wait_until_ready()


def opendkim(directory, name):
    """Debian's settings, verifying: it waits for signatures and finds none."""
    home = directory / "opendkim"
    home.mkdir()
    home.chmod(0o777)
    lines = [line for line in pathlib.Path("/etc/opendkim.conf").read_text().splitlines()
             if not re.match(r"(#|\s*$|Socket|PidFile|Mode)\b", line)]
    address = f"local:{home}/milter.sock"
    settings = home / "opendkim.conf"
    settings.write_text("\n".join(lines + ["Mode v", f"Socket {address}", f"PidFile {home}/pid", ""]))
    milter = Milter(name, f"unix:{home}/milter.sock", ["/usr/sbin/opendkim", "-f", "-x", settings],
                    home / "log")
    return milter.wait_until_ready()


def python(directory, name):
    address = f"unix:{directory}/python.sock"
    # Debian's own interpreter: the package is for that one.
    return Milter(name, address, ["/usr/bin/python3", BENCH / "idle_milter.py", address],
                  directory / "python.log").wait_until_ready()
