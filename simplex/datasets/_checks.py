"""What the data sets refuse in the same words: numbers of vertices, and files that are absent."""

from pathlib import Path
from typing import Any

import torch

from simplex.complexes import (
    integer_tensor,
    real_tensor,
    require_int,
    require_memory,
    require_path as require_path,
    require_real,
    shown,
)


_MOST = 2**62  # what memory refuses anyway, but in numbers that fit into 64 bits
_MOST_NOISE = 1e100  # its square is a number still


def require_integer(name: str, value: object, least: int) -> None:
    """An integer of Python or of numpy, as they come out of arithmetic with arrays."""
    require_int(name, value, least)
    require_int(name, value, most=_MOST)


def require_graph_room(num_vertices: int, num_edges: int, num_bytes: int = 0) -> None:
    """Ask before a networkx graph is built, of about 500 bytes an edge, and tables for it."""
    what = f"the graph of {num_vertices} vertices and {num_edges} edges"
    need = num_bytes + 500 * (num_vertices + num_edges)
    require_memory(need, torch.device("cpu"), what, "Ask for a smaller one.")


def require_pair(name: str, pair: Any) -> tuple[int, int]:
    """Two integers, from a tuple, a list, an array or a tensor."""
    numbers = integer_tensor(name, pair, "Give two, such as (12, 20).")
    if numbers.shape != (2,) or numbers.is_meta:
        raise ValueError(f"{name} must be two integers, such as (12, 20), got {shown(pair)}.")
    first, second = numbers.tolist()
    return first, second


def require_range(name: str, numbers: Any, least: int) -> tuple[int, int]:
    """The least and the largest of a range of numbers of vertices."""
    low, high = require_pair(name, numbers)
    if low < least or high < low:
        raise ValueError(
            f"the number of vertices must have a range from at least {least} upwards, got "
            f"{low} … {high}."
        )
    return low, high


def require_noise(name: str, value: object) -> float:
    """A standard deviation."""
    require_real(name, value, 0)
    return require_real(name, value, 0, _MOST_NOISE)


def require_floating(dtype: object) -> None:
    """A real floating dtype."""
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise TypeError(
            f"dtype must be a floating dtype such as torch.float32, got {shown(dtype)}."
        )


def require_shares(shares: Any) -> tuple[float, float, float]:
    """Three positive numbers of sum 1."""
    numbers = real_tensor("shares", shares).double()
    wrong = numbers.shape != (3,) or numbers.is_meta
    if wrong or not float(numbers.min()) > 0 or not abs(float(numbers.sum()) - 1) <= 1e-6:
        raise ValueError(f"shares must be 3 positive numbers that sum to 1, got {shown(shares)}.")
    first, second, third = numbers.tolist()
    return first, second, third


def require_density(name: str, values: Any, eigenvalues: torch.Tensor) -> torch.Tensor:
    """What a spectral density made of the eigenvalues: numbers that are no debts."""
    numbers = real_tensor(f"{name} of the eigenvalues", values)
    wrong = numbers.shape != eigenvalues.shape or numbers.is_meta
    if wrong or not bool((numbers.isfinite() & (numbers >= 0)).all()) or not bool(numbers.any()):
        raise ValueError(
            f"{name} must map eigenvalues ({len(eigenvalues)},) to as many finite variances, none "
            "negative and not all of them zero, got others."
        )
    return numbers.to(eigenvalues)


def require_edge_flows(flows: Any, num_edges: int) -> None:
    """Cochains (…, n_1, C) of floats."""
    if not isinstance(flows, torch.Tensor) or not flows.is_floating_point():
        got = flows.dtype if isinstance(flows, torch.Tensor) else type(flows).__name__
        raise TypeError(f"flows must be a tensor of floats (…, n_1, C), got {got}.")
    if flows.ndim < 2 or flows.shape[-2] != num_edges or flows.layout != torch.strided:
        raise ValueError(
            f"flows must be dense and have shape (…, n_1, C) with n_1 = {num_edges}, got "
            f"{tuple(flows.shape)}."
        )


def require_file(path: Path, what: str) -> None:
    """Raise ``ValueError`` with the remedy where a file of data is absent."""
    if not path.is_file():
        raise ValueError(
            f"{what} must be in {path}, got no such file. Pass the root that holds {path.name}, or "
            "set SIMPLEX_DATA to the folder of all data."
        )
