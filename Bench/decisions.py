"""Decisions per second at the milter socket itself, no MTA in between: Bench/milter-load.c."""

import statistics
import subprocess

import milters
from milters import Failure
from ordinary_mail import ratio

TRUSTED = "10.0.0.7"

# Name, arguments of milter-load, messages.
WORKLOADS = [
    ("text/plain, 100 per session", ["-k", "100", "-a", TRUSTED], 10_000),
    ("multipart/mixed 4 KB, 100 per session", ["-k", "100", "-a", TRUSTED, "-t", "multipart", "-l", "4096"],
     5_000),
    ("text/plain, 1 per session", ["-k", "1", "-a", TRUSTED], 4_000),
    ("not from sources, 1 per session", ["-k", "1", "-a", "192.0.2.11"], 4_000),
]
SESSIONS = 20


def measure(contestants, quick, note):
    names = list(contestants)
    rounds = 3 if quick else 5
    runs = {(workload[0], name): [] for workload in WORKLOADS for name in names}
    cpu = dict.fromkeys(runs, 0.0)
    for number in range(rounds):
        for workload, arguments, count in WORKLOADS:
            count = count // 2 if quick else count
            for name in names[number % len(names):] + names[:number % len(names)]:
                before = contestants[name].cpu()
                runs[workload, name].append(run(contestants[name], arguments, count))
                cpu[workload, name] += (contestants[name].cpu() - before) / count
        note(f"decisions: round {number + 1}")
    return [
        {
            "part": "decisions", "workload": workload, "milter": name, "unit": "messages/s",
            "median": round(statistics.median(runs[workload, name])),
            "to_c": ratio(runs[workload, name], runs[workload, milters.C]),
            "cpu_us": round(cpu[workload, name] / rounds * 1e6),
            "rounds": [round(value) for value in runs[workload, name]],
        }
        for workload, _, _ in WORKLOADS for name in names
    ]


def run(milter, arguments, count):
    command = [milters.BUILT / "milter-load", "-c", str(SESSIONS), "-n", str(count), *arguments, milter.path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise Failure(f"{milter.name}: {done.stderr.strip()}")
    values = dict(word.split("=") for word in done.stdout.split())
    return int(values["messages"]) / float(values["seconds"])
