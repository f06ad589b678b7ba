#!/usr/bin/env python3
"""Makes Sources/Speech/VoicemailWordingTable.swift from Scripts/voicemail-wording.txt.

    Scripts/install-packages run
    Scripts/train-wording.py [TARGET]

Every pattern says 60 sentences, drawn from a fixed seed; their trigrams, smoothed as I. H. Witten and T. C. Bell have it
("The zero-frequency problem", IEEE Trans. Information Theory 37 (1991)), are mixed with those of Debian's language
model, 1 to 9. The library adds the scores of two models raised to the language weight: so the table has of each trigram
what the mixture needs beside Debian's model. What stands below, for words that no pattern has in that order, has its
part of the mixture, and single words next to nothing: where the patterns know nothing they shall say nothing.
Trigrams to which the patterns add little are left out. Takes seconds; the same input gives the same table.
"""
import collections, ctypes, math, pathlib, random, re, sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PATTERNS = ROOT / "Scripts/voicemail-wording.txt"
TARGET = ROOT / "Sources/Speech/VoicemailWordingTable.swift"
MODEL = b"/usr/share/pocketsphinx/model/en-us/en-us.lm.bin"
SENTENCES = 60
PART = 0.1
# A trigram that is less than so many times as likely as without the patterns is left out.
WORTH = 1.1
ORDER = 3
# PocketSphinx's -lw.
LANGUAGE_WEIGHT = 6.5
SINGLE_WORDS = 0.01
# Some 300 KB in fewer lines than a source file may have.
LINE = 850


class General:
    """Debian's language model, by the library that reads it in the program too."""

    def __init__(self):
        self.library = ctypes.CDLL("libsphinxbase.so.3")
        self.log = self.function("logmath_init", ctypes.c_void_p, ctypes.c_double, ctypes.c_int, ctypes.c_int)(
            1.0001, 0, 0)
        self.function("err_set_logfp", None, ctypes.c_void_p)(None)
        read = self.function("ngram_model_read", ctypes.c_void_p, *[ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int,
                                                                    ctypes.c_void_p])
        self.model = read(None, MODEL, 0, self.log)
        if not self.model:
            sys.exit(f"train-wording: no language model at {MODEL.decode()}; apt install pocketsphinx-en-us")
        self.number = self.function("ngram_wid", ctypes.c_int32, ctypes.c_void_p, ctypes.c_char_p)
        self.unknown = self.function("ngram_unknown_wid", ctypes.c_int32, ctypes.c_void_p)(self.model)
        numbers = ctypes.POINTER(ctypes.c_int32)
        self.logarithm = self.function("ngram_ng_prob", ctypes.c_int32, ctypes.c_void_p, ctypes.c_int32, numbers,
                                       ctypes.c_int32, numbers)
        self.exponential = self.function("logmath_exp", ctypes.c_double, ctypes.c_void_p, ctypes.c_int)

    def function(self, name, result, *arguments):
        found = getattr(self.library, name)
        found.restype, found.argtypes = result, arguments
        return found

    def knows(self, word):
        return self.number(self.model, word.encode()) != self.unknown

    def probability(self, words):
        """Of the last one after the others."""
        numbers = [self.number(self.model, word.encode()) for word in words]
        before = (ctypes.c_int32 * ORDER)(*reversed(numbers[:-1]))
        logarithm = self.logarithm(self.model, numbers[-1], before, len(numbers) - 1, (ctypes.c_int32 * 1)())
        return self.exponential(self.log, logarithm)


def parse(tokens, end=None):
    """The alternatives up to `end`, each a list of (kind, value)."""
    alternatives = [[]]
    while tokens and (token := tokens.pop(0)) != end:
        if token == "|":
            alternatives.append([])
        elif token in "{[":
            alternatives[-1].append((token, parse(tokens, "}" if token == "{" else "]")))
        else:
            alternatives[-1].append(("<", token[1:-1]) if token[0] == "<" else ("", token))
    return alternatives


