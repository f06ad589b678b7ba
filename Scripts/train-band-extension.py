#!/usr/bin/env python3
"""Makes Sources/Speech/BandExtensionTable.swift from wideband speech.

    Scripts/install-packages train
    Scripts/train-band-extension.py [--without en,es] [TARGET]

The table has two networks with one hidden layer, trained on the Asterisk prompts of Debian in five languages and on
synthetic voices, as a telephone line, its GSM codec and a noisy line would bring them. One is for digital lines: it
predicts the energy of 6 bands from 3.5 to 7.2 kHz from 16 bands below 3.85 kHz at seven moments. The other is for
analogue ones, which let through 300 to 3400 Hz: 7 bands from 3.1 to 7.2 kHz and one below 340 Hz. The prompts that
Bench/prompts.py holds out are left out. --without leaves out languages: en and es are one voice, so that a table without
them can be judged on a voice that it does not know. The same input gives the same table on the same kind of processor;
another one rounds otherwise. BandExtension.swift has the steps in Swift; change both or none.
"""
import glob, pathlib, subprocess, sys
import numpy as np
from scipy import signal

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Bench"))
import prompts

SOUNDS = "/usr/share/asterisk/sounds/"
FOLDERS = {"en": "en_US_f_Allison", "es": "es_MX_f_Allison", "fr": "fr_CA_f_June", "it": "it_IT_m_Carlo",
           "ru": "ru_RU_f_IvrvoiceRU"}
VOICES = ["slt", "rms", "awb", "kal16"]
TARGET = ROOT / "Sources/Speech/BandExtensionTable.swift"
SIZE, HOP, RATE = 512, 128, 16000
WINDOW = np.sqrt(signal.get_window("hann", SIZE))
TELEPHONE = signal.firwin(255, 3900, fs=RATE)
MOMENTS = (-8, -4, -2, 0, 2, 4, 8)  # frames of 8 ms
HIDDEN, ROUNDS, BATCH, RATE_OF_LEARNING, DECAY = 32, 5, 256, 2e-3, 1e-4
SCALE = 4096  # weights are stored as whole numbers of this part


