"""The separator of a table, chosen for all of its lines at once, and how one line is split."""

import csv
import re
from collections.abc import Callable, Iterable
from contextlib import suppress


NAMES = {",": "','", ";": "';'", "\t": "tab", " ": "blanks"}
_DECIMAL = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")
_WORD = re.compile(r'"((?:[^"]|"")*)"(?=\s|$)|(\S+)')


def splitter(delimiter: str) -> Callable[[str], list[str]]:
    """The function that splits one line; the quotes are double, as in CSV."""
    if delimiter == " ":

        def blanks(line: str) -> list[str]:
            if '"' not in line:
                return line.split() if line.isascii() else _split_at_blanks(line)
            return [a.replace('""', '"') if a or not b else b for a, b in _WORD.findall(line)]

        return blanks

    def fields(line: str) -> list[str]:
        if '"' not in line:
            return [part.strip() for part in line.split(delimiter)]
        if len(delimiter) > 1:
            return [part.strip().strip('"') for part in line.split(delimiter)]
        reader = csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True)
        return [part.strip() for part in next(reader)]

    return fields


def _split_at_blanks(line: str) -> list[str]:
    """Split at blanks and tabs alone: other spaces of Unicode belong to names."""
    return [part for part in line.replace("\t", " ").split(" ") if part]


def choose(lines: list[str], cut: list[str], numbers: list[int]) -> tuple[str, list[str]]:
    """The separator of the whole file, and the lines to which it applies.

    ``cut`` are the lines without what follows a blank and ``#``: in a table between blanks that is
    a comment; in another one only where the columns agree without it alone.
    """
    if not any(mark in line for line in lines for mark in ",;\t"):
        return " ", _require_comments(lines, cut, numbers)
    strict, loose = [], []
    for mark in "\t;,":
        for version in [lines] if lines is cut else [lines, cut]:
            if not any(mark in line for line in version):
                continue
            counts = _counts(version, mark)
            if max(counts, default=1) < 2 or (mark == "\t" and _is_padding(version)):
                continue
            if min(counts) == max(counts):
                strict.append((mark, version))
                break
            if version is cut:
                loose.append((mark, cut))
    blank = _counts(cut, " ")
    if min(blank) == max(blank) >= 2 and not any(mark in "\t;" for mark, _ in strict):
        names = not any(mark == "," for mark, _ in strict)  # in which a comma is here and there
        if names or _are_decimal_commas(cut, " "):
            return " ", _require_comments(lines, cut, numbers)
    if len(strict) > 1:
        strict = [_better(strict, numbers)]
    if strict:
        mark, version = strict[0]
        if version is lines and lines is not cut:
            version = _settle_comments(lines, cut, mark, numbers)
        return mark, version
    return _choose_loosely(lines, cut, loose, numbers)


def _choose_loosely(
    lines: list[str], cut: list[str], loose: list[tuple[str, list[str]]], numbers: list[int]
) -> tuple[str, list[str]]:
    """A separator that is not in all lines alike: names may stand alone, weights be missing."""
    if not loose or _are_decimal_commas(cut, " "):
        return " ", _require_comments(lines, cut, numbers)
    shares = {mark: sum(mark in line for line in cut) for mark, _ in loose}
    most = max(shares.values())
    best = [(mark, version) for mark, version in loose if shares[mark] == most]
    if len(best) > 1:
        best = [_better(best, numbers)]
    mark, version = best[0]
    blanks = any(
        re.search(r"\S\s+\S", part) for s in version if mark in s for part in s.split(mark)
    )
    for number, line in zip(numbers, version, strict=True):
        others = ",;\t" if blanks else ",;\t "
        if mark not in line and any(other in line.strip() for other in others):
            raise ValueError(
                f"line {number}: all lines must be separated alike, got {line.strip()[:40]!r} "
                f"where others have {NAMES[mark]}. Name the separator with --delimiter."
            )
    return mark, version


def _better(found: list[tuple[str, list[str]]], numbers: list[int]) -> tuple[str, list[str]]:
    """One of several separators that all fit: that whose fields the others do not enter."""
    from simplex.io._tables.heading import find_pair

    headed = [(m, v) for m, v in found if find_pair(splitter(m)(v[0]))]
    if len(headed) == 1:
        return headed[0]
    marks = [mark for mark, _ in found]
    if "\t" in marks:
        return found[marks.index("\t")]
    clean = []
    for mark, version in found:
        split, other = splitter(mark), ";" if mark == "," else ","
        if not any(other in end for line in version for end in split(line)[:2]):
            clean.append((mark, version))
    if len(clean) == 1:
        return clean[0]
    spaced = [not re.search(mark + r"\S", "\n".join(version)) for mark, version in found]
    if sum(spaced) == 1:  # "Smith, J.;Doe, K."
        return found[1 - spaced.index(True)]
    raise ValueError(
        f"line {numbers[0]}: {' and '.join(NAMES[mark] for mark in marks)} both separate columns, "
        f"got {found[0][1][0].strip()[:40]!r}. Choose one with --delimiter comma or semicolon."
    )


def _counts(lines: Iterable[str], mark: str) -> list[int]:
    """The number of columns of every line."""
    lines = list(lines)
    if mark != " " and not any('"' in line for line in lines):
        return [line.count(mark) + 1 for line in lines]
    split = splitter(mark)

    def count(line: str) -> int:
        if mark == " " or '"' in line:
            try:
                return len(split(line))
            except csv.Error:
                pass
        return line.count(mark) + 1

    return [count(line) for line in lines]


def _is_padding(lines: list[str]) -> bool:
    """Whether tabs only stand beside another separator, as in ``a,<tab>b``."""
    return all(re.search(r"[,;]\s*\t|\t\s*[,;]", line) for line in lines)


def _are_decimal_commas(lines: list[str], mark: str) -> bool:
    """Whether there are commas, and each stands within a number, behind the two ends."""
    split = splitter(mark)
    if not any("," in line for line in lines):
        return False
    for line in lines:
        if "," in line:
            fields = split(line)
            if any("," in part for part in fields[:2]) or len(fields) < 3:
                return False
            if not all(_DECIMAL.fullmatch(part) for part in fields[2:] if "," in part):
                return False
    return True


def _require_comments(lines: list[str], cut: list[str], numbers: list[int]) -> list[str]:
    """Between blanks: what follows a blank and ``#`` is a comment, unless an end may begin so."""
    if lines is not cut:
        for number, line, short in zip(numbers, lines, cut, strict=True):
            begins = line[len(short) + 1 : len(short) + 3].strip("# \t")
            if line != short and begins and len(short.split()) < 2:
                raise _unclear_comment(number, line)
    return cut


def _settle_comments(lines: list[str], cut: list[str], mark: str, numbers: list[int]) -> list[str]:
    """Between other separators ``a,b # c`` is a comment behind numbers, unclear behind names."""
    split = splitter(mark)
    for number, line, short in zip(numbers, lines, cut, strict=True):
        if line != short and re.search(r"\S +# ", line):
            with suppress(csv.Error):  # of quotes that are not closed, said where rows are split
                if all(re.fullmatch(r"[-+.\d]*", part) for part in split(short)):
                    return cut
            raise _unclear_comment(number, line)
    return lines


def _unclear_comment(number: int, line: str) -> ValueError:
    return ValueError(
        f"line {number}: '#' may begin a comment or belong to a name, got {line.strip()[:40]!r}. "
        "Put the comment on a line of its own, or read names with --comments none."
    )