def patterns():
    lists, sentences = {}, []
    for line in PATTERNS.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, text = line[1:].split(" ", 1) if line.startswith("=") else ("", line)
        found = parse(re.findall(r"[{}\[\]|]|<\w+>|[^\s{}\[\]|<>]+", text))
        if name:
            lists[name] = found
        else:
            sentences.append(found)
    return sentences, lists


def say(alternatives, lists, chance):
    words = []
    for kind, value in chance.choice(alternatives):
        if kind == "":
            words.append(value)
        elif kind == "<":
            words += say(lists[value], lists, chance)
        elif kind == "{" or chance.random() < 0.5:
            words += say(value, lists, chance)
    return words


def count(sentences):
    counts = [collections.Counter() for _ in range(ORDER)]
    for words in sentences:
        words = ["<s>", *words, "</s>"]
        for size in range(1, ORDER + 1):
            counts[size - 1].update(tuple(words[i:i + size]) for i in range(len(words) - size + 1))
    del counts[0][("<s>",)]
    return counts


def smoothed(counts):
    """Probabilities by order, and what is left for words that are not seen after others."""
    total, kinds = sum(counts[0].values()), len(counts[0])
    found, left = [{words: (times + 1) / (total + kinds) for words, times in counts[0].items()}], {}
    for order in range(1, ORDER):
        times, kinds, found_here = collections.Counter(), collections.Counter(), {}
        for words, number in counts[order].items():
            times[words[:-1]] += number
            kinds[words[:-1]] += 1
        for words, number in counts[order].items():
            before = words[:-1]
            found_here[words] = (number + kinds[before] * found[-1][words[1:]]) / (times[before] + kinds[before])
        left.update({before: kinds[before] / (times[before] + kinds[before]) for before in times})
        found.append(found_here)
    return found, left


def added(general, part):
    """What makes the mixture of a probability, when both have been raised to the language weight; 0 for too little."""
    mixture = (1 - PART) * general + PART * part
    if mixture < max(WORTH * general, 1e-30):
        return 0
    return (mixture ** LANGUAGE_WEIGHT - general ** LANGUAGE_WEIGHT) ** (1 / LANGUAGE_WEIGHT)


def mixed(found, general):
    one = {words: SINGLE_WORDS * PART * part for words, part in found[0].items()}
    two = {words: PART * part for words, part in found[1].items()}
    three = {words: added(general.probability(words), part) for words, part in found[2].items()}
    three = {words: part for words, part in three.items() if part}
    needed = {words[:2] for words in three}
    for words in list(two):
        if words[0] == "<s>":
            two[words] = added(general.probability(words), found[1][words]) or two[words]
        elif words not in needed and two[words] < general.probability(words):
            del two[words]
    one[("<s>",)] = 1e-99
    return one, two, three


def lines(ngrams, left):
    line = ""
    for words in sorted(ngrams):
        entry = f"{math.log10(ngrams[words]):.2f} {' '.join(words)}"
        if words in left:
            entry += f" {math.log10(left[words]):.2f}"
        if line and len(line) + len(entry) >= LINE:
            yield line
            line = ""
        line += ("|" if line else "") + entry
    yield line


def main(arguments):
    general, chance = General(), random.Random(1)
    sentences, lists = patterns()
    said = [say(pattern, lists, chance) for pattern in sentences for _ in range(SENTENCES)]
    if strange := sorted({word for words in said for word in words if not general.knows(word)}):
        sys.exit(f"train-wording: Debian's language model does not have: {' '.join(strange)}")
    found, left = smoothed(count(said))
    orders = mixed(found, general)
    text = (
        f"// Made by Scripts/train-wording.py from {len(sentences)} patterns of sentences; not written by hand.\n\n"
        "/// For each order the n-grams as an ARPA file has them, with `|` or the end of the line between them: the\n"
        "/// logarithm of the probability, the words, and that of what is left for others.\n"
        "enum VoicemailWordingTable {\n  static let ngrams = [\n")
    for order in orders:
        text += '    """\n' + "".join(f"    {line}\n" for line in lines(order, left)) + '    """,\n'
    pathlib.Path(arguments[0] if arguments else TARGET).write_text(text + "  ]\n}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
