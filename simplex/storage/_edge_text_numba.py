"""The compiled reader of edges as lines of text."""

from numba.extending import register_jitable

from simplex.complexes import INT64S, compiled
from simplex.storage._edge_text import FULL, LARGE, LINE, NEGATIVE, NO_EDGE, READ, WIDTH


@register_jitable
def _is_space(byte):  # type: ignore[no-untyped-def]
    return byte == 32 or byte == 9 or byte == 13  # blank, tab, carriage return


@register_jitable
def _after_spaces(text, i):  # type: ignore[no-untyped-def]
    while _is_space(text[i]):
        i += 1
    return i


@register_jitable
def _after_word(text, i, separator):  # type: ignore[no-untyped-def]
    while text[i] != LINE and not (_is_space(text[i]) if separator == 32 else text[i] == separator):
        i += 1
    return i


@register_jitable
def _number(text, i, largest):  # type: ignore[no-untyped-def]
    """The number at a place, quoted or not, or minus why there is none; the place behind it."""
    quote = text[i]
    quoted = quote == 34 or quote == 39
    i += quoted
    if text[i] == 45:
        return -NEGATIVE, i
    value, begin = 0, i
    while 48 <= text[i] <= 57:
        value = value * 10 + (text[i] - 48)
        i += 1
        if value > largest:
            return -LARGE, i
    if i == begin or (quoted and text[i] != quote):
        return -NO_EDGE, i
    return value, i + quoted


@compiled(f"UniTuple(int64, 2)(uint8[::1], {6 * 'int64, '} uint64[::1], {INT64S})")
def parse_edges(  # type: ignore[no-untyped-def]
    text, stop, first, second, width, separator, largest, keys, counts
):
    """Read lines until ``stop``, each of which ends in a newline, into ``keys``.

    ``counts`` are edges, loops, lines, and the largest id. Returns where and why reading ended.
    """
    edge, i = 0, 0
    while i < stop:
        begin = i
        i = _after_spaces(text, i)
        if text[i] == LINE or text[i] == 35 or text[i] == 37:  # nothing, or # or %
            while text[i] != LINE:
                i += 1
            i += 1
            counts[2] += 1
            continue
        if edge == len(keys):
            return begin, FULL
        column, u, v = 0, 0, 0
        while True:
            if column in (first, second):
                value, i = _number(text, i, largest)
                if value < 0:
                    return begin, -value
                if column == first:
                    u = value
                else:
                    v = value
            else:
                i = _after_word(text, i, separator)
            column += 1
            behind = i
            i = _after_spaces(text, i)
            if i > behind and (text[i] == 35 or text[i] == 37):  # a comment behind the edge
                while text[i] != LINE:
                    i += 1
            if text[i] == LINE:
                break
            if separator == 32:
                separated = i > behind
            else:
                separated = text[i] == separator
                i = _after_spaces(text, i + 1)
            if not separated:
                return begin, NO_EDGE
            if text[i] == LINE:  # an empty column behind a comma
                column += 1
                break
        if column != width:
            return begin, WIDTH
        i += 1
        counts[2] += 1
        counts[3] = max(counts[3], u, v)
        if u == v:
            counts[1] += 1
        else:
            keys[edge] = (min(u, v) << 32) | max(u, v)
            edge += 1
            counts[0] += 1
    return i, READ
