"""The prompts of Debian's asterisk-core-sounds-en whose words are known exactly, and how words are compared.

`held_out` are those that no table and no setting is made from: every second one of `sentences`.
"""

import gzip
import pathlib
import re
import wave

SOUNDS = pathlib.Path("/usr/share/asterisk/sounds/en_US_f_Allison")
LIST = "/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz"
# Their words are not those of the list.
WRONG = {"tt-monkeys", "demo-instruct", "vm-invalidpassword"}
DIGITS = "zero one two three four five six seven eight nine".split()
# What is written in one way and said in another, and spellings that are nobody's error.
SAID = {
    "*": " star ", "#": " pound ", "pbx": "p b x", "ivr": "i v r", "iax": "i a x", "non-admin": "non admin",
    "www.asterisk.org": "w w w dot asterisk dot org", "represenatives": "representatives",
    "un-indentified": "unidentified", "witheld": "withheld", "umute": "unmute",
}
SAME = {
    "voice mail": "voicemail", "mail box": "mailbox", "touch tone": "touchtone", "file name": "filename",
    "re record": "rerecord", "thru": "through", "ok": "okay", "key pad": "keypad", "un mute": "unmute",
    "pre pending": "prepending", "pass words": "passwords", "pass word": "password", "good bye": "goodbye",
}


def words(text):
    """Lower case, no punctuation, digits as words."""
    text = re.sub(r"\[[^\]]*\]|\([^)]*\)|\.\.\.", " ", text.lower())
    for written, said in SAID.items():
        text = text.replace(written, said)
    text = re.sub(r"\d", lambda digit: f" {DIGITS[int(digit[0])]} ", text)
    text = " ".join(re.sub(r"[^a-z' ]", " ", text).split())
    for one, other in SAME.items():
        text = re.sub(rf"\b{one}\b", other, text)
    return text.split()


def seconds(path):
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def sentences():
    """(name, words) of prompts of at least 6 words and 3.45 s, without repetitions."""
    found, seen = [], set()
    with gzip.open(LIST, "rt", errors="replace") as lines:
        for line in lines:
            match = re.match(r"^([a-zA-Z0-9/_-]+): (.*)$", line.strip())
            if not match or match[1] in WRONG or match[1].startswith("silence/") or "[" in match[2]:
                continue
            said = words(match[2])
            path = SOUNDS / f"{match[1]}.wav"
            if len(said) < 6 or tuple(said) in seen or not path.exists() or seconds(path) < 3.45:
                continue
            seen.add(tuple(said))
            found.append((match[1], said))
    return found


def held_out():
    return sentences()[1::2]


def errors(reference, heard):
    """The least number of words to change, leave out or put in."""
    row = list(range(len(heard) + 1))
    for position, word in enumerate(reference, 1):
        before, row[0] = row[0], position
        for column, other in enumerate(heard, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (word != other))
    return row[-1]


def correct(reference, heard):
    """For each word heard whether the best alignment calls it right."""
    rows = [list(range(len(heard) + 1))]
    for position, word in enumerate(reference, 1):
        row = [position]
        for column, other in enumerate(heard, 1):
            row.append(min(rows[-1][column] + 1, row[-1] + 1, rows[-1][column - 1] + (word != other)))
        rows.append(row)
    right = [False] * len(heard)
    position, column = len(reference), len(heard)
    while position and column:
        same = reference[position - 1] == heard[column - 1]
        if rows[position][column] == rows[position - 1][column - 1] + (not same):
            right[column - 1] = same
            position, column = position - 1, column - 1
        elif rows[position][column] == rows[position - 1][column] + 1:
            position -= 1
        else:
            column -= 1
    return right
