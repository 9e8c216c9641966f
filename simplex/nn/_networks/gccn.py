"""Generalised combinatorial complex networks: any graph layer of PyG on each neighbourhood."""

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_word
from simplex.nn._checks import require_adjacencies, require_flags
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import ComplexConv
from simplex.nn._message_passing import BETWEEN, SENDERS
from simplex.nn._modules import Widths, linear
from simplex.nn._reach import Reach, along, reach_of, side_by_side, with_counts
from simplex.operators import ADJACENCIES, neighbor_pairs


MakeConv = Callable[..., nn.Module]


class GCCNConv(ComplexConv):
    r"""A graph layer on each neighbourhood, one copy per adjacency and dimension; then their sum.

    .. math::
        x'_k = W_k x_k + \underset{𝒜}{\text{aggr}} \; ω_{𝒜,k}\big( (x_{src(𝒜,k)}, x_k),
        \, G_{𝒜,k} \big)

    G is the part of the strictly augmented Hasse graph that 𝒜 gives for the k-simplices: its edges
    lead from their facets (boundary), cofacets (coboundary), lower or upper neighbours to them. ω
    is any layer of ``torch_geometric.nn`` called as ``ω(x, edge_index)``.

    Between two dimensions G is bipartite and ω gets a pair: ``ω((x_src, x_k), edge_index)``. For
    layers that cannot take one, such as ``GCNConv``, pass ``bipartite=False``: ω then sees one
    graph with the simplices of both dimensions as nodes, and only the k-simplices are read.

    Departures from the paper: (1) the own features come in by a dense map W_k, so that a dimension
    without a neighbourhood is updated, too. (2) Layers with self-loops (``GATConv``) lose them on
    bipartite graphs, where PyG would tie the i-th facet to the i-th simplex.

    Args:
        in_channels: width of all cochains; or one per dimension; or -1 for layers that are lazy.
        out_channels, max_dim: see :class:`ComplexConv`.
        make_conv: makes ω, called as ``make_conv(in_channels, out_channels)``, e.g. ``SAGEConv`` or
            ``lambda i, o: GINConv(nn.Linear(i, o))``; for a bipartite graph of unlike widths
            ``in_channels`` is a pair, source first.
        adjacencies: 𝒜, among ``"boundary"``, ``"coboundary"``, ``"lower"`` and ``"upper"``.
        aggr: of what the neighbourhoods bring, ``"sum"``, ``"mean"`` or ``"max"``.
        bipartite: whether ω takes pairs.

    Laws:
        Those of :class:`ComplexConv`, if ω is equivariant and treats nodes of one graph by their
        neighbourhoods alone. The orientation is not seen.

    Cost:
        That of ω on the pairs of neighbours: quadratic at a hub for lower ones. The pairs are
        listed once per complex.

    Trained by local losses, dense layers of PyG, which are no ``torch.nn.Linear``, are left to the
    fallback, unless they are registered as maps.

    Paper:
        Papillon, Bernárdez, Battiloro, Miolane, "TopoTune: A Framework for Generalized
        Combinatorial Complex Neural Networks", 2024, arXiv 2410.06530.

    Example:
        >>> from torch_geometric.nn import SAGEConv
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = GCCNConv(2, 8, max_dim=2, make_conv=SAGEConv)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 2) for n in K.f_vector], K)]
        [(4, 8), (4, 8), (1, 8)]
    """

    def __init__(
        self,
        in_channels: Widths,
        out_channels: int,
        max_dim: int,
        *,
        make_conv: MakeConv,
        adjacencies: Sequence[str] = ("boundary", "upper"),
        aggr: Literal["sum", "mean", "max"] = "sum",
        bipartite: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, max_dim)
        widths = self.widths
        require_adjacencies(adjacencies)
        require_flags(bipartite=bipartite)
        if not callable(make_conv):
            raise TypeError(f"make_conv must be a function that makes a layer, got {make_conv!r}.")
        require_word("aggr", aggr, ("sum", "mean", "max"))
        if not bipartite and len(set(widths)) > 1:
            raise ValueError(
                f"in_channels must be one width for all dimensions where bipartite=False, as their "
                f"simplices are nodes of one graph, got {widths}."
            )
        self.make_conv, self.bipartite = make_conv, bipartite
        self.adjacencies, self.aggr = tuple(dict.fromkeys(adjacencies)), aggr
        self.own = nn.ModuleList(linear(width, out_channels) for width in widths)
        self.convs = nn.ModuleDict()
        for k, width in enumerate(widths):
            for adjacency in self._neighborhoods(k):
                between = SENDERS[adjacency] != 0
                source = widths[k + SENDERS[adjacency]]
                conv = make_conv(width if source == width else (source, width), out_channels)
                if bipartite and between and hasattr(conv, "add_self_loops"):
                    conv.add_self_loops = False  # type: ignore[assignment]
                self.convs[f"{adjacency}_{k}"] = conv

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return side_by_side(
            *(
                reach_of_graph_conv(conv, along((name.rpartition("_")[0],)))
                for name, conv in self.convs.items()
            )
        )

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """One round of all neighbourhoods at once."""
        result = []
        for k, own in enumerate(self.own):
            arrived = [self._convolve(x, complex, k, a) for a in self._neighborhoods(k)]
            updated: Tensor = own(x[k])
            if arrived:
                updated = updated + _aggregated(torch.stack(arrived), self.aggr)
            result.append(updated)
        return result

    def _neighborhoods(self, k: int) -> list[str]:
        """The adjacencies that end in dimension k; lower ones need facets, upper ones cofacets."""
        return [a for a in self.adjacencies if 0 <= k + BETWEEN[a] <= self.max_dim]

    def _convolve(
        self, x: Sequence[Tensor], complex: SimplicialComplex, k: int, adjacency: str
    ) -> Tensor:
        conv, source = self.convs[f"{adjacency}_{k}"], x[k + SENDERS[adjacency]]
        index = edge_index(complex, k, adjacency)
        result: Tensor
        if SENDERS[adjacency] == 0:
            result = conv(x[k], index)
        elif self.bipartite:
            result = conv((source, x[k]), index)
        else:
            offset = index.new_tensor([[len(x[k])], [0]])  # the senders come after the receivers
            result = conv(torch.cat([x[k], source]), index + offset)[: len(x[k])]
        return result


