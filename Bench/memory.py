"""Memory of the daemon with 200 sessions at once, 50 of them within a message of 25 MB.

The large messages are multipart/mixed from a trusted client, without a sign of voicemail in their header:
the filter must collect them before it can tell that they are none.
"""

import pathlib
import socket
import struct
import threading
import time

from machine import resident_mb
from milters import Failure

SESSIONS, LARGE, LARGE_BYTES = 200, 50, 25 * 1_000_000
CHUNK = 65_535
LIMIT_MB = 64
REPLY_LIMIT_SECONDS = 60
NR_HDR, NR_HELO, NR_RCPT, NR_MAIL, NR_BODY = 0x80, 0x2000, 0x8000, 0x4000, 0x80000


class Session:
    """An MTA's side of a session, one step after the other."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(REPLY_LIMIT_SECONDS)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rb")
        self.send(b"O", struct.pack(">III", 6, 0x1FF, 0x1FFFFF))
        self.steps = struct.unpack(">I", self.receive()[9:13])[0]
        self.step(b"C", b"pbx.example.com\x004\x9c\x4010.0.0.7\0")
        self.step(b"H", b"pbx.example.com\0", NR_HELO)
        self.step(b"M", b"<kim@example.org>\0", NR_MAIL)
        self.step(b"R", b"<ann@example.com>\0", NR_RCPT)
        self.step(b"T")

    def send(self, command, content=b""):
        self.socket.sendall(struct.pack(">I", len(content) + 1) + command + content)

    def receive(self):
        size = self.stream.read(4)
        if len(size) < 4:
            raise Failure("the filter closed a session")
        return self.stream.read(struct.unpack(">I", size)[0])

    def step(self, command, content=b"", silent=0):
        self.send(command, content)
        return None if self.steps & silent else self.receive()[:1]

    def header(self, name, value):
        self.step(b"L", name.encode() + b"\0 " + value.encode() + b"\0", NR_HDR)


def body():
    line = b"SGVsbG8gd29ybGQhIEhlbGxvIHdvcmxkISBIZWxsbyB3b3JsZCEgSGVsbG8gd29ybGQhSGVsbG8h\r\n"
    start = (b"--b\r\nContent-Type: text/plain\r\n\r\nThe drawings.\r\n--b\r\nContent-Type: application/pdf\r\n"
             b"Content-Transfer-Encoding: base64\r\n\r\n")
    return start + line * (LARGE_BYTES // len(line)) + b"--b--\r\n"


def descriptors(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


def measure(milter, note):
    open_before = descriptors(milter.pid)
    idle = resident_mb(milter.pid)
    pathlib.Path(f"/proc/{milter.pid}/clear_refs").write_text("5")  # VmHWM begins anew
    began = time.monotonic()
    sessions = [Session(milter.path) for _ in range(SESSIONS)]
    large = sessions[:LARGE]
    content = body()
    for session in large:
        session.header("From", "Kim Example <kim@example.org>")
        session.header("Subject", "The drawings")
        session.header("Content-Type", 'multipart/mixed; boundary="b"')
        if session.step(b"N") != b"c":
            raise Failure("the filter does not want the large messages")
        for start in range(0, len(content), CHUNK):
            session.step(b"B", content[start:start + CHUNK], NR_BODY)
    held = resident_mb(milter.pid)
    note(f"memory: {SESSIONS} sessions open, {LARGE} messages of {LARGE_BYTES // 1_000_000} MB held")
    answers = []
    threads = [threading.Thread(target=lambda session=session: answers.append(session.step(b"E")))
               for session in large]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - began
    if answers.count(b"a") != LARGE:
        raise Failure(f"of {LARGE} large messages the filter let {answers.count(b'a')} pass")
    peak = resident_mb(milter.pid, "VmHWM")
    for session in sessions:
        session.send(b"Q")
        session.socket.close()
    if peak - idle > LIMIT_MB:
        raise Failure(f"resident memory rose by {peak - idle:.0f} MB, more than {LIMIT_MB}")
    end = time.monotonic() + 10
    while descriptors(milter.pid) > open_before + 2:
        if time.monotonic() > end:
            raise Failure(f"{descriptors(milter.pid)} descriptors are open, {open_before} were before")
        time.sleep(0.05)
    figures = {"idle": idle, "all bodies in": held, "peak": peak, "peak over idle": peak - idle,
               "afterwards": resident_mb(milter.pid), "seconds": seconds}
    return [{"part": "memory", "workload": f"{SESSIONS} sessions, {LARGE} with 25 MB", "milter": milter.name,
             "what": what, "unit": "s" if what == "seconds" else "MB", "median": round(value, 1)}
            for what, value in figures.items()]
