"""Generalised combinatorial complex networks: any graph layer of PyG on each neighbourhood."""

from collections.abc import Callable, Sequence
from typing import Literal, Unpack

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import require_cochains
from simplex.nn._modules import linear, reset_submodules, widths_of
from simplex.nn._network import NetworkOptions, SimplicialNetwork, layer_widths
from simplex.operators import ADJACENCIES, neighbor_pairs


MakeConv = Callable[..., nn.Module]


_SENDERS = {"boundary": -1, "coboundary": 1, "lower": 0, "upper": 0}


class GCCNConv(nn.Module):
    r"""A graph layer on each neighbourhood, one copy per adjacency and dimension; then their sum.

    .. math::
        x'_k = W_k x_k + \underset{𝒜}{\text{aggregate}} \; ω_{𝒜,k}\big( (x_{src(𝒜,k)}, x_k),
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
        make_conv: makes ω, called as ``make_conv(in_channels, out_channels)``, e.g. ``SAGEConv`` or
            ``lambda i, o: GINConv(nn.Linear(i, o))``; for a bipartite graph of unlike widths
            ``in_channels`` is a pair, source first.
        in_channels: width of all cochains; or one per dimension; or -1 for layers that are lazy.
        out_channels: width of the result.
        max_dim: the top dimension of the cochains.
        adjacencies: 𝒜, among ``"boundary"``, ``"coboundary"``, ``"lower"`` and ``"upper"``.
        aggregate: of the neighbourhoods, ``"sum"``, ``"mean"`` or ``"max"``.
        bipartite: whether ω takes pairs.

    Shapes:
        ``x[k]`` (n_k, in_channels) to (n_k, out_channels), k = 0 … max_dim; empty ones as well.

    Laws:
        Permutation equivariant if ω is. The orientation is not seen. A disjoint union gives what
        its parts give, if ω treats nodes of one graph by their neighbourhoods alone.

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
        >>> conv = GCCNConv(SAGEConv, 2, 8, max_dim=2)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 2) for n in K.f_vector], K)]
        [(4, 8), (4, 8), (1, 8)]
    """

    def __init__(
        self,
        make_conv: MakeConv,
        in_channels: int | Sequence[int],
        out_channels: int,
        max_dim: int,
        *,
        adjacencies: Sequence[str] = ("boundary", "upper"),
        aggregate: Literal["sum", "mean", "max"] = "sum",
        bipartite: bool = True,
    ) -> None:
        super().__init__()
        widths = widths_of(in_channels, max_dim)
        if not adjacencies or not set(adjacencies) <= set(ADJACENCIES):
            raise ValueError(f"adjacencies must be among {ADJACENCIES}, got {tuple(adjacencies)}.")
        if aggregate not in ("sum", "mean", "max"):
            raise ValueError(f"aggregate must be 'sum', 'mean' or 'max', got {aggregate!r}.")
        if not bipartite and len(set(widths)) > 1:
            raise ValueError(
                f"in_channels must be one width for all dimensions where bipartite=False, as their "
                f"simplices are nodes of one graph, got {widths}."
            )
        self.in_channels, self.out_channels, self.max_dim = in_channels, out_channels, max_dim
        self.adjacencies, self.aggregate = tuple(dict.fromkeys(adjacencies)), aggregate
        self.bipartite = bipartite
        self.own = nn.ModuleList(linear(width, out_channels) for width in widths)
        self.convs = nn.ModuleDict()
        for k, width in enumerate(widths):
            for adjacency in self._neighborhoods(k):
                between = _SENDERS[adjacency] != 0
                source = widths[k + _SENDERS[adjacency]]
                conv = make_conv(width if source == width else (source, width), out_channels)
                if bipartite and between and hasattr(conv, "add_self_loops"):
                    conv.add_self_loops = False  # type: ignore[assignment]
                self.convs[f"{adjacency}_{k}"] = conv

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_submodules(self)

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """One round of all neighbourhoods at once.

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim; left as they are.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            One cochain (n_k, out_channels) per dimension.

        Raises:
            ValueError: the cochains do not fit the complex or ``max_dim``.
        """
        require_cochains(complex, x, self.max_dim, self.in_channels)
        result = []
        for k, own in enumerate(self.own):
            arrived = [self._convolve(a, k, x, complex) for a in self._neighborhoods(k)]
            updated: Tensor = own(x[k])
            if arrived:
                updated = updated + _aggregated(torch.stack(arrived), self.aggregate)
            result.append(updated)
        return result

    def _neighborhoods(self, k: int) -> list[str]:
        """The adjacencies that end in dimension k; lower ones need facets, upper ones cofacets."""
        above = ("coboundary", "upper")
        return [a for a in self.adjacencies if 0 <= k + (1 if a in above else -1) <= self.max_dim]

    def _convolve(
        self, adjacency: str, k: int, x: Sequence[Tensor], complex: SimplicialComplex
    ) -> Tensor:
        conv, source = self.convs[f"{adjacency}_{k}"], x[k + _SENDERS[adjacency]]
        index = edge_index(complex, k, adjacency)
        result: Tensor
        if _SENDERS[adjacency] == 0:
            result = conv(x[k], index)
        elif self.bipartite:
            result = conv((source, x[k]), index)
        else:
            offset = index.new_tensor([[len(x[k])], [0]])
            result = conv(torch.cat([x[k], source]), index + offset)[: len(x[k])]
        return result

    def __repr__(self) -> str:
        return (
            f"GCCNConv({self.in_channels}, {self.out_channels}, max_dim={self.max_dim}, "
            f"adjacencies={self.adjacencies})"
        )


