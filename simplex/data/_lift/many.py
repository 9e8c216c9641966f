"""Many graphs lifted to one data set."""

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.data.collate import collate

from simplex.complexes import SimplicialComplex, on_free_threads, require_flag
from simplex.data._checks import (
    require_edge_table,
    require_ids,
    require_same_fields,
    require_same_widths,
)
from simplex.data._dataset import SimplicialDataset
from simplex.data._lift.checks import listed_graphs, require_lift_options
from simplex.data._lift.spread import spread_features, with_edge_features
from simplex.lifting import clique_complex, directed_flag_complex


Reduce = Literal["sum", "mean"]


class Lift(NamedTuple):
    """How graphs are lifted, see :func:`lift_dataset`."""

    max_dim: int = 2
    reduce: Reduce = "sum"
    edge_attr: Reduce | None = None
    directed: bool = False

    def require(self) -> None:
        """The options are allowed."""
        require_lift_options(self.max_dim, self.reduce, self.edge_attr)
        require_flag("directed", self.directed)


class GraphTables(NamedTuple):
    """Graphs as one table per field.

    Attributes:
        fields: of all graphs, concatenated; ids count from each graph.
        slices: where the graphs start in them, (m+1,).
        sizes: (m,) int64, how many vertices each has.
    """

    fields: dict[str, Any]
    slices: dict[str, Tensor]
    sizes: Tensor


@on_free_threads()
def lift_dataset(
    graphs: Iterable[Data],
    max_dim: int = 2,
    *,
    reduce: Reduce = "sum",
    edge_attr: Reduce | None = None,
    directed: bool = False,
) -> SimplicialDataset:
    """Lift many PyG graphs by one kernel call; item i equals ``clique_lift(graphs[i])``.

    Args:
        graphs: a PyG data set or list; all items have the same fields.
        max_dim: the top dimension.
        reduce: how vertex features are spread to higher simplices, ``"sum"`` or ``"mean"``.
        edge_attr: what becomes of ``edge_attr``, see :func:`clique_lift`.
        directed: ``True`` to lift as :func:`directed_flag_lift` does.

    Raises:
        TypeError: one graph in place of a list, or an item that is no PyG ``Data``.
        ValueError: there is no graph, the items have different fields, or one has been lifted
            already.
    """
    lift = Lift(max_dim, reduce, edge_attr, directed)
    lift.require()
    return lifted_tables(tables_of(listed_graphs(graphs)), lift)


def tables_of(graphs: Sequence[Data]) -> GraphTables:
    """The tables of graphs that have an ``edge_index`` each."""
    require_same_fields([set(graph.keys()) - {"num_nodes"} for graph in graphs])
    try:
        stored, slices, _ = collate(
            Data, graphs, increment=False, add_batch=False, exclude_keys=["num_nodes"]
        )
    except RuntimeError:
        require_same_widths([graph.to_dict() for graph in graphs])
        raise
    fields = {key: value for key, value in stored if key != "num_nodes"}
    sizes = torch.tensor([int(graph.num_nodes or 0) for graph in graphs], dtype=torch.int64)
    return GraphTables(fields, {key: slices[key] for key in fields}, sizes)


def lifted_tables(graphs: GraphTables, lift: Lift) -> SimplicialDataset:
    """The lift of all graphs, by one kernel call."""
    fields, bounds = dict(graphs.fields), dict(graphs.slices)
    table = require_edge_table(fields["edge_index"])
    counts = bounds["edge_index"].diff().to(table.device)
    sizes = graphs.sizes.to(table.device)
    require_ids(table, sizes.repeat_interleave(counts))
    pointer = torch.nn.functional.pad(sizes.cumsum(0), (1, 0))
    edges = table + pointer[:-1].repeat_interleave(counts)
    flag_complex = directed_flag_complex if lift.directed else clique_complex
    union = flag_complex(
        SimpleNamespace(edge_index=edges, num_nodes=int(pointer[-1]), ptr=pointer), lift.max_dim
    )
    given, edge_attr = fields.pop("x", None), fields.get("edge_attr")
    bounds.pop("x", None)
    x = features_of_lift(union, given, edges, edge_attr, lift.max_dim, lift.reduce, lift.edge_attr)
    if given is None and x:
        fields["x_1"], bounds["x_1"], x = x[0], union.part_pointer(1), []
    return SimplicialDataset.from_union(
        union, x, max_dim=lift.max_dim, fields=fields, slices=bounds
    )


def features_of_lift(
    K: SimplicialComplex,
    x: Any,
    edges: Tensor,
    edge_attr: Any,
    max_dim: int,
    reduce: Reduce,
    edge_reduce: Reduce | None,
) -> list[Tensor]:
    """All cochains; without ``x`` that of the edges alone, or none."""
    cochains = [] if x is None else spread_features(K, x, max_dim, reduce=reduce)
    if edge_reduce is None:
        return cochains
    return with_edge_features(K, cochains, edges, edge_attr, edge_reduce)
