"""What a user may say of a file that is read."""

from dataclasses import dataclass


DEFAULT_MAX_DIM = 2  # of the lift of a graph


@dataclass(frozen=True)
class Reading:
    """What the user said about a file; what is ``None`` is decided by looking at it.

    Attributes:
        format: the name of a format, see :func:`simplex.io.formats`.
        delimiter: what stands between columns; ``" "`` for any number of blanks.
        source: column of the first end, by its heading or its number from 1.
        target: column of the second end.
        weight: column, or attribute of the edges, of the lengths.
        heading: ``False`` where the first line is none.
        comments: the characters that begin a comment.
        max_edge_length: up to which length points are joined.
        undirected: whether directions are to be forgotten.
        max_simplices: most simplices that may be built; ``None`` for what fits in memory.
        rings: up to how many vertices the rings of graphs are filled; ``None`` not to.
        values: whether what stands beside the names is kept.
        nodes: a table of vertices beside the file.
        ends: whether edges are oriented as their rows, for a table to have them so again.
    """

    format: str | None = None
    delimiter: str | None = None
    source: str | None = None
    target: str | None = None
    weight: str | None = None
    heading: bool | None = None
    comments: str = "#%"
    max_edge_length: float | None = None
    undirected: bool = False
    max_simplices: int | None = None
    rings: int | None = None
    values: bool = False
    nodes: str | None = None
    ends: bool = False
