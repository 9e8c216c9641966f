"""What the data sets refuse in the same words: numbers of vertices, and files that are absent."""

from pathlib import Path

import numpy as np
import torch

from simplex.complexes import require_int, require_memory


def require_integer(name: str, value: object, least: int) -> None:
    """An integer of Python or of numpy, as they come out of arithmetic with arrays."""
    require_int(name, int(value) if isinstance(value, np.integer) else value, least)


def require_graph_room(num_vertices: int, num_edges: int, num_bytes: int = 0) -> None:
    """Ask before a networkx graph is built, of about 500 bytes an edge, and tables for it."""
    what = f"the graph of {num_vertices} vertices and {num_edges} edges"
    need = num_bytes + 500 * (num_vertices + num_edges)
    require_memory(need, torch.device("cpu"), what, "Ask for a smaller one.")


def require_range(numbers: tuple[int, int], least: int) -> tuple[int, int]:
    """The least and the largest of a range of numbers of vertices."""
    low, high = numbers
    if low < least or high < low:
        raise ValueError(
            f"the number of vertices must have a range from at least {least} upwards, got "
            f"{low} … {high}."
        )
    return low, high


def require_file(path: Path, what: str) -> None:
    """Raise ``ValueError`` with the remedy where a file of data is absent."""
    if not path.is_file():
        raise ValueError(
            f"{what} must be in {path}, got no such file. Pass the root that holds {path.name}, or "
            "set SIMPLEX_DATA to the folder of all data."
        )
