"""Families of graphs with planted communities: the tasks of the TDL Challenge 2026."""

import itertools
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import require_int, require_word
from simplex.datasets._one_complex import Reduce, cochains_of, require_lift
from simplex.datasets._root import keep, kept_place
from simplex.lifting import clique_complex


if TYPE_CHECKING:
    from simplex.data import SimplicialDataset


class UniverseSetting(NamedTuple):
    """Where the parameters of each graph of a family are drawn from, uniformly.

    Args:
        homophily: the share of edges within a community, from and to.
        average_degree: the same.
        power_law_exponent: of the degrees; a lower one makes larger hubs.
    """

    homophily: tuple[float, float]
    average_degree: tuple[float, float]
    power_law_exponent: tuple[float, float]


_HOMOPHILY = {"h_lo": (0.0, 0.1), "h_mid": (0.4, 0.6), "h_hi": (0.9, 1.0)}
_DEGREE = {"d_lo": (1.0, 2.5), "d_hi": (4.0, 5.0)}
_POWER_LAW = {"pl_lo": (1.5, 2.0), "pl_hi": (4.0, 5.0)}
UNIVERSE_SETTINGS: Mapping[str, UniverseSetting] = MappingProxyType(
    {
        "__".join(names): UniverseSetting(
            _HOMOPHILY[names[0]], _DEGREE[names[1]], _POWER_LAW[names[2]]
        )
        for names in itertools.product(_HOMOPHILY, _DEGREE, _POWER_LAW)
    }
)
_UNIVERSE = {
    "K": 20,
    "feature_dim": 15,
    "center_variance": 0.2,
    "cluster_variance": 0.4,
    "edge_propensity_variance": 0.5,
}
_FAMILY = {
    "n_nodes_range": (50, 300),
    "n_communities_range": (5, 10),
    "degree_separation_range": (0.5, 1.0),
}
_SPLIT_SEED = 42
_TABLES = {"x": 2, "edges": 2, "communities": 1, "sizes": 1, "num_edges": 1}  # name: dimensions


def graph_universe(
    setting: str,
    root: str | Path | None = None,
    *,
    task: Literal["communities", "triangles"] = "communities",
    num_graphs: int = 1000,
    max_dim: int = 2,
    reduce: Reduce = "mean",
    seed: int = 42,
) -> "SimplicialDataset":
    """Draw a family of graphs of the TDL Challenge 2026, or take it from the disk, and lift it.

    A universe has 20 communities, with propensities for edges between them and centres of their
    features. A graph has 50 to 300 vertices in 5 to 10 of these communities. Both tasks have the
    same graphs. How many triangles a graph has is the last number of the f-vector of its complex
    in dimension 2: who is given the complex need not learn to count.

    Args:
        setting: one of ``UNIVERSE_SETTINGS``, such as ``"h_mid__d_hi__pl_lo"``: low, middle or high
            homophily, low or high average degree, low or high exponent of the power law.
        root: folder in which the graphs are kept, as one file per setting, number and seed; drawing
            1,000 takes from half a minute to some minutes. ``None`` for ``universe/`` in the folder
            that the environment variable ``SIMPLEX_DATA`` names, if the file is there, else
            ``~/.cache/simplex/universe``.
        task: ``"communities"``, the class of each vertex, or ``"triangles"``, how many the graph
            has.
        num_graphs: how many; other numbers than 1,000 are for tests.
        max_dim: the top dimension of the lift.
        reduce: what higher simplices carry: the ``"mean"`` or the ``"sum"`` of the features of
            their vertices; ``None`` for the constant 1, one channel.
        seed: of the universe and of the family.

    Returns:
        One item per graph: ``x`` (n_0, 15) float32 and ``x_k``; ``edge_index`` with both
        directions; ``y`` (n_0,) int64 in 0 … 19, or (1,) float32 triangles; ``train_mask``,
        ``val_mask`` and ``test_mask`` with a row for each row of ``y``, equal within a graph: 70 %
        of the graphs, 15 % and 15 %, the permutation of the challenge.

    Raises:
        ValueError: another setting or task, or a stored file that is damaged.
        ImportError: the graphs are not stored, and graph-universe, the extra ``universe``, is
            missing.

    Paper:
        Van Langendonck et al., "GraphUniverse: Enabling systematic evaluation of inductive
        generalization", ICLR 2026, by the authors' package; the settings, the split and the seed
        are those of the challenge. It scores triangles by the mean squared error on the test graphs
        divided by the number of all their triangles.

    Example:
        >>> dataset = graph_universe("h_mid__d_hi__pl_lo")  # doctest: +SKIP
        >>> len(dataset), dataset[0].complex.f_vector  # doctest: +SKIP
        (1000, (229, 732, 1203))
    """
    require_lift(max_dim, reduce)
    require_word("setting", setting, tuple(UNIVERSE_SETTINGS))
    require_word("task", task, ("communities", "triangles"))
    require_int("num_graphs", num_graphs, 3, 10**6)
    require_int("seed", seed, 0, 2**32 - 1)
    tables = _stored(setting, root, num_graphs, seed)
    sizes, num_edges = tables["sizes"], tables["num_edges"]
    start = torch.nn.functional.pad(sizes.cumsum(0), (1, 0))
    shifted = tables["edges"] + start[:-1].repeat_interleave(num_edges)
    union = clique_complex(shifted, max(max_dim, 2), num_vertices=len(tables["x"]))
    union = union.with_parts(start)
    fields: dict[str, Tensor] = {"edge_index": tables["edges"]}
    slices = {"edge_index": torch.nn.functional.pad(num_edges.cumsum(0), (1, 0))}
    masks = _masks(num_graphs)
    if task == "communities":
        fields |= {"y": tables["communities"]}
        fields |= {part: mask.repeat_interleave(sizes) for part, mask in masks.items()}
        slices |= dict.fromkeys(["y", *masks], start)
    else:
        triangles = union.part_pointer(2).diff() if union.dim >= 2 else torch.zeros(num_graphs)
        fields |= {"y": triangles.float(), **masks}
    from simplex.data import SimplicialDataset

    union = union.skeleton(max_dim)
    x = cochains_of(union, tables["x"], max_dim, reduce)
    return SimplicialDataset.from_union(union, x, max_dim=max_dim, fields=fields, slices=slices)


