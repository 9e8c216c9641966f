"""Links, triangles and higher simplices scored by what a network knows of their faces."""

from collections.abc import Callable, Sequence
from itertools import combinations

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int
from simplex.nn._checks import brief, require_flags, require_positive, require_rates
from simplex.nn._frame.readout import Readout
from simplex.nn._modules import Module, mlp
from simplex.operators import common_neighbors, require_candidates


class CandidateNetwork(Module):
    r"""A network on complexes, and an MLP on what it gives the faces of a candidate: for links.

    .. math::
        h = \text{encode}(x, K), \qquad
        y_σ = \text{MLP}\Big( \big\Vert_{j<k} \Big[ \sum_τ h_τ, \ \sum_{τ<τ'} h_τ ⊙ h_{τ'}, \
            m_j \Big], \ \log(1 + c_σ) \Big)

    with sums over the j-dimensional faces τ of the candidate σ that are in K, m_j how many these
    are, and c_σ how many vertices are neighbours of all its own. That number is given, as messages
    along simplices cannot find it: two vertices of one neighbourhood look like two of different
    ones. What K holds in dimension k and above is seen by the network alone, not looked up.

    The complex of the messages must be without the simplices that are to be predicted, in training
    too, as :func:`simplex.transforms.split_simplices` and :func:`simplex.datasets.closure_data`
    give it; else their cofaces and facets betray them.

    Args:
        network: any network of ``simplex.nn`` with ``encode(x, complex)``.
        hidden_channels: width of the MLP.
        out_channels: width of the result; 1 for logits of being there.
        k: dimension of the candidates, at least 1: 1 for links, 2 for triangles.
        num_layers: hidden layers of the MLP.
        in_channels: width of what ``encode`` returns; -1 to take it from the first input.
        dropout: probability, before the last map.
        common: whether c_σ is among the inputs.
        activation: of the MLP.

    Shapes:
        x, complex as of the network, candidates (m, k+1) int64 to (m, out_channels).

    Laws:
        Invariant under relabelling, under the order of a candidate's vertices, and under
        reorientation if ``encode`` is equivariant: of an oriented network absolute values are read.
        In evaluation mode a batch gives what its items give.

    Raises:
        TypeError: the network has no ``encode``.
        ValueError: sizes below 1, candidates of another dimension or that are no sets of vertices.

    Paper:
        The pooling of a set's faces as in :class:`simplex.diffusion.CandidateScorer`, for all their
        dimensions; the common neighbours as in Wang et al., "Neural Common Neighbor", ICLR 2024,
        counted only.

    Example:
        >>> from simplex.nn import SIN
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2), (2, 3)])
        >>> encoder = SIN(1, 8, 8, num_layers=2, max_dim=1)
        >>> model = CandidateNetwork(encoder, 16, 1, k=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K, torch.tensor([[0, 1, 2]])).shape
        torch.Size([1, 1])
    """

    def __init__(
        self,
        network: nn.Module,
        hidden_channels: int,
        out_channels: int,
        k: int,
        *,
        num_layers: int = 2,
        in_channels: int = -1,
        dropout: float = 0.0,
        common: bool = True,
        activation: Callable[[Tensor], Tensor] = nn.functional.elu,
    ) -> None:
        super().__init__()
        if not isinstance(network, nn.Module) or not callable(getattr(network, "encode", None)):
            raise TypeError(
                "network must be a module with encode(x, complex), as the networks of simplex.nn "
                f"that give cochains are, got {brief(network)}."
            )
        require_int("k", k, 1, 63)
        require_positive(hidden_channels=hidden_channels, out_channels=out_channels)
        require_rates(dropout=dropout)
        require_flags(common=common)
        if require_int("in_channels", in_channels, -1) == 0:
            raise ValueError("in_channels must be positive or -1, got 0.")
        self.network, self.k, self.common = network, k, common
        readout = getattr(network, "readout", None)
        if isinstance(readout, Readout) and in_channels == -1:
            in_channels = readout.read[0].in_features  # type: ignore[assignment]
        self.absolute = any(getattr(readout, name, False) for name in ("absolute", "signed"))
        dims = min(k, getattr(network, "max_dim", k - 1) + 1)
        width = -1 if in_channels == -1 else dims * (2 * in_channels + 1) + common
        self.hidden = mlp(width, hidden_channels, num_layers, activation)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(hidden_channels, out_channels)

    def forward(
        self, x: Sequence[Tensor], complex: SimplicialComplex, candidates: Tensor
    ) -> Tensor:
        """One row for each candidate.

        Args:
            x: the cochains, as of the network.
            complex: the complex, or the disjoint union of a batch.
            candidates: (m, k+1) int64 vertex ids, each row of one part.

        Returns:
            (m, out_channels).
        """
        rows = require_candidates(complex, candidates, self.k)
        h = list(self.network.encode(x, complex))  # type: ignore[operator]
        read: list[Tensor] = []
        for j in range(min(self.k, len(h))):
            read += self._pooled(h[j], j, complex, rows)
        if self.common:
            read.append(common_neighbors(complex, rows).log1p()[:, None].to(read[0].dtype))
        result: Tensor = self.classify(self.dropout(self.hidden(torch.cat(read, dim=1))))
        return result

    def _pooled(
        self, h: Tensor, j: int, K: SimplicialComplex, rows: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Of the j-faces of each candidate: sum, products of pairs, number."""
        subsets = torch.tensor(list(combinations(range(self.k + 1), j + 1)), device=rows.device)
        ids = K.index(rows[:, subsets].flatten(0, 1)).view(len(rows), len(subsets))
        there = (ids >= 0)[..., None]
        own = h.abs() if self.absolute and j > 0 else h
        table = torch.cat([own, h.new_zeros(1, h.shape[1])])
        values = table[ids]  # (m, faces, channels); -1 is the row of zeros at the end
        total = values.sum(1)
        pairs = (total.square() - values.square().sum(1)) / 2
        return total, pairs, there.sum(1).to(total.dtype)

    def extra_repr(self) -> str:
        """What the repr of the module shows."""
        return f"k={self.k}, common={self.common}"
