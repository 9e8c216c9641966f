"""The heading of a table, and the columns that hold the two ends of an edge."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simplex.io._options import Reading
from simplex.io._tables.table import Table
from simplex.io._text import MISSING, is_number


_PAIRS = {
    ("source", "target"), ("source", "destination"), ("source", "dest"), ("src", "dst"),
    ("src", "dest"), ("src", "target"), ("src", "tgt"), ("from", "to"), ("u", "v"), ("v", "w"),
    ("i", "j"), ("head", "tail"), ("tail", "head"), ("start", "end"), ("begin", "end"),
    ("origin", "destination"), ("origin", "dest"), ("citing", "cited"), ("sender", "receiver"),
    ("sender", "recipient"), ("follower", "followee"), ("follower", "followed"),
    ("user", "friend"), ("parent", "child"), ("ego", "alter"), ("row", "col"), ("row", "column"),
    ("left", "right"), ("person", "friend"), ("node", "neighbor"), ("node", "neighbour"),
    ("author", "coauthor"), ("name", "friend"), ("predator", "prey"),
    ("von", "nach"), ("quelle", "ziel"),
}  # fmt: skip
_NUMBERED = {("1", "2"), ("a", "b"), ("0", "1"), ("x", "y"), ("one", "two"), ("first", "second")}
_COORDINATES = [["x", "y"], ["lat", "lon"], ["lat", "lng"], ["lon", "lat"], ["lng", "lat"],
                ["latitude", "longitude"], ["longitude", "latitude"]]  # fmt: skip
_OF_VERTICES = {"label", "name", "labels", "names"}
_FIRST = {"source", "src", "from", "origin", "quelle", "von"}
_SECOND = {"target", "tgt", "to", "dst", "dest", "destination", "ziel", "nach"}
_OF_ENDS = {"id", "ids", "name", "node", "vertex", "no", "nr", "number", "index", "key", "code"}
_VERTEX = {"id", "ids", "name", "names", "node", "nodes", "vertex", "label", "key"}
_OF_EDGES = {"weight", "value", "count", "amount", "distance", "length", "cost", "capacity", "flow",
             "volume", "score", "time", "date", "year"}  # fmt: skip


@dataclass
class Columns:
    """Where the edges of a table are.

    Attributes:
        heading: the words above the columns, or ``None``.
        source: the column of the first end.
        target: the column of the second end.
        known: whether the heading, or the user, named the two.
        guessed: whether the first line is a heading by its looks alone.
        index: whether column 0 numbers the rows.
        doubtful: whether a third column is called like an end: ``u, v, w``.
        weight: the column of lengths that the user named.
    """

    heading: list[str] | None = None
    source: int = 0
    target: int = 1
    known: bool = False
    guessed: bool = False
    index: bool = False
    doubtful: bool = False
    weight: int | None = None

    def name(self, j: int) -> str:
        """What column ``j`` is called in a message."""
        words = self.heading
        return words[j] if words and j < len(words) and words[j] else str(j + 1)


def find_pair(heading: Sequence[str]) -> tuple[int, int] | None:
    """The two columns that a heading calls source and target, from and to, or alike."""
    found = _pairs(heading)
    return found[0] if found else None


def _pairs(heading: Sequence[str]) -> list[tuple[int, int]]:
    if len(heading) > 1000:
        return []
    often = Counter(word.lower() for word in heading)
    tokens = [_tokens(word) if often[word.lower()] == 1 else [] for word in heading]
    found = []
    for plain in (True, False):  # 'source' before 'source id'
        for i, first in enumerate(tokens):
            for j, second in enumerate(tokens):
                fits = (len(first) == 1) == plain and _are_a_pair(first, second)
                if fits and (plain or not _goes_on(tokens, i, j)):
                    found.append((i, j))
    if not found:  # 'source' and 'target id'
        one, two = (
            [i for i, own in enumerate(tokens) if _is_end(own, side)] for side in (_FIRST, _SECOND)
        )
        found = [(one[0], two[0])] if len(one) == len(two) == 1 else []
    return found


def _is_end(tokens: list[str], side: set[str]) -> bool:
    """Whether a heading is a word for one end of an edge, with 'id' or the like beside it."""
    telling = [token for token in tokens if token not in _OF_ENDS]
    return len(telling) == 1 and telling[0] in side


def _goes_on(tokens: list[list[str]], i: int, j: int) -> bool:
    """Whether a third column is called as the two are: ``v1, v2, v3`` are no edges."""
    differ = [k for k, (a, b) in enumerate(zip(tokens[i], tokens[j], strict=True)) if a != b]
    alike = [t for t in tokens if len(t) == len(tokens[i])]
    rest = [[word for k, word in enumerate(t) if k not in differ] for t in alike]
    own = [word for k, word in enumerate(tokens[i]) if k not in differ]
    return rest.count(own) > 2


def _tokens(word: str) -> list[str]:
    """The parts of a heading in lower case: ``FromNodeId`` is from, node, id."""
    parts = re.findall(r"[A-Z]+(?![a-zà-ÿ])|[A-Z]?[^\W\d_A-Z]+|\d+", word)
    if len(parts) == 1:
        ends = re.fullmatch(
            r"(source|target|from|to|src|dst|destination)(node|vertex)?(id|name)?", parts[0].lower()
        )
        if ends:
            return [part for part in ends.groups() if part]
    return [part.lower() for part in parts]


def _are_a_pair(first: list[str], second: list[str]) -> bool:
    if len(first) != len(second):
        return False
    differ = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
    if len(differ) != 1:
        return False
    return differ[0] in _PAIRS or (differ[0] in _NUMBERED and bool(_stem(first, second)))


def _stem(first: list[str], second: list[str]) -> list[str]:
    """The words that two headings share."""
    return [a for a, b in zip(first, second, strict=True) if a == b and not a.isdigit()]


def find_columns(table: Table, reading: Reading) -> Columns:
    """Find the heading, take it out of the rows, and choose the columns of the two ends.

    Raises:
        ValueError: the first line may be a heading or an edge, or columns cannot be told.
    """
    rows = table.rows
    asked = [reading.source, reading.target, reading.weight]
    by_name = [word for word in asked if word is not None and not word.isdigit()]
    first = rows[0]
    if reading.heading is False or len(rows) < 1:
        columns = Columns()
        if by_name:
            raise ValueError(f"--no-heading must come with numbers of columns, got {by_name[0]!r}.")
    elif by_name:
        heading = _aligned(table)
        pairs = _pairs(heading)
        columns = Columns(heading, *pairs[0], known=True) if pairs else Columns(heading)
        columns = _take_heading(table, columns)
    else:
        columns = _heading_of(table, asked=bool(reading.source and reading.target))
    if reading.source or reading.target or reading.weight:
        width = max(map(len, table.rows), default=len(first))
        find = _finder(columns.heading, width)
        if reading.source or reading.target:
            columns.source, columns.target = _asked_ends(reading, columns, find)
            columns.known = True
        if reading.weight:
            columns.weight = find("--weight", reading.weight)
    return columns


def _asked_ends(
    reading: Reading, columns: Columns, find: Callable[[str, str], int]
) -> tuple[int, int]:
    source = find("--source", reading.source) if reading.source else None
    target = find("--target", reading.target) if reading.target else None
    if source is None:
        source = columns.source if columns.source != target else columns.target
    if target is None:
        target = columns.target if columns.target != source else columns.source
    if source == target:
        raise ValueError(f"--source and --target must differ, got {reading.source!r} twice.")
    return source, target


def _finder(heading: list[str] | None, width: int) -> Callable[[str, str], int]:
    """The function that finds the column which an option names."""

    def find(option: str, word: str) -> int:
        exact = [j for j, name in enumerate(heading or []) if name == word]
        alike = [j for j, name in enumerate(heading or []) if name.lower() == word.lower()]
        for places in (exact, alike):
            if len(places) == 1:
                return places[0]
        if word.isdigit() and 1 <= int(word) <= width:
            return int(word) - 1
        names = ", ".join(repr(name[:30]) for name in (heading or [])[:8])
        has = f"the headings are {names}" if heading else f"there are {width} columns, no heading"
        raise ValueError(f"{option} must be a column of the file, got {word!r}: {has}.")

    return find


def _aligned(table: Table) -> list[str]:
    """The first line; one that is shorter by one has no word above the names of the rows.

    Names of rows differ from each other. Between commas they are numbers too: elsewhere the field
    too many comes of a comma in a name, or of one in a number.
    """
    first, *body = table.rows
    if body and all(len(row) == len(first) + 1 for row in body):
        names = [row[0] for row in body]
        numbered = all(name.isdigit() for name in names)
        if len({*names}) == len(names) and (numbered or table.delimiter in " \t"):
            return ["", *first]
    return first


def _take_heading(table: Table, columns: Columns) -> Columns:
    table.rows, table.lines = table.rows[1:], table.lines[1:]
    assert columns.heading is not None
    width = len(columns.heading)
    for line, row in zip(table.lines, table.rows, strict=True):
        if len(row) > width and any(row[width:]):
            raise ValueError(
                f"line {line} must have as many fields as the heading, {width}, got {len(row)}: "
                f"{', '.join(map(repr, row))[:80]}. Quote names that hold the separator; give "
                "numbers a decimal point; or say --no-heading if the first line is data."
            )
    return columns


def _heading_of(table: Table, asked: bool) -> Columns:
    rows = table.rows
    first = _aligned(table)
    body = rows[1:]
    shifted = len(first) > len(rows[0])
    pairs = _pairs(first)
    if shifted and not pairs and not (table.quoted and _numbers_the_rows(body)):
        first, shifted = rows[0], False
        pairs = _pairs(first)
    if pairs and _is_heading(table, first, pairs[0]):
        _require_one_pair(first, pairs)
        return _take_heading(
            table,
            Columns(
                first,
                *pairs[0],
                known=True,
                index=first[0] == "" and _numbers_the_rows(body),
                doubtful=any(i == pairs[0][1] for i, _ in pairs),
            ),
        )
    if any(is_number(word) for word in first) and first[0] != "":
        return Columns()
    ends = [j for j, word in enumerate(first) if _is_end(_tokens(word), _FIRST | _SECOND)]
    if ends and len(first) > 1 and not any(first[j] in row for j in ends for row in body):
        if asked:
            return _take_heading(table, Columns(first, guessed=True))
        raise _one_end(table, first, ends)
    if not body:
        return Columns()
    if first[0] == "" and all(first[1:]) and len(first) > 2:  # pandas names the rows
        index = _numbers_the_rows(body)
        if index or first[1:] == [row[0] for row in body]:
            return _take_heading(table, Columns(first, 1, 2, guessed=True, index=index))
        return Columns()
    if _is_above_numbers(first, body):
        return _take_heading(table, Columns(first, guessed=True))
    return Columns()


def _one_end(table: Table, first: list[str], ends: list[int]) -> ValueError:
    named = ", ".join(repr(first[j]) for j in ends)
    return ValueError(
        f"line {table.lines[0]}: the headings {', '.join(map(repr, first))[:80]} must name the two "
        f"ends of the edges, once each, got {named}. Name the columns, --source COLUMN --target "
        "COLUMN, or say --no-heading if the line is an edge."
    )


def _is_heading(table: Table, first: list[str], pair: tuple[int, int]) -> bool:
    """Whether words such as 'source target' are no names: none of them is met below."""
    body, (i, j) = table.rows[1:], pair
    if first[i] == first[j]:
        return False
    one, two = _tokens(first[i]), _tokens(first[j])
    alike = len(one) == len(two)
    if not body:  # of a table without lines; 'u v' and 'n1 n2' are edges
        known = not alike or any(pair in _PAIRS for pair in zip(one, two, strict=True))
        return len(first[i]) > 1 and known
    met = {row[k] for row in body for k in (i, j) if k < len(row)}
    if first[i] in met or first[j] in met:
        return False
    numbered = alike and any(pair in _NUMBERED for pair in zip(one, two, strict=True))
    if numbered:  # n1 n2 may be an edge
        stem = set(_stem(one, two))
        if any(stem.intersection(_tokens(name)) for name in met):
            return False
    letters = len(first[i]) == 1 and len(first[j]) == 1 and len(first) < 3
    if letters and max(map(len, met), default=0) < 3 and not all(map(is_number, met)):
        raise ValueError(
            f"line {table.lines[0]}: '{first[i]} {first[j]}' may be a heading or an edge. Say "
            f"--no-heading, or name the columns: --source {first[i]} --target {first[j]}."
        )
    return True


def _require_one_pair(heading: list[str], pairs: list[tuple[int, int]]) -> None:
    single = [pair for pair in pairs if len(_tokens(heading[pair[0]])) == 1]
    chain = len(pairs) == 2 and pairs[0][1] == pairs[1][0]  # u, v, w
    if len(pairs) > 1 and len(single) != 1 and not chain:
        (a, b), (c, d) = pairs[:2]
        raise ValueError(
            f"the columns of the edges must be clear, got {heading[a]!r}, {heading[b]!r} and "
            f"{heading[c]!r}, {heading[d]!r}. Choose them with --source and --target."
        )


def _numbers_the_rows(body: list[list[str]]) -> bool:
    """Whether the first column counts the rows, from 0 or from 1."""
    firsts = [row[0] for row in body]
    return any(firsts == [str(i) for i in range(s, s + len(firsts))] for s in (0, 1))


def _is_above_numbers(first: list[str], body: list[list[str]]) -> bool:
    """Whether words stand above a column of nothing but numbers."""
    if any(word in row[:2] for word in first[:2] for row in body):
        return False
    for j, word in enumerate(first):
        if word and not is_number(word) and word.lower() not in MISSING:
            cells = {row[j] for row in body if len(row) > j}
            if cells - {""} and all(is_number(c) or c.lower() in MISSING for c in cells):
                return True
    return False


def refuse_other_tables(columns: Columns) -> None:
    """Raise ``ValueError`` where the heading speaks of coordinates or of vertices."""
    if columns.heading is None or columns.known:
        return
    words = [" ".join(_tokens(word)) for word in columns.heading]
    for pair in _COORDINATES:
        if any(words[i : i + 2] == pair for i in range(len(words) - 1)):
            raise ValueError(
                f"line 1: {', '.join(columns.heading)[:60]!r} looks like coordinates. Read them "
                "with --format points --max-edge-length R, or edges with --format edges."
            )
    odd = [words[j] for j in (columns.source, columns.target) if j < len(words)
           and set(words[j].split()) & _OF_EDGES]  # fmt: skip
    if odd:
        raise ValueError(
            f"line 1: the headings {', '.join(map(repr, columns.heading))[:80]} must name the two "
            f"ends of edges, got {odd[0]!r} as one. Name the columns, --source COLUMN --target "
            "COLUMN."
        )
    first, second = (words[j] if j < len(words) else "" for j in (columns.source, columns.target))
    labels = _OF_VERTICES.intersection(second.split()[-1:])
    if labels or (first in _VERTEX and second not in _VERTEX):
        raise ValueError(
            f"line 1: {', '.join(columns.heading)[:60]!r} looks like a table of vertices, not of "
            "edges. Give it beside a table of edges, as --nodes FILE; if it holds edges, name "
            "their columns with --source and --target."
        )
