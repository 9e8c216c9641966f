"""From text to rows of fields: comments, quotes and the separator, decided once for the file."""

import csv
import re
from dataclasses import dataclass, field

from simplex.io._options import Reading
from simplex.io._tables.foreign import refuse_other_formats, refuse_two_sides
from simplex.io._tables.separator import NAMES, choose, splitter


_ATTRIBUTES = re.compile(r"(?:^|[\s,;])[\s,;]*\{\s*(?:\}|['\"\w-].*:.*\})\s*$")
_TUPLE = r"\((?:[^()]|\([^()]*\))*\)"
_TWO_TUPLES = re.compile(rf"\s*({_TUPLE})[\s,;]+({_TUPLE})(?:[\s,;]+(.*))?$")


@dataclass
class Table:
    """Rows of fields that are stripped and unquoted.

    Attributes:
        rows: the fields of each line that holds data; lengths may differ.
        lines: their line numbers in the file, from 1.
        delimiter: what separates the fields; ``" "`` for blanks, ``""`` for tuples.
        left: what was left out, for the user.
        quoted: whether the first line had quotes.
        of_edges: whether a comment of KONECT's says that the lines are edges.
    """

    rows: list[list[str]]
    lines: list[int]
    delimiter: str
    left: list[str] = field(default_factory=list)
    quoted: bool = False
    of_edges: bool = False

    @property
    def separator(self) -> str:
        """The separator in words."""
        return NAMES.get(self.delimiter, repr(self.delimiter)) if self.delimiter else "tuples"


def read_table(text: str, reading: Reading) -> Table:
    """Split a text into rows.

    Raises:
        ValueError: two readings fit, or none; the message names the option that decides.
    """
    try:
        return _table_of(text, reading)
    except csv.Error as error:  # where a line was looked at before all were split
        raise ValueError(
            f"quotes must be closed on their line, got others ({error}). Write two for one that "
            "belongs to a name."
        ) from None


def _table_of(text: str, reading: Reading) -> Table:
    lines = text.split("\n")
    numbers = [i for i, line in enumerate(lines) if line and not line.isspace()]
    lines, numbers = [lines[i] for i in numbers], [i + 1 for i in numbers]
    delimiter = reading.delimiter
    if lines and (named := re.fullmatch(r"\s*\"?sep=(.|\\t)\"?\s*", lines[0], re.IGNORECASE)):
        delimiter = delimiter or ("\t" if named[1] == "\\t" else named[1])
        lines, numbers = lines[1:], numbers[1:]
    remarks: list[tuple[int, str]] = []
    marks = tuple(reading.comments)
    if marks and any(mark in text for mark in marks):
        starts = [line.lstrip().startswith(marks) for line in lines]
        remarks = [(n, s) for n, s, is_one in zip(numbers, lines, starts, strict=True) if is_one]
        numbers = [n for n, is_one in zip(numbers, starts, strict=True) if not is_one]
        lines = [s for s, is_one in zip(lines, starts, strict=True) if not is_one]
    refuse_other_formats(lines)
    if reading.format is None:
        refuse_two_sides(remarks)
    left: list[str] = []
    if "{" in text:
        lines = _without_attributes(lines, numbers, left)
    table = _tuples(lines, numbers) if delimiter is None and lines[:1] != [] else None
    if table is None:
        cut = _without_trailing_comments(lines) if "#" in marks and "#" in text else lines
        if delimiter is None:
            delimiter, lines = choose(lines, cut, numbers)
        elif delimiter == " ":
            lines = cut
        rows = _split(lines, numbers, delimiter)
        table = Table(rows, numbers, delimiter, quoted='"' in lines[0] if lines else False)
        if reading.delimiter is None:
            _require_clean_fields(table)
            if delimiter == " " and reading.format in (None, "edges"):
                _require_no_dash_column(table)
    table.left = left
    table.of_edges = bool(remarks) and re.match(r"%\s*a?sym\s+\w+", remarks[0][1]) is not None
    _drop_empty_columns(table)
    _require_clear_comments(table, remarks)
    return table


# --- comments and attributes ----------------------------------------------------------------------


def _without_trailing_comments(lines: list[str]) -> list[str]:
    return [_before_comment(line) if "#" in line else line for line in lines]