def mel_bands(low, high, count):
    mel = np.linspace(2595 * np.log10(1 + low / 700), 2595 * np.log10(1 + high / 700), count + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    hertz = np.arange(SIZE // 2 + 1) * RATE / SIZE
    rise = [(hertz - edges[i]) / (edges[i + 1] - edges[i]) for i in range(count)]
    fall = [(edges[i + 2] - hertz) / (edges[i + 2] - edges[i + 1]) for i in range(count)]
    return np.maximum(0, np.minimum(rise, fall))


class Line:
    """What a line lets through: `low` are bands of that, `high` those that it takes away."""

    def __init__(self, low, high, filters):
        self.low, self.high, self.filters = low, high, filters
        self.inputs, self.outputs = [], []

    def through(self, samples, number):
        """By its filters in turn."""
        if not self.filters:
            return samples
        return signal.fftconvolve(samples, self.filters[number % len(self.filters)], "same")


LINES = {
    "digital": Line(mel_bands(200, 3850, 16), mel_bands(3500, 7200, 6), []),
    "analogue": Line(
        mel_bands(300, 3350, 16), np.concatenate([mel_bands(3100, 7200, 7), mel_bands(60, 340, 1)]),
        [signal.firwin(511, [300, 3400], fs=RATE, pass_zero=False),
         signal.firwin(255, [250, 3450], fs=RATE, pass_zero=False)]),
}


def spectra(samples):
    padded = np.concatenate([np.zeros(SIZE), samples, np.zeros(SIZE)])
    starts = HOP * np.arange((len(padded) - SIZE) // HOP + 1)
    return np.fft.rfft(padded[starts[:, None] + np.arange(SIZE)] * WINDOW, axis=1)


def log_energies(frames, bands):
    return np.log((np.abs(frames) ** 2) @ bands.T + 1.0)


def features(levels):
    loudness = levels.mean(1)
    means = levels[loudness > np.percentile(loudness, 95) - 6.0].mean(0)
    relative = np.clip(levels - means, -8, 4) / 2
    reach = max(MOMENTS)
    padded = np.pad(relative, ((reach, reach), (0, 0)), "edge")
    moments = [padded[reach + moment : reach + moment + len(relative)] for moment in MOMENTS]
    return np.concatenate(moments, 1), means.mean(), loudness


RAW = ("-t", "raw", "-r", "16000", "-e", "signed", "-b", "16", "-c", "1")


def gsm(samples):
    data = np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()
    coded = subprocess.run(
        ["sox", "-R", "-V1", *RAW, "-", "-e", "gsm-full-rate", "-r", "8000", "-t", "wav", "-"],
        input=data, check=True, capture_output=True).stdout
    decoded = subprocess.run(
        ["sox", "-R", "-V1", "-t", "wav", "-", *RAW, "-", "rate", "-v"], input=coded, check=True,
        capture_output=True).stdout
    result = np.frombuffer(decoded, "<i2").astype(float)
    return np.pad(result, (0, max(0, len(samples) - len(result))))[: len(samples)]


def noisy(samples, number):
    random = np.random.default_rng(number)
    ratio = random.uniform(8, 30)
    noise = random.normal(0, 1, len(samples))
    if number % 3 == 1:
        noise = signal.lfilter([1], [1, -0.7], noise)  # more of it below
    speech = signal.fftconvolve(samples, TELEPHONE, "same")
    noise = signal.fftconvolve(noise, TELEPHONE, "same")
    return speech + noise * np.sqrt((speech**2).mean() / (noise**2).mean()) * 10 ** (-ratio / 20)


def language(code, left_out):
    base = SOUNDS + FOLDERS[code]
    # Prompts that are tones or animals, not speech.
    strange = ("/silence/", "beep", "tone", "monkeys.g722")
    paths = sorted(path for path in glob.glob(base + "/**/*.g722", recursive=True))
    for path in paths:
        if any(word in path for word in strange) or (code == "en" and path[len(base) + 1 : -5] in left_out):
            continue
        command = ["ffmpeg", "-v", "error", "-f", "g722", "-i", path, "-f", "s16le", "-ar", "16000", "-"]
        data = subprocess.run(command, check=True, capture_output=True).stdout
        yield np.frombuffer(data, "<i2").astype(float)


def synthetic(voice, left_out):
    for name, words in prompts.sentences():
        if name in left_out:
            continue
        speech = subprocess.run(
            ["flite", "-voice", voice, "-t", " ".join(words), "-o", "/dev/stdout"], check=True, capture_output=True).stdout
        data = subprocess.run(
            ["sox", "-R", "-V1", "-t", "wav", "--ignore-length", "-", *RAW, "-"], input=speech, check=True,
            capture_output=True).stdout
        yield np.frombuffer(data, "<i2").astype(float)


def learn(recordings):
    """Adds them to what the lines learn from; how many they are."""
    count = 0
    for number, samples in enumerate(recordings):
        level = np.sqrt((samples**2).mean()) if len(samples) else 0
        if len(samples) < RATE // 2 or level < 50:
            continue
        samples = samples * 3000 / level + np.random.default_rng(0).normal(0, 2, len(samples))
        count += 1
        for line in LINES.values():
            wanted = log_energies(spectra(samples), line.high)
            call = line.through(samples, number)
            for heard in [signal.fftconvolve(call, TELEPHONE, "same"), gsm(call), noisy(call, number)]:
                heard = heard * 3000 / np.sqrt((heard**2).mean() + 1e-9)
                given, overall, loudness = features(log_energies(spectra(heard), line.low))
                spoken = loudness > np.percentile(loudness, 95) - 9
                line.inputs.append(given[spoken].astype(np.float32))
                line.outputs.append((wanted - overall)[spoken].astype(np.float32))
    return count


def train(inputs, outputs):
    """Adam with a falling rate; the error is the mean square of logarithms."""
    random = np.random.default_rng(0)
    sizes = (inputs.shape[1], HIDDEN, outputs.shape[1])
    first = random.normal(0, 1 / np.sqrt(sizes[0]), sizes[:2]).astype(np.float32)
    second = random.normal(0, 1 / np.sqrt(sizes[1]), sizes[1:]).astype(np.float32)
    weights = [first, np.zeros(HIDDEN, np.float32), second, outputs.mean(0)]
    means, squares = [np.zeros_like(w) for w in weights], [np.zeros_like(w) for w in weights]
    steps, step = ROUNDS * (len(inputs) // BATCH), 0
    for _ in range(ROUNDS):
        order = random.permutation(len(inputs))
        for start in range(0, len(order) - BATCH, BATCH):
            chosen = order[start : start + BATCH]
            given = inputs[chosen]
            hidden = np.maximum(given @ weights[0] + weights[1], 0)
            error = 2 * (hidden @ weights[2] + weights[3] - outputs[chosen]) / BATCH
            back = (error @ weights[2].T) * (hidden > 0)
            slopes = [given.T @ back + DECAY * weights[0], back.sum(0),
                      hidden.T @ error + DECAY * weights[2], error.sum(0)]
            step += 1
            rate = RATE_OF_LEARNING * 0.5 * (1 + np.cos(np.pi * min(1, step / steps)))
            for number, slope in enumerate(slopes):
                means[number] = 0.9 * means[number] + 0.1 * slope
                squares[number] = 0.999 * squares[number] + 0.001 * slope * slope
                mean, square = means[number] / (1 - 0.9**step), squares[number] / (1 - 0.999**step)
                weights[number] -= (rate * mean / (np.sqrt(square) + 1e-8)).astype(np.float32)
    return weights


def digits(weights):
    numbers = np.concatenate([weight.ravel() for weight in weights])
    whole = np.round(numbers * SCALE).astype(int)
    if np.abs(whole).max() > 32767:
        sys.exit(f"a weight of {np.abs(numbers).max():.1f} has no room in 16 bits")
    text = "".join(f"{value & 0xFFFF:04x}" for value in whole)
    return "\n".join("    " + text[start : start + 92] for start in range(0, len(text), 92))


def swift(weights, count):
    tables = "\n".join(f'''
  static let {name}Outputs = {some[2].shape[1]}
  static let {name} = """
{digits(some)}
    """''' for name, some in weights.items())
    return f'''// Made by Scripts/train-band-extension.py from {count} recordings; not written by hand.

/// The weights of `BandPredictor`: what the bands that a line lets through say about the energy of the others.
///
/// Whole numbers of 16 bits, four digits each: `inputs` rows of `hidden` weights and their constants, `hidden`
/// rows of as many weights as there are outputs, and their constants.
enum BandExtensionTable {{
  static let inputs = {weights["digital"][0].shape[0]}
  static let hidden = {HIDDEN}
  /// A weight is stored as the whole number of this part that is nearest.
  static let scale: Float = {SCALE}
{tables}
}}
'''


if __name__ == "__main__":
    arguments = sys.argv[1:]
    without = set()
    if arguments[:1] == ["--without"]:
        without, arguments = set(arguments[1].split(",")), arguments[2:]
    target = pathlib.Path(arguments[0]) if arguments else TARGET
    missing = [folder for folder in FOLDERS.values() if not glob.glob(f"{SOUNDS}{folder}/*.g722")]
    if missing:
        sys.exit(f"no prompts below {SOUNDS}{missing[0]}; Scripts/install-packages train")
    left_out = {name for name, _ in prompts.held_out()}
    count = 0
    for source in [language(code, left_out) for code in FOLDERS if code not in without] + [
            synthetic(voice, left_out) for voice in VOICES]:
        count += learn(source)
    weights = {name: train(np.concatenate(line.inputs), np.concatenate(line.outputs)) for name, line in LINES.items()}
    target.write_text(swift(weights, count))
    print(f"{target}: {count} recordings, weights up to "
          f"{max(np.abs(w).max() for some in weights.values() for w in some):.2f}")
