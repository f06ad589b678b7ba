#!/usr/bin/env python3
"""Makes Sources/Speech/TelephoneAdaptationTable.swift from speech whose words are known.

    Scripts/install-packages train
    make build
    Scripts/train-adaptation.py [--without-prompts] [TARGET]

Debian's acoustic model was trained on wide-band speech; BandExtension gives it telephone calls that are not quite that.
A table is a linear transform of the model's means for such calls: maximum likelihood linear regression with one class,
by sphinxtrain's bw and mllr_solve. It learns from the Asterisk prompts that Bench/prompts.py does not hold out and from
three synthetic voices, in mu-law, each as the program hands it to PocketSphinx; for analogue lines in a second table,
through a filter from 300 to 3400 Hz. --without-prompts leaves the prompts out, so that a table can be judged on a voice
that it does not know. The same input gives the same table on the same kind of processor; another one rounds otherwise.
"""
import gzip, os, pathlib, re, struct, subprocess, sys, tempfile
import numpy as np

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Bench"))
import prompts

PROGRAM = ROOT / ".build/release/voicemail-milter"
TARGET = ROOT / "Sources/Speech/TelephoneAdaptationTable.swift"
MODEL = pathlib.Path("/usr/share/pocketsphinx/model/en-us/en-us")
DICTIONARY = MODEL.parent / "cmudict-en-us.dict"
TRAINER = pathlib.Path("/usr/lib/sphinxtrain")
VOICES = ["slt", "rms", "awb"]
LINES = {"digital": [], "analogue": ["sinc", "300-3400"]}
# In place of the search: what it would hear goes to a file.
EAR = r"""
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
int ps_process_raw(void *decoder, const int16_t *samples, size_t count, int a, int b)
{
  FILE *file = fopen(getenv("HEARD"), "ab");
  fwrite(samples, 2, count, file);
  fclose(file);
  return 1;
}
"""


def run(*command, **settings):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, **settings)


def spoken(known):
    """(name, words, recording) of prompts that are not held out."""
    held_out = prompts.held_out()
    left_out = {name for name, _ in held_out} | prompts.WRONG
    said_there = {tuple(words) for _, words in held_out}
    with gzip.open(prompts.LIST, "rt", errors="replace") as lines:
        for line in lines:
            match = re.match(r"^([a-zA-Z0-9/_-]+): (.*)$", line.strip())
            if not match or match[1] in left_out or re.match("(silence|letters|phonetic)/", match[1]):
                continue
            words, path = prompts.words(match[2]), prompts.SOUNDS / f"{match[1]}.wav"
            if ("[" in match[2] or "(" in match[2] or len(words) < 2 or tuple(words) in said_there
                    or not path.exists() or not known.issuperset(words)):
                continue
            yield match[1].replace("/", "_"), words, path


def synthetic(known, folder):
    held_out = {name for name, _ in prompts.held_out()}
    sentences = [words for name, words in prompts.sentences() if name not in held_out and known.issuperset(words)]
    for voice in VOICES:
        for number, words in enumerate(sentences):
            path = folder / f"{voice}-{number}.wav"
            run("flite", "-voice", voice, "-t", " ".join(words), "-o", path)
            yield path.stem, words, path


def heard(folder, recordings, effects):
    """Writes what PocketSphinx is given of each; gives (name, words)."""
    (folder / "ear.c").write_text(EAR)
    run("cc", "-shared", "-fPIC", "-o", folder / "ear.so", folder / "ear.c")
    call = folder / "call.wav"
    for name, words, path in recordings:
        run("sox", "-R", "-V1", path, "-r", "8000", "-c", "1", "-e", "mu-law", call, *effects)
        target = folder / f"{name}.raw"
        # Without words from the search it reports that there are none.
        subprocess.run([PROGRAM, "transcribe", call], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       env={**os.environ, "LD_PRELOAD": str(folder / "ear.so"), "HEARD": str(target)})
        if target.exists():
            yield name, words


