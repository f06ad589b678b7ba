"""How well and how fast the default engine transcribes, through our whole path; see docs/engines.md."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import time

import prompts

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / ".build/release/voicemail-milter"
WORK = ROOT / "build/bench"
LIBRIVOX = pathlib.Path("/usr/share/pocketsphinx/test/data/librivox")
OTHERS = pathlib.Path("/usr/share/pocketsphinx/test/data")

# Name, whether it is made from the wide-band prompt, sox options of the file, sox effects. `white` is the
# level of added white noise below the speech, in dB.
FORMS = {
    "wide": {"wide": True, "options": []},
    "linear": {"options": []},
    "mu-law": {"options": ["-e", "u-law"]},
    "GSM": {"options": ["-e", "gsm-full-rate"]},
    "mu-law, 300 to 3400 Hz": {"options": ["-e", "u-law"], "effects": ["sinc", "300-3400"]},
    "GSM, 300 to 3400 Hz": {"options": ["-e", "gsm-full-rate"], "effects": ["sinc", "300-3400"]},
    "mu-law, white noise at 30 dB": {"options": ["-e", "u-law"], "white": 30},
    "mu-law, white noise at 20 dB": {"options": ["-e", "u-law"], "white": 20},
}


class Failure(Exception):
    pass


def run(*command, **options):
    result = subprocess.run([str(word) for word in command], capture_output=True, **options)
    if result.returncode:
        raise Failure(f"{command[0]}: {result.stderr.decode(errors='replace').strip()[-300:]}")
    return result.stdout


def prompt_source(name, wide):
    if not wide:
        return prompts.SOUNDS / f"{name}.wav"
    target = WORK / "wide" / (name.replace("/", "_") + ".wav")
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        run("ffmpeg", "-v", "error", "-y", "-f", "g722", "-i", prompts.SOUNDS / f"{name}.g722", target)
    return target


def other_speakers():
    """(path, words): the recordings of pocketsphinx-testdata, by a handful of people."""
    found = []
    for folder, listing in ((LIBRIVOX, "transcription"), (OTHERS / "cards", "cards.transcription")):
        for line in (folder / listing).read_text().splitlines():
            match = re.match(r"<s> (.*) </s> \((.*)\)", line.strip())
            found.append((folder / f"{match[2]}.wav", prompts.words(match[1])))
    return found + [(OTHERS / "goforward.raw", prompts.words("go forward ten meters"))]


def encode(source, target, form):
    options, effects = FORMS[form]["options"], FORMS[form].get("effects", [])
    kind = ["-t", "raw", "-r", "16000", "-e", "signed", "-b", "16", "-c", "1"] if source.suffix == ".raw" else []
    rate = [] if FORMS[form].get("wide") else ["-r", "8000"]
    if "white" not in FORMS[form]:
        run("sox", "-R", "-V1", *kind, source, *options, *rate, target, *effects)
        return
    level = float(re.search(rb"RMS\s+amplitude:\s+([\d.]+)", subprocess.run(
        ["sox", *kind, str(source), "-n", "stat"], capture_output=True).stderr)[1])
    noise = target.with_suffix(".noise.wav")
    length = float(run("soxi", "-D", source)) if not kind else source.stat().st_size / 32000
    run("sox", "-R", "-V1", "-n", "-r", "8000", "-b", "16", noise, "synth", length, "whitenoise")
    loud = float(re.search(rb"RMS\s+amplitude:\s+([\d.]+)", subprocess.run(
        ["sox", str(noise), "-n", "stat"], capture_output=True).stderr)[1])
    gain = level / loud * 10 ** (-FORMS[form]["white"] / 20)
    clean = target.with_suffix(".clean.wav")
    run("sox", "-R", "-V1", *kind, source, "-r", "8000", "-b", "16", clean)
    run("sox", "-R", "-V1", "-m", "-v", "1", clean, "-v", f"{gain:.6f}", noise, *options, "-r", "8000", target)


class Outcome:
    """What one run of the program over many recordings said and cost."""

    def __init__(self, reports, cpu, engine, wall, memory):
        self.reports, self.cpu, self.engine, self.wall, self.memory = reports, cpu, engine, wall, memory

    @property
    def audio(self):
        return sum(report["duration_seconds"] for report in self.reports)


def compile_clock():
    WORK.mkdir(parents=True, exist_ok=True)
    target = WORK / "engine-clock.so"
    run("gcc", "-O2", "-shared", "-fPIC", "-o", target, ROOT / "Bench/engine-clock.c", "-ldl")
    return target


def start(files, clock, directory):
    environment = dict(os.environ, LD_PRELOAD=str(clock), ENGINE_CLOCK=str(directory / "clock"))
    output = open(directory / "output", "w+b")
    process = subprocess.Popen(
        [str(PROGRAM), "transcribe", "--json", *map(str, files)], stdout=output, stderr=subprocess.DEVNULL,
        env=environment)
    return process, output, time.monotonic()


def finish(process, output, began, directory):
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    output.seek(0)
    reports = [json.loads(line) for line in output.read().splitlines()]
    loading, engine = map(float, (directory / "clock").read_text().split())
    return Outcome(
        reports, usage.ru_utime + usage.ru_stime - loading, engine, time.monotonic() - began, usage.ru_maxrss / 1024)


def transcribe(files, clock):
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        return finish(*start(files, clock, directory), directory)


def heard(report):
    return [word for segment in report["segments"] for word in segment["words"]]


class Row:
    def __init__(self, form, voices, recordings, outcome):
        self.form, self.voices, self.outcome = form, voices, outcome
        self.words = sum(len(said) for _, said in recordings)
        self.errors = sum(
            prompts.errors(said, prompts.words(" ".join(word["text"] for word in heard(report))))
            for (_, said), report in zip(recordings, outcome.reports))

    @property
    def rate(self):
        return 100 * self.errors / self.words


def measure(form, voices, sources, clock, directory):
    recordings = []
    for number, (source, said) in enumerate(sources):
        target = directory / f"{voices}-{number}.wav".replace(" ", "-")
        encode(source, target, form)
        recordings.append((target, said))
    return Row(form, voices, recordings, transcribe([path for path, _ in recordings], clock)), recordings


def calibration(rows):
    """Per tenth of confidence: (words, part of them that is right)."""
    tenths = [[0, 0] for _ in range(10)]
    for recordings, outcome in rows:
        for (_, said), report in zip(recordings, outcome.reports):
            words = [(word, text) for word in heard(report) for text in prompts.words(word["text"])]
            for (word, _), right in zip(words, prompts.correct(said, [text for _, text in words])):
                tenth = tenths[min(9, int(word["confidence"] * 10))]
                tenth[0] += 1
                tenth[1] += right
    return [(count, right / count if count else 0) for count, right in tenths]


def two_workers(files, clock):
    """One process's outcome, and how many times as much two do in the same time."""
    alone = transcribe(files, clock)
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        directories = [pathlib.Path(one), pathlib.Path(two)]
        running = [start(files, clock, directory) for directory in directories]
        both = [finish(*each, directory) for each, directory in zip(running, directories)]
    return alone, 2 * alone.wall / max(outcome.wall for outcome in both)


# Bounds of a recording's mean confidence: no text below the first, low confidence below the second.
CLASSES = [0.25, 0.5, 0.7]


def classes(rows):
    """Per class of a recording's mean confidence: (recordings, words, errors)."""
    found = [[0, 0, 0] for _ in range(len(CLASSES) + 1)]
    for recordings, outcome in rows:
        for (_, said), report in zip(recordings, outcome.reports):
            kind = found[sum(report["confidence"] >= bound for bound in CLASSES)]
            kind[0] += 1
            kind[1] += len(said)
            kind[2] += prompts.errors(said, prompts.words(" ".join(word["text"] for word in heard(report))))
    return found
