"""BREC: four hundred pairs of graphs that are no isomorphic ones, from easy to hopeless."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simplex.complexes import shown
from simplex.datasets._checks import require_file
from simplex.datasets._files import UNREADABLE, refused
from simplex.datasets._pairs import GraphPair
from simplex.datasets._root import data_root
from simplex.interop import read_graph6


BREC = {  # category: its file and its number of pairs, in the order of the published numbering
    "basic": ("basic", 60),
    "regular": ("regular", 50),
    "strongly regular": ("str", 50),
    "extension": ("extension", 100),
    "cfi": ("cfi", 100),
    "4-vertex condition": ("4vtx", 20),
    "distance regular": ("dr", 20),
}


def brec(
    root: str | Path | None = None, *, categories: Sequence[str] | None = None
) -> dict[str, list[GraphPair]]:
    """The 400 pairs of graphs of BREC, on which the strength of tests and networks is measured.

    No pair is isomorphic, and none is told apart by WL. By category: 60 basic pairs of ten
    vertices, 50 regular, 50 strongly regular, 100 extension (three substructures beyond WL), 100
    CFI (up to 4-WL), 20 that satisfy the 4-vertex condition, 20 distance regular.

    Args:
        root: the folder of the seven files ``basic.npy``, ``regular.npy``, ``str.npy``,
            ``extension.npy``, ``cfi.npy``, ``4vtx.npy`` and ``dr.npy``; ``None`` for ``brec/`` in
            the folder that the environment variable ``SIMPLEX_DATA`` names, else
            ``~/.cache/simplex/brec``.
        categories: which of them; ``None`` for all. One file is read for each.

    Returns:
        For each category, in the order of the published numbering 0 … 399, its pairs
        ``(name, first, second)``, named ``"cfi 0"`` …, the graphs as networkx has them.

    Raises:
        ValueError: another category, a file that is absent or is not the published one. Files are
            arrays of text; one that holds pickled objects is refused, since these can run code.

    Paper:
        Wang & Zhang, "An empirical study of realized GNN expressiveness", ICML 2024; the files are
        ``customize/Data/raw`` of github.com/GraphPKU/BREC.

    Example:
        >>> pairs = brec(categories=["basic"])["basic"]  # doctest: +SKIP
        >>> pairs[0].first.number_of_nodes()  # doctest: +SKIP
        10
    """
    if isinstance(categories, str):
        raise TypeError(f'categories must be a list such as ["{categories}"], got a string.')
    chosen = list(BREC if categories is None else categories)
    for category in chosen:
        if category not in BREC:
            known = ", ".join(map(repr, BREC))
            raise ValueError(f"categories must be among {known}, got {shown(category)}.")
    folder = data_root("brec", root)
    return {category: _pairs(folder, category) for category in BREC if category in chosen}


def _pairs(folder: Path, category: str) -> list[GraphPair]:
    stem, count = BREC[category]
    place = folder / f"{stem}.npy"
    what = f"the {category} pairs of BREC"
    require_file(place, what)
    try:
        graphs = read_graph6(_lines(place))
    except UNREADABLE as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        raise refused(place, what, f"got one that cannot be read ({reason})") from error
    if len(graphs) != 2 * count:
        raise refused(place, what, f"got {len(graphs)} graphs for {2 * count}")
    pairs = zip(graphs[0::2], graphs[1::2], strict=True)
    return [GraphPair(f"{category} {i}", *pair) for i, pair in enumerate(pairs)]


def _lines(place: Path) -> list[str]:
    """The graphs as text, two consecutive ones a pair; some files have them as bytes."""
    codes: np.ndarray[Any, Any] = np.load(place, allow_pickle=False)
    if codes.dtype.kind not in "SU":
        raise ValueError(f"an array of {codes.dtype}, not of text")
    return [str(code) for code in codes.astype(np.str_).ravel()]