class GCCN(StackedNetwork):
    r"""Layers of :class:`GCCNConv` and a readout: any graph network made simplicial.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        make_conv: makes the graph layers, as in :class:`GCCNConv`; it must be given.
        adjacencies, aggr: of :class:`GCCNConv`.
        bipartite: ``False`` for graph layers that cannot take a pair, such as ``GCNConv``.
        activation: a, ReLU.

    Laws:
        Invariant under relabelling if the graph layers are equivariant.

    Paper:
        Papillon et al. 2024, arXiv 2410.06530.

    Example:
        >>> from torch_geometric.nn import GCNConv
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = GCCN(1, 16, 2, num_layers=2, max_dim=2, make_conv=GCNConv, bipartite=False)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = GCCNConv, {"activation": nn.functional.relu}


def edge_index(K: SimplicialComplex, k: int, adjacency: str) -> Tensor:
    """The neighbours of the k-simplices as PyG has them, (2, E): senders and receivers."""
    name = f"{adjacency} edge index"
    result: Tensor = K.cached(name, k, lambda: neighbor_pairs(K, k, adjacency).index)
    return result


def reach_of_graph_conv(conv: nn.Module, once: Reach) -> Reach | None:
    """What is known of a layer of PyG with messages ``once``, or what the user's own says."""
    import torch_geometric.nn as pyg

    if isinstance(conv, pyg.GCNConv):  # it divides by the degrees of the senders
        return with_counts(once, *ADJACENCIES)
    of_neighbours = (pyg.GATConv, pyg.GATv2Conv, pyg.GINConv, pyg.GINEConv, pyg.GraphConv)
    if isinstance(conv, (*of_neighbours, pyg.SAGEConv, pyg.TransformerConv)):
        return once
    return reach_of(conv)


def _aggregated(stacked: Tensor, aggr: str) -> Tensor:
    if aggr == "max":
        return stacked.amax(0)
    return stacked.sum(0) if aggr == "sum" else stacked.mean(0)
