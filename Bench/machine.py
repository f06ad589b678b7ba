"""What the figures were measured on: facts that change them, and nothing that names the machine."""

import os
import pathlib
import re
import subprocess


def facts(directory):
    cpu = re.search(r"^model name\s*:\s*(.+)$", read("/proc/cpuinfo"), re.M)
    memory = re.search(r"^MemTotal:\s+(\d+)", read("/proc/meminfo"), re.M)
    release = re.search(r'^PRETTY_NAME="(.*)"$', read("/etc/os-release"), re.M)
    return {
        "processors": len(os.sched_getaffinity(0)),
        "processor": cpu.group(1) if cpu else "unknown",
        "memory_gb": round(int(memory.group(1)) / 2**20) if memory else None,
        "system": release.group(1) if release else "unknown",
        "kernel": os.uname().release,
        "spool_on": filesystem(directory),
        "load_before": round(os.getloadavg()[0], 1),
        "postfix": version("postfix"),
        "libmilter": version("libmilter1.0.1"),
        "opendkim": version("opendkim"),
        "python3_milter": version("python3-milter"),
    }


def read(path):
    try:
        return pathlib.Path(path).read_text()
    except OSError:
        return ""


def filesystem(directory):
    return subprocess.run(["stat", "-f", "-c", "%T", directory], capture_output=True,
                          text=True).stdout.strip()


def version(package):
    return subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True,
                          text=True).stdout or None


def cpu_seconds(pid):
    """User and system time of a process, ended threads with it."""
    fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mb(pid, name="VmRSS"):
    return int(re.search(rf"^{name}:\s+(\d+)", read(f"/proc/{pid}/status"), re.M).group(1)) / 1024
