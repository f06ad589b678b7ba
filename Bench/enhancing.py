"""What putting a transcript into a message costs: CPU time and memory of `preview`, less those for a small one of 150 KB.

The recording is noise under a recording's name, which no decoder reads: what is measured is reading the message,
writing the new one and comparing both.
"""

import base64
import os
import pathlib
import random
import re
import subprocess

from milters import ROOT, Failure

PROGRAM = ROOT / ".build/release/voicemail-milter"
SIZES = {"1 MB": 1_000_000, "25 MB": 25_000_000}
SMALL = 150_000
RUNS = 5
HEAD = (b"Date: Thu, 06 Aug 2026 15:45:49 +0200\r\nFrom: Asterisk PBX <asterisk@pbx.example.com>\r\n"
        b"To: ann@example.com\r\nSubject: New message 3 in mailbox 1001\r\n"
        b"Message-ID: <Asterisk-3-1804289383-1001-4242@pbx.example.com>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello.\r\n'
        b'--b\r\nContent-Type: audio/x-wav; name="msg0002.wav"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="msg0002.wav"\r\n\r\n')


def message(size):
    noise = random.Random(1).randbytes(size * 57 // 78)  # 57 bytes make a line of 78
    return HEAD + base64.encodebytes(noise).replace(b"\n", b"\r\n") + b"--b--\r\n"


def cost(path):
    """The least CPU seconds and KB of memory of some runs."""
    runs = []
    for _ in range(RUNS):
        child = subprocess.Popen([PROGRAM, "preview", "--text", "hello", path], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL)
        # It writes when all is done, and waits as its message is larger than a pipe. The memory that wait4(2) tells
        # would be this program's where that is more.
        child.stdout.read(1)
        memory = int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{child.pid}/status").read_text())[1])
        while child.stdout.read(1 << 20):
            pass
        child.stdout.close()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise Failure(f"preview of {path.name} ended with {child.returncode}")
        runs.append((usage.ru_utime + usage.ru_stime, memory))
    return min(one[0] for one in runs), min(one[1] for one in runs)


def measure(directory, note):
    note("enhancing")
    path = directory / "message.eml"
    path.write_bytes(message(SMALL))
    small = cost(path)
    results = []
    for name, size in SIZES.items():
        path.write_bytes(message(size))
        seconds, kilobytes = cost(path)
        for what, median, unit in (
                ("CPU", round((seconds - small[0]) * 1_000), "ms"),
                ("memory, of the message's size", round((kilobytes - small[1]) * 1024 / path.stat().st_size, 2), "")):
            results.append({"part": "enhancing", "workload": f"a message of {name}", "what": what, "median": median,
                            "unit": unit})
    path.unlink()
    return results
