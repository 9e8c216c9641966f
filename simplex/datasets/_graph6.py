"""Families of strongly regular graphs from files of graph6 codes."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from simplex.datasets._root import data_root, require_file


def strongly_regular_family(name: str | Path, root: str | Path | None = None) -> list[Any]:
    """All graphs of a family of strongly regular graphs, one per line of a graph6 file.

    Args:
        name: ``"SR(25,12,5,6)"`` for the file ``root/sr251256.g6``, the parameters (n, d, λ, μ)
            written one after the other; or a path that ends in ``.g6``.
        root: the folder of the named files; ``None`` for ``sr/`` in the folder that the environment
            variable ``SIMPLEX_DATA`` names, else ``~/.cache/simplex/sr``.

    Returns:
        networkx graphs on 0 … n-1, in the order of the file.

    Raises:
        ValueError: the name is none of these, there is no file, a line is no graph in graph6, or a
            graph of a named family does not have its parameters.

    Example:
        >>> import networkx as nx
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     nx.write_graph6(nx.cycle_graph(5), Path(folder, "sr5201.g6"))
        ...     strongly_regular_family("SR(5,2,0,1)", folder)[0].number_of_edges()
        5
    """
    parameters = None
    if Path(name).suffix == ".g6":
        place = Path(name)
    else:
        digits = re.fullmatch(r"SR\((\d+), *(\d+), *(\d+), *(\d+)\)", str(name))
        if digits is None:
            raise ValueError(
                f"name must be parameters such as 'SR(16,6,2,2)' or the path of a .g6 file, got "
                f"{str(name)!r}."
            )
        parameters = tuple(int(each) for each in digits.groups())
        place = data_root("sr", root) / f"sr{''.join(digits.groups())}.g6"
    require_file(place, f"the graphs of {name}")
    graphs = _read_graph6(place)
    for number, graph in enumerate(graphs, start=1):
        if parameters is not None and not _is_strongly_regular(graph, *parameters):
            raise ValueError(
                f"the graphs in {place} must be strongly regular with the parameters {parameters}, "
                f"got another one in place {number}."
            )
    return graphs


def _read_graph6(place: Path) -> list[Any]:
    import networkx as nx

    graphs = []
    for number, line in enumerate(place.read_bytes().splitlines(), start=1):
        code = line.strip().removeprefix(b">>graph6<<")
        if code:
            try:
                graphs.append(nx.from_graph6_bytes(code))
            except (nx.NetworkXError, ValueError, IndexError) as error:
                raise ValueError(
                    f"line {number} of {place} must be a graph in graph6, got {code[:30]!r}."
                ) from error
    if not graphs:
        raise ValueError(f"{place} must hold at least one graph in graph6, got none.")
    return graphs


def _is_strongly_regular(graph: Any, n: int, d: int, common: int, apart: int) -> bool:
    r"""Whether :math:`A^2 = d I + λ A + μ (J - I - A)` with λ = ``common`` and μ = ``apart``."""
    import networkx as nx

    adjacent = nx.to_numpy_array(graph, dtype=np.int64)
    identity, others = np.eye(len(adjacent), dtype=np.int64), 1 - adjacent
    wanted = d * identity + common * adjacent + apart * (others - identity)
    return len(adjacent) == n and np.array_equal(adjacent @ adjacent, wanted)
