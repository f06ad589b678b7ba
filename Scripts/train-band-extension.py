#!/usr/bin/env python3
"""Makes Sources/Speech/BandExtensionTable.swift from wideband speech.

    apt install asterisk-core-sounds-en-g722 ffmpeg python3-numpy python3-scipy
    Scripts/train-band-extension.py

The table predicts the energy of 6 bands from 3.5 to 7.2 kHz from 16 bands below 3.85 kHz: a ridge
regression over all prompts of the Debian package, each low-passed as a telephone would. The same
input gives the same table. BandExtension.swift has the steps in Swift; change both or none.
"""
import glob, subprocess, sys
import numpy as np
from scipy import signal

SOUNDS = "/usr/share/asterisk/sounds/en_US_f_Allison"
TARGET = "Sources/Speech/BandExtensionTable.swift"
SIZE, HOP, RATE = 512, 128, 16000
WINDOW = np.sqrt(signal.get_window("hann", SIZE))
RIDGE = 30.0


def mel_bands(low, high, count):
    mel = np.linspace(2595 * np.log10(1 + low / 700), 2595 * np.log10(1 + high / 700), count + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    hertz = np.arange(SIZE // 2 + 1) * RATE / SIZE
    rise = [(hertz - edges[i]) / (edges[i + 1] - edges[i]) for i in range(count)]
    fall = [(edges[i + 2] - hertz) / (edges[i + 2] - edges[i + 1]) for i in range(count)]
    return np.maximum(0, np.minimum(rise, fall))


LOW, HIGH = mel_bands(200, 3850, 16), mel_bands(3500, 7200, 6)


def spectra(samples):
    padded = np.concatenate([np.zeros(SIZE), samples, np.zeros(SIZE)])
    starts = HOP * np.arange((len(padded) - SIZE) // HOP + 1)
    return np.fft.rfft(padded[starts[:, None] + np.arange(SIZE)] * WINDOW, axis=1)


def log_energies(frames, bands):
    return np.log((np.abs(frames) ** 2) @ bands.T + 1.0)


def features(levels):
    loudness = levels.mean(1)
    active = loudness > np.percentile(loudness, 95) - 6.0
    means = levels[active].mean(0)
    relative = levels - means
    padded = np.pad(relative, ((3, 3), (0, 0)), "edge")
    change = 0.5 * (padded[6:] - padded[:-6])
    dips = 0.05 * np.minimum(relative, 0) ** 2
    one = np.ones((len(relative), 1))
    return np.concatenate([relative, change, dips, one], 1), means.mean()


def read(path):
    command = ["ffmpeg", "-v", "error", "-f", "g722", "-i", path, "-f", "s16le", "-ar", "16000", "-"]
    return np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, "<i2")


def train(paths):
    square, product = 0, 0
    telephone = signal.firwin(255, 3900, fs=RATE)
    for path in paths:
        samples = read(path).astype(float)
        level = np.sqrt((samples**2).mean()) if len(samples) else 0
        if len(samples) < RATE // 2 or level < 50:  # silence/*.g722
            continue
        samples = samples * 3000 / level + np.random.default_rng(0).normal(0, 2, len(samples))
        narrow = spectra(signal.fftconvolve(samples, telephone, "same"))
        levels = log_energies(narrow, LOW)
        inputs, overall = features(levels)
        outputs = log_energies(spectra(samples), HIGH) - overall
        loudness = levels.mean(1)
        spoken = loudness > np.percentile(loudness, 95) - 9
        square = square + inputs[spoken].T @ inputs[spoken]
        product = product + inputs[spoken].T @ outputs[spoken]
    ridge = np.eye(len(square)) * RIDGE
    ridge[-1, -1] = 0  # the constant is not held back
    return np.linalg.solve(square + ridge, product)


def swift(table, count):
    rows = "\n".join("    " + ", ".join(f"{v:.4f}" for v in row) + "," for row in table)
    return f"""// Made by Scripts/train-band-extension.py from {count} prompts; not written by hand.

/// What 49 features of the low bands say about the energy of 6 high bands.
enum BandExtensionTable {{
  static let outputs = {table.shape[1]}

  /// The product of the features with the table.
  static func apply(to features: [Float]) -> [Float] {{
    var sums = [Float](repeating: 0, count: outputs)
    for (row, feature) in features.enumerated() {{
      for column in 0..<outputs {{ sums[column] += feature * weights[row * outputs + column] }}
    }}
    return sums
  }}

  /// Row by row: {table.shape[0]} features, each with its {table.shape[1]} weights.
  private static let weights: [Float] = [
{rows}
  ]
}}
"""


if __name__ == "__main__":
    # Prompts that are tones or animals, not speech.
    strange = ("/silence/", "beep", "tone", "monkeys.g722")
    paths = sorted(glob.glob(SOUNDS + "/**/*.g722", recursive=True))
    paths = [path for path in paths if not any(word in path for word in strange)]
    if not paths:
        sys.exit(f"no prompts below {SOUNDS}; apt install asterisk-core-sounds-en-g722")
    target = sys.argv[1] if len(sys.argv) > 1 else TARGET
    table = train(paths)
    with open(target, "w") as file:
        file.write(swift(table, len(paths)))
    print(f"{target}: {len(paths)} prompts, weights {table.min():.2f} to {table.max():.2f}")