def mixture_weights(path):
    """bw's own form of the model's sendump: there a weight is 1.0001 to the power of -1024 times a byte."""
    with open(MODEL / "sendump", "rb") as file:
        while size := struct.unpack("<I", file.read(4))[0]:
            file.read(size)
        gaussians, states = struct.unpack("<II", file.read(8))
        bytes_of = np.frombuffer(file.read(3 * gaussians * states), np.uint8).reshape(3, gaussians, states)
    weights = np.power(1.0001, -1024.0 * bytes_of).astype("<f4").transpose(2, 0, 1)
    body = struct.pack("<IIII", states, 3, gaussians, weights.size) + weights.tobytes()
    checksum = 0
    for value in np.frombuffer(body, "<u4").tolist():
        checksum = ((checksum << 20 | checksum >> 12) + value) & 0xFFFFFFFF
    head = b"s3\nversion 1.0\nchksum0 yes\n"
    head += b" " * (-(len(head) + 7) % 4) + b"endhdr\n"
    path.write_bytes(head + struct.pack("<I", 0x11223344) + body + struct.pack("<I", checksum))


def solve(folder, names):
    (folder / "names").write_text("".join(f"{name}\n" for name, _ in names))
    (folder / "words").write_text("".join(f"<s> {' '.join(words)} </s> ({name})\n" for name, words in names))
    (folder / "sums").mkdir()
    run("sphinx_fe", "-argfile", MODEL / "feat.params", "-samprate", 16000, "-c", folder / "names", "-di", folder,
        "-do", folder, "-ei", "raw", "-eo", "mfc", "-raw", "yes")
    run("pocketsphinx_mdef_convert", "-text", MODEL / "mdef", folder / "mdef")
    mixture_weights(folder / "weights")
    run(TRAINER / "bw", "-moddeffn", folder / "mdef", "-mixwfn", folder / "weights", "-meanfn", MODEL / "means",
        "-varfn", MODEL / "variances", "-tmatfn", MODEL / "transition_matrices", "-ts2cbfn", ".ptm.",
        "-feat", "1s_c_d_dd", "-svspec", "0-12/13-25/26-38", "-cmn", "current", "-agc", "none",
        "-dictfn", DICTIONARY, "-fdictfn", MODEL / "noisedict", "-ctlfn", folder / "names", "-lsnfn", folder / "words",
        "-cepdir", folder, "-cepext", "mfc", "-accumdir", folder / "sums", "-timing", "no")
    run(TRAINER / "mllr_solve", "-meanfn", MODEL / "means", "-varfn", MODEL / "variances",
        "-outmllrfn", folder / "transform", "-accumdir", folder / "sums")
    return (folder / "transform").read_text()


def main(arguments):
    without_prompts = "--without-prompts" in arguments
    targets = [word for word in arguments if not word.startswith("--")]
    known = {line.split()[0] for line in open(DICTIONARY)}
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        recordings = ([] if without_prompts else list(spoken(known))) + list(synthetic(known, folder))
        texts = ""
        for line, effects in LINES.items():
            own = folder / line
            own.mkdir()
            names = list(heard(own, recordings, effects))
            texts += f'  static let {line} = """\n' + "".join(
                "    " + " ".join(f"{float(word):.4f}" if "." in word else word for word in row.split()) + "\n"
                for row in solve(own, names).splitlines()) + '    """\n'
    pathlib.Path(targets[0] if targets else TARGET).write_text(
        f"// Made by Scripts/train-adaptation.py from {len(names)} recordings; not written by hand.\n\n"
        "/// How the model's means move for telephone calls, as C: `ps_mllr_read` reads it: one class, three streams of 13\n"
        "/// values; for each stream a matrix, what is added, and what the variances are multiplied with.\n"
        "enum TelephoneAdaptationTable {\n" + texts + "}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