def _before_comment(line: str) -> str:
    """What stands before a blank and ``#``, which begin no comment between quotes."""
    quoted = line.count('"') % 2 == 0
    for mark in re.finditer(r"\s#", line):
        if not quoted or line[: mark.start()].count('"') % 2 == 0:
            return line[: mark.start()]
    return line


def _require_clear_comments(table: Table, remarks: list[tuple[int, str]]) -> None:
    """Refuse lines such as ``#tag,other``, which may be edges, beside rows of the same shape."""
    if not table.rows:
        _require_no_lost_data(remarks)
        return
    suspects = [(n, line) for n, line in remarks if re.match(r"\s*[#%][^\s#%!]", line)]
    if not suspects:
        if any(line.strip() == "#" and table.lines[0] < n < table.lines[-1] for n, line in remarks):
            number = next(n for n, line in remarks if line.strip() == "#" and n > table.lines[0])
            raise ValueError(
                f"line {number}: '#' between lines of data may separate vertices from edges "
                "(Trivial Graph Format). Keep the edges alone."
            )
        return
    widths = {len(row) for row in table.rows}
    ends: set[str] = set()
    for row in table.rows:
        ends.update(row[:2])
    if all(re.fullmatch(r"-?\d+", end) for end in ends):
        return  # numbers are never called '#1'
    for number, line in suspects:
        fields = splitter(table.delimiter)(line)
        known = any(name in ends or name.lstrip("#%") in ends for name in fields[:2])
        after = number > table.lines[0]
        if len(fields) > 1 and len(fields) in widths and (known or after):
            raise ValueError(
                f"line {number}: {line.strip()[:40]!r} may be a comment or data. Put a blank after "
                "the mark of a comment, or read it as data with --comments none."
            )


def _require_no_lost_data(remarks: list[tuple[int, str]]) -> None:
    if remarks and all(
        re.match(r"\s*[#%]\w[^\s,;]*\s*[\s,;]\s*[#%]?\w\S*$", s) for _, s in remarks
    ):
        raise ValueError(
            f"must hold data, got comments alone. If {remarks[0][1].strip()[:40]!r} is data, give "
            "--comments none."
        )


def _without_attributes(lines: list[str], numbers: list[int], left: list[str]) -> list[str]:
    """Cut the dictionaries off that networkx writes behind an edge."""
    result = []
    found = False
    for number, line in zip(numbers, lines, strict=True):
        cut = line
        if "{" in line and (match := _ATTRIBUTES.search(line)):
            cut, found = line[: match.start()], True
            if not re.search(r"\S[\s,;]+\S", cut):
                raise ValueError(
                    f"line {number}: an edge must have two ends before its attributes, got "
                    f"{line[:40]!r}. Save the graph as an edge list, 'u v' a line."
                )
        elif line.count("{") != line.count("}"):
            raise ValueError(
                f"line {number}: attributes in braces must end on their line, got {line[:40]!r}. "
                "Save the edges without them."
            )
        result.append(cut)
    if found:
        left.append("attributes in braces ignored")
    return result


# --- fields ---------------------------------------------------------------------------------------


def _tuples(lines: list[str], numbers: list[int]) -> Table | None:
    """Names that are tuples, ``(0, 1) (0, 2)``, where every line has two of them."""
    if not lines[0].lstrip().startswith("("):
        return None
    rows = []
    for line in lines:
        match = _TWO_TUPLES.match(line)
        if match is None:
            return None
        rows.append([match[1], match[2], *(match[3] or "").split()])
    return Table(rows, numbers, "")


def _split(lines: list[str], numbers: list[int], delimiter: str) -> list[list[str]]:
    split = splitter(delimiter)
    if not any('"' in line or "'" in line for line in lines):
        if delimiter == " " and all(map(str.isascii, lines)):
            return [line.split() for line in lines]
        return [split(line) for line in lines]
    rows = []
    for number, line in zip(numbers, lines, strict=True):
        try:
            rows.append(split(line))
        except csv.Error as error:
            raise ValueError(
                f"line {number}: quotes must be closed before the next separator, got "
                f"{line[:40]!r} ({error}). A name may not go on in the next line."
            ) from None
    if delimiter == " ":
        _require_closed_quotes(rows, numbers)
    return rows


