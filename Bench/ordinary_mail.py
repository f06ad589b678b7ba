"""Ordinary mail through a real Postfix, delivered to discard(8): messages per second.

One private Postfix has a listener for each contestant, so nothing is started between the runs. A round
is one run of each, one after the other, and each round begins with another one; ratios are taken
within a round, and of those the median, with its 95 % interval.
"""

import math
import os
import pathlib
import statistics
import subprocess
import time

import milters
from milters import Failure

NONE = "no milter"
SESSIONS = 5
RUN_LIMIT_SECONDS, DRAIN_LIMIT_SECONDS = 60, 60

# Name, messages per session, bytes, messages in a run. Runs of some tenths of a second: what else the machine does then
# hits those that are compared alike, and there are more rounds for the median.
WORKLOADS = [
    ("1 per session, 4 KB", 1, 4_096, 150),
    ("100 per session, 4 KB", 100, 4_096, 500),
    ("1 per session, 100 KB", 1, 102_400, 100),
    ("100 per session, 100 KB", 100, 102_400, 500),
]
QUICK_WORKLOADS = WORKLOADS[:2]

HEADERS = """Date: Tue, 4 Nov 2025 10:12:30 +0100
From: Kim Example <kim@example.org>
To: Ann Example <ann@example.com>
Cc: =?UTF-8?Q?J=C3=BCrgen_Beispiel?= <juergen@example.net>
Message-ID: <5f2c1d77.4711@mail.example.org>
Subject: Minutes of Monday's meeting, and a question about the order
References: <20251103081500.1234@example.com>
 <20251103094512.5678@example.org>
User-Agent: Mozilla Thunderbird
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8; format=flowed
Content-Transfer-Encoding: 8bit

"""


class Postfix:
    """A private instance (Scripts/private-postfix) with one more listener per milter."""

    def __init__(self, directory, contestants):
        self.directory = directory / "postfix"
        self.spool = self.directory / "spool"
        script = milters.ROOT / "Scripts/private-postfix"
        self.script = str(script)
        self.ports = {}
        lines = []
        for name, milter in contestants.items():
            self.ports[name] = milters.free_port()
            lines.append(f"127.0.0.1:{self.ports[name]} inet n - n - - smtpd\n")
            if milter:
                lines.append(f"    -o smtpd_milters={milter.for_postfix}\n")
        services = directory / "master.cf"
        services.write_text("".join(lines))
        started = subprocess.run(
            [self.script, "start", str(self.directory), "virtual_transport=discard:", "smtpd_milters=",
             "non_smtpd_milters=", "milter_default_action=tempfail"],
            env={**os.environ, "MASTER_CF": str(services)}, capture_output=True, text=True)
        if started.returncode != 0:
            raise Failure(started.stderr.strip())

    def run(self, name, per_session, message, count, *more):
        """Seconds until Postfix has said 250 to all of it; then the queue is emptied. `more`: options of smtp-source."""
        command = ["smtp-source", "-s", str(SESSIONS), "-m", str(count), "-F", str(message),
                   "-f", "kim@example.org", "-t", "ann@example.com", *(["-d"] if per_session > 1 else []), *more,
                   f"inet:127.0.0.1:{self.ports[name]}"]
        start = time.monotonic()
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=RUN_LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            raise Failure(f"Postfix with {name}: {count} messages take more than {RUN_LIMIT_SECONDS} s")
        seconds = time.monotonic() - start
        if done.returncode != 0 or "fatal" in done.stderr:
            raise Failure(f"smtp-source with {name}: {done.stderr.strip()[-200:]}")
        self.drain()
        return seconds

    def drain(self):
        limit = time.monotonic() + DRAIN_LIMIT_SECONDS
        while any(any(os.scandir(self.spool / queue)) for queue in ("incoming", "active")):
            if time.monotonic() > limit:
                raise Failure("Postfix does not empty its queue")
            time.sleep(0.02)

    def stop(self):
        subprocess.run([self.script, "stop", str(self.directory)])


def message_file(directory, size):
    line = "The quick brown fox jumps over the lazy dog, and nobody at all is amused by it.\n"
    text = HEADERS + line * (max(0, size - len(HEADERS)) // (len(line) + 1))
    path = pathlib.Path(directory) / f"message-{size}"
    path.write_text(text)
    return path


def measure(directory, contestants, quick, seconds, note):
    """`contestants`: name to milter, None for none. Gives results as dictionaries."""
    workloads = QUICK_WORKLOADS if quick else WORKLOADS
    files = {size: message_file(directory, size) for _, _, size, _ in workloads}
    names = list(contestants)
    runs = {(workload[0], name): [] for workload in workloads for name in names}
    cpu = dict.fromkeys(runs, 0.0)
    postfix = Postfix(directory, contestants)
    try:
        for name in names:  # libraries read, processes started
            postfix.run(name, 1, files[4_096], 20)
        end = time.monotonic() + seconds
        rounds, longest = 0, 0.0
        while rounds < 3 or time.monotonic() + longest < end:
            began = time.monotonic()
            for workload, per_session, size, count in workloads:
                for name in names[rounds % len(names):] + names[:rounds % len(names)]:
                    milter = contestants[name]
                    before = milter.cpu() if milter else 0
                    taken = postfix.run(name, per_session, files[size], count)
                    runs[workload, name].append(count / taken)
                    cpu[workload, name] += (milter.cpu() if milter else 0) - before
            rounds += 1
            longest = max(longest, time.monotonic() - began)
            note(f"ordinary mail: round {rounds}")
    finally:
        postfix.stop()
    return [
        {
            "part": "ordinary mail", "workload": workload, "milter": name, "unit": "messages/s",
            "median": round(statistics.median(runs[workload, name]), 1),
            "to_c": ratio(runs[workload, name], runs[workload, milters.C]),
            "to_c_interval": interval(runs[workload, name], runs[workload, milters.C]),
            "to_none": ratio(runs[workload, name], runs[workload, NONE]),
            "cpu_us": round(cpu[workload, name] / rounds / count * 1e6) if contestants[name] else None,
            "rounds": [round(value, 1) for value in runs[workload, name]],
        }
        for workload, _, _, count in workloads for name in names
    ]


def ratio(ours, theirs):
    return round(statistics.median(mine / other for mine, other in zip(ours, theirs)), 3)


def interval(ours, theirs):
    """Between which two of the ratios their true median lies in 95 of 100 measurements, however they are distributed."""
    ratios = sorted(mine / other for mine, other in zip(ours, theirs))
    aside = max(int((len(ratios) - 1.96 * math.sqrt(len(ratios))) / 2), 0)
    return [round(ratios[aside], 3), round(ratios[-1 - aside], 3)]
