"""Many graphs lifted to one data set."""

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.data.collate import collate

from simplex.complexes import on_free_threads
from simplex.data._checks import (
    require_edge_table,
    require_ids,
    require_same_fields,
    require_same_widths,
)
from simplex.data._dataset import SimplicialDataset
from simplex.data._lift.checks import listed_graphs
from simplex.data._lift.options import Lift, Reduce
from simplex.data._lift.rings import Apex


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
    rings: int | None = None,
    apex: Apex = "sum",
    marker: bool = True,
) -> SimplicialDataset:
    """Lift many PyG graphs by one kernel call; item i equals ``clique_lift(graphs[i])``.

    Args:
        graphs: a PyG data set or list; all items have the same fields.
        max_dim: the top dimension.
        reduce: how vertex features are spread to higher simplices, ``"sum"`` or ``"mean"``.
        edge_attr: what becomes of ``edge_attr``, see :func:`clique_lift`.
        directed: ``True`` to lift as :func:`directed_flag_lift` does.
        rings: N to fill the rings of at most N vertices as :func:`ring_lift` does; ``None`` not to.
        apex: of rings, see :func:`ring_lift`.
        marker: of rings, see :func:`ring_lift`.

    Raises:
        TypeError: one graph in place of a list, or an item that is no PyG ``Data``.
        ValueError: there is no graph, the items have different fields, or one has been lifted
            already.
    """
    lift = Lift(max_dim, reduce, edge_attr, directed, rings, apex, marker)
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
    union = lift.complex_of(
        SimpleNamespace(edge_index=edges, num_nodes=int(pointer[-1]), ptr=pointer)
    )
    given, edge_attr = fields.pop("x", None), fields.get("edge_attr")
    bounds.pop("x", None)
    x = lift.features(union, given, edges, edge_attr)
    if given is None and x:
        fields["x_1"], bounds["x_1"], x = x[0], union.part_pointer(1), []
    return SimplicialDataset.from_union(
        union, x, max_dim=lift.max_dim, fields=fields, slices=bounds
    )