def _require_closed_quotes(rows: list[list[str]], numbers: list[int]) -> None:
    for number, row in zip(numbers, rows, strict=True):
        for quote in ("'", '"'):
            opened = [part for part in row if part[:1] == quote and part[1:].count(quote) == 0]
            closed = [part for part in row if part[-1:] == quote and part[:-1].count(quote) == 0]
            if opened and (closed or quote == '"'):
                raise ValueError(
                    f"line {number}: names with blanks must stand in double quotes, got "
                    f"{' '.join(row)[:40]!r}."
                )


def _drop_empty_columns(table: Table) -> None:
    """Columns and lines without any value, as spreadsheets leave them."""
    rows = table.rows
    width = max(map(len, rows), default=0)
    if width < 2 or all(map(all, rows)):
        return
    blank = [not any(row) for row in rows]
    if any(blank):
        table.lines = [line for line, is_one in zip(table.lines, blank, strict=True) if not is_one]
        rows = table.rows = [row for row, is_one in zip(rows, blank, strict=True) if not is_one]
    kept = [j for j in range(width) if any(len(row) > j and row[j] for row in rows)]
    if len(kept) < width and len(kept) > 0:
        table.rows = [[row[j] for j in kept if j < len(row)] for row in rows]


def _require_clean_fields(table: Table) -> None:
    """Refuse fields in which another separator seems to have been at work."""
    firsts = dict.fromkeys([row[0] for row in table.rows])
    seconds = dict.fromkeys([row[1] for row in table.rows if len(row) > 1])
    ends = {end: None for end in (firsts | seconds) if not end.isalnum()}
    _require_whole_brackets(table, set(ends))
    for mark, what in ((" ", "a blank"), (",", "','"), (";", "';'"), ("|", "'|'")):
        if mark == table.delimiter or any(mark in end for end in firsts):
            continue
        for end in seconds:
            if mark in end and any(part.strip() in firsts for part in end.split(mark)):
                raise _unclear(table, end, f"{what} may separate names or belong to one")
    for end in ends:
        if end[-1:] in ",;" and len(end) > 1 and table.delimiter == " ":
            raise _unclear(table, end, f"a name ends in {end[-1]!r}")
        if table.delimiter == " " and re.fullmatch(r"\d+:-?[\d.]+", end):
            raise _unclear(table, end, "a colon stands between two numbers")
        if table.delimiter != " " and re.fullmatch(r"-?[\d.]+(\s+-?[\d.]+)+", end):
            raise _unclear(table, end, "two separators are at work")
        if re.search(r"(^|\s)(<?[-=~]+>|<?--+|<[-=]+|[→←↔—|])(\s|$)|\w(->|--+|=>|→|↔)\w", end):
            raise _unclear(table, end, "an arrow stands between two names")


def _require_whole_brackets(table: Table, ends: set[str]) -> None:
    """Refuse brackets that are closed in their line and not in a name."""
    for a, b in ("()", "[]", "{}"):
        broken = {end for end in ends if (a in end or b in end) and end.count(a) != end.count(b)}
        for row in table.rows if broken else []:
            if not broken.isdisjoint(row[:2]):
                line = "".join(row)
                if line.count(a) == line.count(b):
                    end = next(end for end in row[:2] if end in broken)
                    raise _unclear(table, end, f"the separator, {table.separator}, splits brackets")


def _line_of(table: Table, end: str) -> tuple[int, list[str]]:
    pairs = zip(table.lines, table.rows, strict=True)
    return next((line, row) for line, row in pairs if end in row[:2])


def _require_no_dash_column(table: Table) -> None:
    marks = {"-", ":", "|", "~", "to", "and", "with", "is"}
    middle = {row[1] for row in table.rows if len(row) > 2}
    if middle and middle <= marks and all(len(row) != 2 for row in table.rows):
        raise _unclear(table, middle.pop(), "the same word stands between all names")
    if table.rows and all(row[0][-1:] == ":" for row in table.rows):
        raise ValueError(
            f"line {table.lines[0]}: 'name:' begins every line, as in an adjacency list. Read it "
            "with --format adjacency-list, or give --delimiter :."
        )


def _unclear(table: Table, end: str, why: str) -> ValueError:
    number, _ = _line_of(table, end)
    return ValueError(
        f"line {number}: {why}, got {end[:40]!r}. Name the separator, as in --delimiter=comma or "
        "--delimiter='->', or save 'u v' a line."
    )
