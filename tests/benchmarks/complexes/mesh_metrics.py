"""Descriptors of meshes: degrees inside and on the boundary, angles, lengths, spectra."""

from collections.abc import Sequence

import torch
from torch import Tensor

from simplex import SimplicialComplex
from tests.benchmarks.complexes.metrics import BINS, Descriptor, f_vectors, spectra


def _degrees(K: SimplicialComplex) -> tuple[Tensor, Tensor]:
    """(n_0,) degrees, and whether a vertex is at an edge of one triangle."""
    n, edges = K.num_simplices(0), K.simplices(1)
    beside = torch.zeros(n, dtype=torch.bool)
    beside[edges[K.cofacets(1)[0].diff() == 1].flatten()] = True
    return torch.bincount(edges.flatten(), minlength=n), beside


def _shares(values: Tensor, most: int = 32) -> Tensor:
    """Cumulative shares of 0 … most - 1."""
    counts = torch.bincount(values.clamp(max=most - 1), minlength=most).double()
    return (counts / counts.sum().clamp(min=1)).cumsum(0)


def inside(complexes: Sequence[SimplicialComplex]) -> Tensor:
    """Degrees of the vertices inside."""
    return torch.stack([_shares(d[~b]) for d, b in map(_degrees, complexes)])


def beside(complexes: Sequence[SimplicialComplex]) -> Tensor:
    """Degrees of the vertices of the boundary."""
    return torch.stack([_shares(d[b]) for d, b in map(_degrees, complexes)])


def angles(complexes: Sequence[SimplicialComplex]) -> Tensor:
    """Histograms of the angle sums of triangles where all corners of a vertex are alike.

    At a vertex inside of degree d such a corner has 2π/d, at one of the boundary π/(d - 1).
    """
    rows = []
    for K in complexes:
        degree, edge = _degrees(K)
        half = torch.where(edge, 0.5 / (degree - 1).clamp(min=1), 1 / degree.clamp(min=1))
        sums = half[K.simplices(2)].sum(1).double() if K.dim >= 2 else half[:0].double()
        counts = torch.histc(sums.clamp(0, 1.5), BINS, 0, 1.5)
        rows.append((counts / counts.sum().clamp(min=1)).cumsum(0) / BINS)
    return torch.stack(rows)


def lengths(complexes: Sequence[SimplicialComplex]) -> Tensor:
    """Edges of one triangle, and vertices inside, per vertex."""
    rows = []
    for K in complexes:
        n, single = K.num_simplices(0), int((K.cofacets(1)[0].diff() == 1).sum())
        rows.append([single / n, int((~_degrees(K)[1]).sum()) / n])
    return torch.tensor(rows).double()


# name: (descriptor, the norm of differences, σ)
MESH_DESCRIPTORS: dict[str, tuple[Descriptor, float, float]] = {
    "degrees inside": (inside, 1, 1.0),
    "degrees of the boundary": (beside, 1, 1.0),
    "angle sums": (angles, 1, 0.1),
    "boundary and inside": (lengths, 2, 0.1),
    "f-vector": (f_vectors, 2, 0.3),
    "L1 spectrum": (spectra, 1, 0.1),
}
