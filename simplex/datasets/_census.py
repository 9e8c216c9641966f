"""All closed surfaces with few vertices as a data set, with their topology as labels."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    require_flag,
    require_int,
    require_memory,
    require_word,
)
from simplex.datasets._census_tables import (
    FEWEST_VERTICES,
    MOST_VERTICES,
    CensusTables,
    are_orientable,
    census_tables,
)
from simplex.datasets._one_complex import Reduce, cochains_of, require_lift
from simplex.datasets._surfaces import SURFACES, Surface
from simplex.datasets._tu import stratified_folds
from simplex.operators import subdivide


if TYPE_CHECKING:
    from simplex.data import SimplicialDataset

Target = Literal["kind", "name", "orientable", "betti_1"]

CENSUS_SURFACES: Mapping[str, Surface] = MappingProxyType(
    {
        **SURFACES,
        **{f"non-orientable genus {genus}": Surface(genus, False) for genus in (5, 6, 7)},
        "genus 3": Surface(3, True),
    }
)
"""The surfaces that have a triangulation with at most 10 vertices, those of ``SURFACES`` first."""

CENSUS_TARGETS: Mapping[Target, int] = MappingProxyType(
    {"kind": len(CENSUS_SURFACES), "name": 5, "orientable": 2, "betti_1": 7}
)  # and how many classes each has
_NAMED = ("sphere", "torus", "projective plane", "Klein bottle")
_PARTS = ("test_mask", "val_mask", "train_mask", "train_mask", "train_mask")  # of the fifths
_BYTES = 450  # of an item's tables for each triangle


def surface_census(
    max_vertices: int = MOST_VERTICES,
    root: str | Path | None = None,
    *,
    target: Target = "kind",
    max_dim: int = 2,
    reduce: Reduce = "sum",
    subdivided: bool = False,
) -> "SimplicialDataset":
    r"""All triangulated closed connected surfaces with at most 10 vertices, each once.

    Of 4, 5, …, 10 vertices there are, up to isomorphism, 1, 1, 3, 9, 43, 655 and 42,426, together
    43,138: 3,420 orientable ones and 39,718 others. They are the 2-manifolds of the collection
    MANTRA, made here by a lexicographic search of about a second, and kept on the disk.

    What can be known by counting: :math:`n_2 = 2(n_0 - χ)`, so the f-vector tells the Euler
    characteristic χ, and χ tells the surface but for tori and Klein bottles (2,229 and 4,655 with
    χ = 0), genus 2 and non-orientable genus 4 (865 and 13,694 with χ = -2), genus 3 and
    non-orientable genus 6 (20 and 1,022 with χ = -4). Who only counts, as
    :class:`simplex.nn.FVectorMLP`, is right on 92.8 % of the surfaces, on 92.8 % of
    β_1 and on 94.8 % of the five names: show such a score beside every other.

    Args:
        max_vertices: 4 … 10.
        root: folder in which the surfaces are kept, in a file of 250 kB. ``None`` for ``surfaces/``
            in the folder that the environment variable ``SIMPLEX_DATA`` names, if the file is
            there, else ``~/.cache/simplex/surfaces``.
        target: what ``y`` is. ``"kind"``: the surface, its place in ``CENSUS_SURFACES``;
            ``"name"``: 0 to 3 for sphere, torus, projective plane and Klein bottle, 4 for all
            others, the classes of MANTRA; ``"orientable"``: 0 or 1; ``"betti_1"``: 0 … 6.
        max_dim: the top dimension that is stored.
        reduce: vertices have their degree as feature; what edges and triangles have of those of
            their vertices, the ``"sum"`` or the ``"mean"``; ``None`` for the constant 1.
        subdivided: give the barycentric subdivisions instead, of six times as many triangles, by
            :func:`simplex.operators.subdivide`; labels, split and order are the same.

    Returns:
        One item per surface, by ascending number of vertices, stored as one union: ``x`` and
        ``x_k``, one channel each; int64 ``y``, ``kind``, ``genus``, ``orientable`` and
        ``euler_characteristic`` (1,), ``betti_numbers`` (1, 3) over the rationals; ``train_mask``,
        ``val_mask`` and ``test_mask`` (1,), 60 %, 20 % and 20 % of each class of ``y``, always the
        same (from 6 vertices on; fewer surfaces are not split).

    Raises:
        TypeError: a number is no integer.
        ValueError: other vertices (of 11 there are 11,590,894), an unknown target, or a stored file
            that is damaged.

    Cost:
        A second of a core to search, once, after ten seconds to compile the search; from the file
        half a second. The subdivisions take six seconds and 2 GB.

    Paper:
        Sulanke, Lutz, "Isomorphism-free lexicographic enumeration of triangulated surfaces and
        3-manifolds", European J. Combin. 2009, whose counts these are; Ballester et al., "MANTRA:
        The Manifold Triangulations Assemblage", ICLR 2025. The split by them is of other seeds.

    Example:
        >>> dataset = surface_census(8)
        >>> len(dataset), int(dataset.orientable.sum()), dataset[-1].complex.f_vector
        (57, 31, (8, 24, 16))
    """
    require_int("max_vertices", max_vertices, FEWEST_VERTICES)
    if max_vertices > MOST_VERTICES:
        raise ValueError(
            f"max_vertices must be at most {MOST_VERTICES}, got {max_vertices}. There are "
            "11,590,894 surfaces with 11 vertices; simplex.datasets.surfaces draws random ones."
        )
    require_lift(max_dim, reduce)
    require_word("target", target, tuple(CENSUS_TARGETS))
    require_flag("subdivided", subdivided)
    tables = census_tables(max_vertices, root)
    rows = len(tables.triangles) * (6 if subdivided else 1)
    what = f"the {len(tables.counts)} surfaces"
    require_memory(_BYTES * rows, torch.device("cpu"), what, "Take fewer max_vertices.")
    union, labels = _union(tables), _labels(tables)
    if subdivided:
        union = subdivide(union)
    labels = {"y": _target(labels, target), **labels}
    if len(tables.counts) >= len(_PARTS):
        labels |= _masks(labels["y"])
    degree = union.cofacets(0)[0].diff().to(torch.get_default_dtype())
    union = union.skeleton(max_dim)
    from simplex.data import SimplicialDataset

    x = cochains_of(union, degree[:, None], max_dim, reduce)
    return SimplicialDataset.from_union(union, x, max_dim=max_dim, fields=labels)


def _union(tables: CensusTables) -> SimplicialComplex:
    start = np.concatenate([[0], tables.num_vertices.cumsum()])
    triangles = tables.triangles + start[:-1].repeat(tables.counts)[:, None]
    K = SimplicialComplex.from_simplices(triangles, num_vertices=int(start[-1]))
    return K.with_parts(torch.from_numpy(start))


def _labels(tables: CensusTables) -> dict[str, Tensor]:
    """The topology of each surface: χ by counting, and whether it is orientable."""
    euler = torch.from_numpy(tables.num_vertices - tables.counts // 2)
    orientable = torch.from_numpy(are_orientable(tables)).long()
    genus = (2 - euler) // (1 + orientable)
    # the class by genus and orientability
    place = torch.full((max(kind.genus for kind in CENSUS_SURFACES.values()) + 1, 2), -1)
    for i, kind in enumerate(CENSUS_SURFACES.values()):
        place[kind.genus, int(kind.orientable)] = i
    kinds = place[genus, orientable]
    betti = torch.tensor([kind.betti_numbers for kind in CENSUS_SURFACES.values()])[kinds]
    return {
        "kind": kinds,
        "genus": genus,
        "orientable": orientable,
        "euler_characteristic": euler,
        "betti_numbers": betti,
    }


def _target(labels: Mapping[str, Tensor], target: Target) -> Tensor:
    if target == "betti_1":
        return labels["betti_numbers"][:, 1].contiguous()
    if target == "name":
        names = [_NAMED.index(name) if name in _NAMED else len(_NAMED) for name in CENSUS_SURFACES]
        return torch.tensor(names)[labels["kind"]]
    return labels[target].clone()


def _masks(y: Tensor) -> dict[str, Tensor]:
    """Three fifths of every class to train on, one to choose by and one to test on."""
    folds = stratified_folds(y, len(_PARTS), generator=torch.Generator().manual_seed(0))
    masks = {name: torch.zeros(len(y), dtype=torch.bool) for name in reversed(_PARTS)}
    for name, fold in zip(_PARTS, folds, strict=True):
        masks[name][fold.test] = True
    return masks