class GCCN(SimplicialNetwork):
    r"""Layers of :class:`GCCNConv` and a readout: any graph network made simplicial.

    .. math::
        h^{(l+1)} = a\big( \text{GCCNConv}_l(h^{(l)}, K) \big), \qquad
        y = \text{Readout}(h^{(L)}, K)

    Args:
        make_conv: makes the graph layers, as in :class:`GCCNConv`.
        in_channels: width of the cochains; or one per dimension; or -1 for layers that are lazy.
        hidden_channels: width of the layers.
        out_channels: width of the result.
        num_layers: number of layers.
        max_dim: the top dimension of the cochains.
        adjacencies: the neighbourhoods.
        aggregate: of the neighbourhoods, ``"sum"``, ``"mean"`` or ``"max"``.
        bipartite: ``False`` for graph layers that cannot take a pair, such as ``GCNConv``.
        activation: a.
        **options: see :class:`SimplicialNetwork`.

    Laws:
        Invariant under relabelling if the graph layers are equivariant.

    Paper:
        Papillon et al. 2024, arXiv 2410.06530.

    Example:
        >>> from torch_geometric.nn import GCNConv
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = GCCN(GCNConv, 1, 16, 2, num_layers=2, max_dim=2, bipartite=False)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    def __init__(
        self,
        make_conv: MakeConv,
        in_channels: int | Sequence[int],
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        *,
        adjacencies: Sequence[str] = ("boundary", "upper"),
        aggregate: Literal["sum", "mean", "max"] = "sum",
        bipartite: bool = True,
        activation: Callable[[Tensor], Tensor] = nn.functional.relu,
        **options: Unpack[NetworkOptions],
    ) -> None:
        convs = [
            GCCNConv(
                make_conv,
                width,
                hidden_channels,
                max_dim,
                adjacencies=adjacencies,
                aggregate=aggregate,
                bipartite=bipartite,
            )
            for width in layer_widths(in_channels, hidden_channels, num_layers)
        ]
        super().__init__(
            convs, hidden_channels, out_channels, max_dim, activation=activation, **options
        )


def edge_index(K: SimplicialComplex, k: int, adjacency: str) -> Tensor:
    """The neighbours of the k-simplices as PyG has them, (2, E): senders and receivers.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> edge_index(K, 1, "boundary").tolist()
        [[1, 0, 2, 1], [0, 0, 1, 1]]
    """

    def compute() -> Tensor:
        return neighbor_pairs(K, k, adjacency).index

    result: Tensor = K.cached(f"{adjacency} edge index", k, compute)
    return result


def _aggregated(stacked: Tensor, aggregate: str) -> Tensor:
    if aggregate == "max":
        return stacked.amax(0)
    return stacked.sum(0) if aggregate == "sum" else stacked.mean(0)
