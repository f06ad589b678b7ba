"""What recognition costs an ordinary message, in the program's own code: Bench/RecognitionBench."""

import json
import pathlib
import subprocess

from milters import Failure

ROOT = pathlib.Path(__file__).resolve().parent.parent


def measure(note):
    note("recognition: building RecognitionBench")
    build = ["swift", "build", "-c", "release", "--static-swift-stdlib", "--product", "RecognitionBench"]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"RecognitionBench: {(done.stderr or done.stdout).strip()[-400:]}")
    done = subprocess.run([ROOT / ".build/release/RecognitionBench"], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise Failure(f"RecognitionBench: status {done.returncode}: {done.stderr.strip()[-400:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]