def _masks(count: int) -> dict[str, Tensor]:
    """The random split of TopoBench at its first seed, 70/15/15."""
    order = torch.from_numpy(np.random.RandomState(_SPLIT_SEED).permutation(count))
    train, validation = int(0.7 * count), int((1 - 0.7) / 2 * count)
    sizes = [train, validation, count - train - validation]
    return {
        f"{part}_mask": torch.zeros(count, dtype=torch.bool).index_fill_(0, ids, True)
        for part, ids in zip(("train", "val", "test"), torch.split(order, sizes), strict=True)
    }


def _stored(setting: str, root: str | Path | None, num_graphs: int, seed: int) -> dict[str, Tensor]:
    """The graphs of the file, which is written where there is none."""
    from simplex.data import read_plain

    name = f"{setting}-{num_graphs}-{seed}.pt"
    place = kept_place("universe", name, root)
    if place.is_file():
        return _checked(read_plain(place), place, num_graphs)
    tables = _drawn(UNIVERSE_SETTINGS[setting], num_graphs, seed)
    keep(place, lambda f: torch.save(tables, f), "the graphs are not kept, and drawn again")
    return tables


def _drawn(setting: UniverseSetting, num_graphs: int, seed: int) -> dict[str, Tensor]:
    """The graphs by the authors' package, which draws from numpy's global state: it is put back."""
    try:
        from graph_universe import GraphFamilyGenerator, GraphUniverse
    except ImportError as error:
        raise ImportError(
            "graph_universe must have the package graph-universe to draw graphs, got none. Install "
            "it by pip install 'simplex-networks[universe]'."
        ) from error
    state = np.random.get_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says which graphs it draws anew
            family = GraphFamilyGenerator(
                universe=GraphUniverse(**_UNIVERSE, seed=seed),
                n_graphs=num_graphs,
                homophily_range=setting.homophily,
                avg_degree_range=setting.average_degree,
                power_law_exponent_range=setting.power_law_exponent,
                seed=seed,
                **_FAMILY,
            )
            family.generate_family(show_progress=False, collect_stats=False)
            graphs = [each.to_pyg_graph("community_detection") for each in family.graphs]
    finally:
        np.random.set_state(state)
    return {
        "x": torch.cat([graph.x for graph in graphs]),
        "edges": torch.cat([graph.edge_index for graph in graphs], 1),
        "communities": torch.cat([graph.y for graph in graphs]),
        "sizes": torch.tensor([graph.num_nodes for graph in graphs]),
        "num_edges": torch.tensor([graph.edge_index.shape[1] for graph in graphs]),
    }


def _checked(tables: Any, place: Path, num_graphs: int) -> dict[str, Tensor]:
    """Tables that fit together, or an error that names the file."""
    whole = isinstance(tables, dict) and all(
        isinstance(tables.get(name), Tensor) and tables[name].ndim == ndim
        for name, ndim in _TABLES.items()
    )
    if whole:
        sizes, num_edges, edges = tables["sizes"], tables["num_edges"], tables["edges"]
        owner = sizes.repeat_interleave(num_edges) if len(sizes) == len(num_edges) else sizes
        whole = (
            len(sizes) == num_graphs
            and len(tables["x"]) == len(tables["communities"]) == int(sizes.sum())
            and edges.shape == (2, len(owner))
            and bool(((edges >= 0) & (edges < owner)).all())
        )
    if not whole:
        raise ValueError(
            f"{place} must hold {num_graphs} graphs that graph_universe stored, got another file. "
            "Delete it to have them drawn anew."
        )
    return tables  # type: ignore[no-any-return]
