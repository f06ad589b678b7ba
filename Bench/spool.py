"""The spool: what reception makes of the disk, the whole path, questions to a full spool, and a backlog.

Recordings are silence, about which no engine is asked: what is measured is everything but recognition. While
reception is measured, the worker process is stopped.
"""

import base64
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import struct
import subprocess
import tempfile
import time

import milters
import ordinary_mail
from machine import cpu_seconds, resident_mb
from milters import Failure

# Bytes of a message, messages in a run.
SIZES = [("4 KB", 4 << 10, 3_000), ("100 KB", 100 << 10, 800), ("1 MB", 1 << 20, 120)]
SESSIONS = [1, 16, 64]
DRAIN_LIMIT_SECONDS = 1_200

VOICEMAIL_HEADERS = """From: Asterisk PBX <asterisk@pbx.example>
To: Ann Example <ann@example.com>
Subject: [PBX]: New message 3 in mailbox 1001
Message-ID: <Asterisk-3-1804289383-1001-4242@pbx>
X-Asterisk-CallerID: 07700900123
X-Asterisk-CallerIDName: JOHN SMITH
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="----voicemail_310014242"

"""


class Daemon:
    """Ours with a spool on disk, and smtp-sink to take messages back."""

    def __init__(self, directory, name, workers=1):
        self.home = directory / name
        (self.home / "state").mkdir(parents=True, mode=0o700)
        self.sink_port, self.settings = milters.free_port(), self.home / "voicemail-milter.conf"
        self.settings.write_text(f"""[daemon]
state_directory = {self.home}/state
hostname = bench.voicemail.test
workers = {workers}
[milter]
listen = unix:{self.home}/milter.sock
[spool]
max_messages = 10000000
[transcription]
deadline = 1d
[delivery]
target = smtp:127.0.0.1:{self.sink_port}
""")
        self.workers, self.sink, self.milter = workers, None, None

    def start(self):
        self.milter = milters.Milter("ours", f"unix:{self.home}/milter.sock",
                                     [milters.PROGRAM, "run", "--config", self.settings], self.home / "log")
        self.milter.wait_until_ready("info: ready")
        limit = time.monotonic() + milters.READY_LIMIT_SECONDS
        while len(self.worker_pids()) < self.workers:
            if time.monotonic() > limit:
                raise Failure("ours: no worker started")
            time.sleep(0.02)
        return self

    def start_sink(self):
        self.sink = subprocess.Popen(["smtp-sink", "-u", "nobody", f"127.0.0.1:{self.sink_port}", "256"],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def worker_pids(self):
        return [int(pid) for pid in re.findall(r"worker started.* pid=(\d+)", self.milter.log.read_text())]

    def pause(self, stop=True):
        for pid in self.worker_pids():
            os.kill(pid, signal.SIGSTOP if stop else signal.SIGCONT)

    def load(self, *arguments):
        return load(self.milter, *arguments)

    def ask(self, *words):
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(self.home / "state/control.sock"))
            caller.sendall(b"\0".join(word.encode() for word in words))
            caller.shutdown(socket.SHUT_WR)
            reply = b""
            while part := caller.recv(1 << 16):
                reply += part
        return reply

    def messages(self, state):
        return int(re.search(rf'"{state}":(\d+)', self.ask("status", "--json").decode()).group(1))

    def commits(self):
        """Of the spool, ever: iChange of the wal-index (sqlite.org/walformat.html#the_wal_index_header)."""
        with open(self.home / "state/spool.sqlite-shm", "rb") as index:
            return struct.unpack("=3I", index.read(12))[2]

    def wait_until(self, is_so, what):
        limit = time.monotonic() + DRAIN_LIMIT_SECONDS
        while not is_so():
            if time.monotonic() > limit:
                raise Failure(f"ours: {what} takes more than {DRAIN_LIMIT_SECONDS} s")
            time.sleep(0.05)

    def cpu(self):
        return sum(cpu_seconds(pid) for pid in [self.milter.pid, *self.worker_pids()])

    def stop(self):
        if self.milter:
            self.milter.stop()
        if self.sink:
            self.sink.kill()
            self.sink.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def load(milter, body, sessions, count, *more):
    """Hands that many voicemails to a milter that takes each over; what milter-load says of it."""
    done = subprocess.run([milters.BUILT / "milter-load", "-c", str(sessions), "-k", "50", "-n", str(count),
                           "-a", "10.0.0.7", "-f", body, *more, milter.path],
                          capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise Failure(f"{milter.name}: {done.stderr.strip()}")
    values = {name: float(value) for name, value in (word.split("=") for word in done.stdout.split())}
    if values["discarded"] != values["messages"]:
        raise Failure(f"not every voicemail was taken over: {done.stdout.strip()}")
    return values


def per_second(values):
    return values["messages"] / values["seconds"]


def voicemail(path, size):
    """The body of Asterisk's mail, with a recording that makes it about that large."""
    samples = max(size - 1_100, 1_000) * 3 // 4 * 76 // 78 // 2 * 2
    wave = (b"RIFF" + struct.pack("<I", 36 + samples) + b"WAVEfmt " +
            struct.pack("<IHHIIHH", 16, 1, 1, 8_000, 16_000, 2, 16) + b"data" + struct.pack("<I", samples) +
            bytes(samples))
    lines = base64.encodebytes(wave).replace(b"\n", b"\r\n")
    boundary = b"------voicemail_310014242"
    path.write_bytes(
        b"This is a multi-part message in MIME format.\r\n\r\n" + boundary +
        b"\r\nContent-Type: text/plain; charset=ISO-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        b"Dear Ann Example:\r\n\r\n\tJust wanted to let you know you were just left a 0:05 long message "
        b"(number 3)\r\nin mailbox 1001 from JOHN SMITH. Thanks!\r\n\r\n" + boundary +
        b'\r\nContent-Type: audio/x-WAV; name="msg0002.WAV"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="msg0002.WAV"\r\n\r\n' + lines + b"\r\n" + boundary + b"--\r\n")
    return path


def measure(quick, note):
    (milters.ROOT / "build/bench").mkdir(parents=True, exist_ok=True)
    directory = pathlib.Path(tempfile.mkdtemp(prefix="spool-", dir=milters.ROOT / "build/bench"))
    directory.chmod(0o755)  # for the Postfix in it
    try:
        return (reception(directory, quick, note) + beside_postfix(directory, quick, note) +
                whole_path(directory, quick, note) +
                questions(directory, quick, note) + backlog(directory, quick, note))
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def reception(directory, quick, note):
    """Messages per second into the spool beside the same bytes in the same groups without it."""
    results, rounds = [], 2 if quick else 3
    for name, size, count in SIZES:
        count = count // 4 if quick else count
        body = voicemail(directory / "body", size)
        daemon, taker = Daemon(directory, "reception"), milters.taker(directory)
        try:
            daemon.start().pause()
            for sessions in SESSIONS:
                ours, groups, taken, bare, rows, files = [], [], [], [], [], []
                for _ in range(rounds):
                    before = daemon.commits()
                    ours.append(per_second(daemon.load(body, sessions, count)))
                    groups.append(max(count / max(daemon.commits() - before, 1), 1))
                    taken.append(per_second(load(taker, body, sessions, count)))
                    bare.append(raw(directory, "sqlite", size, groups[-1], count))
                    rows.append(raw(directory, "rows", size, groups[-1], count))
                    files.append(raw(directory, "files", size, 1, count))
                half = daemon.load(body, sessions, max(count // 2, 300), "-r", str(statistics.median(ours) / 2))
                results.append({
                    "part": "spool", "workload": f"into the spool, {name}", "milter": f"{sessions} sessions",
                    "unit": "messages/s", "median": round(statistics.median(ours)),
                    "group": round(statistics.median(groups), 1),
                    "bare": round(statistics.median(bare)), "rows": round(statistics.median(rows)),
                    "files": round(statistics.median(files)), "taker": round(statistics.median(taken)),
                    "to_bare": round(statistics.median(a / b for a, b in zip(ours, bare)), 3),
                    "to_rows": round(statistics.median(a / b for a, b in zip(ours, rows)), 3),
                    "p99_ms": half["p99_ms"], "rounds": [round(value) for value in ours]})
            note(f"spool: {name}")
        finally:
            taker.stop()
            daemon.stop()
    return results


def raw(directory, kind, size, group, count):
    folder = directory / "raw"
    folder.mkdir()
    try:
        done = subprocess.run([milters.BUILT / "bare-spool", kind, "-b", str(size), "-g", f"{group:.3f}",
                               "-n", str(count), "-s", milters.ROOT / "Sources/Spool/schema.sql", folder], capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            raise Failure(done.stderr.strip())
        values = dict(word.split("=") for word in done.stdout.split())
        return int(values["messages"]) / float(values["seconds"])
    finally:
        shutil.rmtree(folder)


def beside_postfix(directory, quick, note):
    """Postfix accepting voicemail alone, and with ours taking each over: messages per second and their ratio."""
    results, count, rounds = [], 100, 3 if quick else 5
    daemon = Daemon(directory, "beside")

    def kept():
        """The stopped worker has one of them."""
        return daemon.messages("waiting") + daemon.messages("transcribing")

    try:
        daemon.start().pause()
        postfix = ordinary_mail.Postfix(directory, {ordinary_mail.NONE: None, milters.OURS: daemon.milter})
        try:
            for name, size, _ in SIZES:
                body = voicemail(directory / "body", size)
                message = directory / "voicemail"
                message.write_bytes((VOICEMAIL_HEADERS + body.read_text().replace("\r\n", "\n")).encode())
                alone, ours = [], []
                for _ in range(rounds):
                    # A recipient of its own for each (-N), or they would count as one that comes again.
                    more = ["-N", "-t", f"ann{size}-{len(ours)}@example.com"]
                    before = kept()
                    alone.append(count / postfix.run(ordinary_mail.NONE, 100, message, count, *more))
                    ours.append(count / postfix.run(milters.OURS, 100, message, count, *more))
                    if kept() != before + count:
                        raise Failure("ours: not every voicemail was taken over")
                workload = f"voicemail through Postfix, {name}, 5 sessions"
                results += [figure(workload, "Postfix alone", round(statistics.median(alone)), "messages/s"),
                            figure(workload, "with ours", round(statistics.median(ours)), "messages/s"),
                            figure(workload, "ratio", ordinary_mail.ratio(ours, alone), "")]
                note(f"spool: beside Postfix, {name}")
        finally:
            postfix.stop()
        return results
    finally:
        daemon.stop()


def whole_path(directory, quick, note):
    """From the milter socket through worker and delivery to smtp-sink."""
    count = 200 if quick else 1_000
    body = voicemail(directory / "body", 100 << 10)
    daemon = Daemon(directory, "path", workers=2)
    try:
        daemon.start_sink()
        daemon.start()
        before, began = daemon.cpu(), time.monotonic()
        daemon.load(body, 16, count)
        daemon.wait_until(lambda: daemon.messages("delivered") >= count, "the whole path")
        seconds = time.monotonic() - began
        note("spool: whole path")
        return [figure("whole path, 100 KB", "messages a second", round(count / seconds, 1), ""),
                figure("whole path, 100 KB", "CPU ms a message",
                       round((daemon.cpu() - before) / count * 1e3, 1), "")]
    finally:
        daemon.stop()


def questions(directory, quick, note):
    """The same questions and the same work with a thousand and with a million messages in the spool."""
    results = []
    body = voicemail(directory / "body", 4 << 10)
    for held in [1_000, 100_000] + ([] if quick else [1_000_000]):
        daemon = Daemon(directory, "full", workers=1)
        try:
            daemon.start().pause()
            daemon.load(body, 1, 1)
            daemon.milter.stop()
            fill(daemon.home / "state/spool.sqlite", held)
            daemon.milter.log.write_text("")
            daemon.start_sink()
            daemon.start()
            done = daemon.messages("delivered")
            began = time.monotonic()
            daemon.load(body, 4, 200)
            daemon.wait_until(lambda: daemon.messages("delivered") >= done + 200, "claim and finish")
            seconds = time.monotonic() - began
            workload = f"{held:,} messages in the spool"
            results += [figure(workload, "status", round(time_of(daemon, "status", "--json"), 2), "ms"),
                        figure(workload, "claim to finish", round(seconds / 200 * 1e3, 2), "ms/message")]
            results.append(figure(workload, "list, first page", round(time_of(daemon, "list"), 2), "ms"))
            note(f"spool: {workload}")
        finally:
            daemon.stop()
    return results


def time_of(daemon, *words):
    times = []
    for _ in range(15):
        began = time.monotonic()
        daemon.ask(*words)
        times.append(time.monotonic() - began)
    return statistics.median(times) * 1e3


def fill(path, count):
    """Copies of the one message that is there: a third held, a third deferred, a third history."""
    spool = sqlite3.connect(path, isolation_level=None)
    columns = [row[1] for row in spool.execute("PRAGMA table_info(message)")]
    now = int(time.time() * 1e3)
    own = {
        "id": "printf('x%013d', n)", "lease_holder": "NULL", "worker_attempts": "1",
        "state": "CASE n % 3 WHEN 0 THEN 'held' WHEN 1 THEN 'deferred' ELSE 'delivered' END",
        "stage": "'delivery'", "received_ms": f"{now - 86_400_000} + n", "due_ms": f"{now + 600_000} + n % 100000", "delivery_ms": "1",
        "finished_ms": f"CASE n % 3 WHEN 2 THEN {now - 3_600_000} + n END",
    }
    values = ", ".join(own.get(column, column) for column in columns)
    numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})"
    spool.execute("BEGIN")
    spool.execute(f"{numbers} INSERT INTO message ({', '.join(columns)}) SELECT {values} FROM "
                  "(SELECT * FROM message LIMIT 1), numbers")
    spool.execute(f"{numbers} INSERT INTO recipient (message_id, position, address, parameters) "
                  "SELECT printf('x%013d', n), 0, 'ann@example.com', '[]' FROM numbers")
    spool.execute("COMMIT")
    spool.close()


def backlog(directory, quick, note):
    """Memory of the daemon while many messages wait, and the time until they are gone."""
    count = 1_000 if quick else 10_000
    body = voicemail(directory / "body", 20 << 10)
    daemon = Daemon(directory, "backlog", workers=2)
    try:
        daemon.start().pause()
        idle = resident_mb(daemon.milter.pid)
        daemon.load(body, 16, count)
        waiting = resident_mb(daemon.milter.pid)
        pathlib.Path(f"/proc/{daemon.milter.pid}/clear_refs").write_text("5")  # VmHWM begins anew
        daemon.start_sink()
        began = time.monotonic()
        daemon.pause(stop=False)
        daemon.wait_until(lambda: daemon.messages("delivered") >= count, "the backlog")
        seconds = time.monotonic() - began
        workload = f"backlog of {count:,}"
        note(f"spool: {workload}")
        return [figure(workload, "memory, idle", round(idle, 1), "MB"),
                figure(workload, "memory, all waiting", round(waiting, 1), "MB"),
                figure(workload, "memory, peak while it drains",
                       round(resident_mb(daemon.milter.pid, "VmHWM"), 1), "MB"),
                figure(workload, "time to drain", round(seconds, 1), "s")]
    finally:
        daemon.stop()


def figure(workload, what, value, unit):
    return {"part": "spool", "workload": workload, "what": what, "median": value, "unit": unit}
