"""BScNet, block simplicial complex networks: layer and network."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int
from simplex.nn._checks import require_flags
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import ComplexConv
from simplex.nn._modules import Widths, linear
from simplex.nn._reach import Reach, along, then, with_counts
from simplex.operators import (
    ADJACENCIES,
    apply_random_walk_laplacian,
    gather_facets,
    incidence_signs,
    incidences,
    scatter_to_facets,
    segment_softmax,
)


class BScNetConv(ComplexConv):
    r"""One product with a block operator: Laplacians on the diagonal, relations beside it.

    .. math::
        X'_k &= X_k W_k + L_k^r X_k W'_k + R_{k,k-1} X_{k-1} W''_k + R_{k,k+1} X_{k+1} W'''_k \\
        R_{σδ} &= [δ : σ] \, \text{softmax}_{δ} \, \text{ReLU}\big( [δ : σ]\, ⟨z_σ, z_δ⟩ / \sqrt{d}
                  \big), \qquad Z_k = L_k^r X_k Θ_k

    L_k is the Hodge Laplacian normalised by random walks
    (:func:`~simplex.operators.apply_random_walk_laplacian`). The relation of a simplex with
    its facets, and with its cofacets, is learned from the diffused features of both; the softmax is
    over the facets, or over the cofacets, of the receiver.

    Departures from the paper: (1) it relates every two simplices of two dimensions, of which it
    samples equal numbers for a square matrix, with a free parameter per simplex; here relations are
    along incidences and learned from features, so that the layer applies to any complex and
    costs O(incidences). (2) The softmax runs over the relations and leaves the Laplacian as it is.
    (3) The signs: the relation changes sign with the orientation, as it must. (4) X_k W_k is added:
    the Laplacian kills harmonic cochains, which the paper's parallel graph convolution keeps.
    (5) Any number of dimensions, where the paper has blocks of two.

    Args:
        in_channels, out_channels, max_dim: see :class:`ComplexConv`.
        power: r; 2 as in the authors' code.
        relation_channels: d, the width of z; ``None`` for ``out_channels``.
        signed: with the incidence numbers ±1; ``False`` to take 1 in their place everywhere, for
            features that are no flows.

    Laws:
        Those of :class:`ComplexConv`; orientation equivariant if ``signed``, blind to it if not.

    Cost:
        O(r · incidences · channels).

    Trained by local losses, each map is a problem of its own before the relations act, which are
    products of what maps give.

    Paper:
        Chen, Gel, Poor, "BScNets: Block Simplicial Complex Neural Networks", AAAI 2022,
        arXiv 2112.06826.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = BScNetConv(8, 16, max_dim=2)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 16), (4, 16), (1, 16)]
    """

    def __init__(
        self,
        in_channels: Widths,
        out_channels: int,
        max_dim: int,
        *,
        power: int = 2,
        relation_channels: int | None = None,
        signed: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, max_dim)
        require_int("power", power, 1)
        require_flags(signed=signed)
        if relation_channels is not None:
            require_int("relation_channels", relation_channels, 1)
        self.power, self.signed = power, signed
        self.relation_channels = relation_channels or out_channels
        widths = self.widths
        self.own = nn.ModuleList(linear(w, out_channels, False) for w in widths)
        self.diffuse = nn.ModuleList(linear(w, out_channels, False) for w in widths)
        self.below = nn.ModuleList(linear(w, out_channels, False) for w in widths[:-1])
        self.above = nn.ModuleList(linear(w, out_channels, False) for w in widths[1:])
        related = widths if max_dim else []
        self.relate = nn.ModuleList(linear(w, self.relation_channels, False) for w in related)

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        walks = with_counts(along(ADJACENCIES), "coboundary")
        return then(along(("boundary", "coboundary")), *[walks] * self.power)

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """The diagonal of the block operator, then the relations between two dimensions each."""
        diffused = [self._diffuse(values, complex, k) for k, values in enumerate(x)]
        parts = zip(self.own, x, self.diffuse, diffused, strict=True)
        out: list[Tensor] = [own(values) + diffuse(far) for own, values, diffuse, far in parts]
        z = [relate(values) for relate, values in zip(self.relate, diffused, strict=False)]
        for k in range(1, self.max_dim + 1):
            to_simplex, to_facet = self._relations(z[k - 1], z[k], complex, k)
            from_facets = gather_facets(complex, self.below[k - 1](x[k - 1]), k)  # (n_k, k+1, C)
            from_simplex = self.above[k - 1](x[k])[:, None]  # (n_k, 1, C)
            out[k] = out[k] + (to_simplex * from_facets).sum(1)
            out[k - 1] = out[k - 1] + scatter_to_facets(complex, to_facet * from_simplex, k)
        return out

    def _diffuse(self, x: Tensor, complex: SimplicialComplex, k: int) -> Tensor:
        for _ in range(self.power):
            x = apply_random_walk_laplacian(complex, x, k, signed=self.signed)
        return x

    def _relations(
        self, z_below: Tensor, z: Tensor, complex: SimplicialComplex, k: int
    ) -> tuple[Tensor, Tensor]:
        """The entries of R_{k,k-1} and R_{k-1,k} for every incidence, (n_k, k+1, 1) each."""
        score = (gather_facets(complex, z_below, k) * z[:, None]).sum(-1)  # (n_k, k+1)
        sign = torch.ones_like(score)
        if self.signed:
            sign = incidence_signs(complex, k, score.dtype)[0]
        score = (sign * score / math.sqrt(self.relation_channels)).relu()
        to_simplex = sign * score.softmax(1)
        of_facets = incidences(complex, k).places
        to_facet = sign * segment_softmax(score.flatten()[:, None], of_facets).view(sign.shape)
        return to_simplex[:, :, None], to_facet[:, :, None]  # (n_k, k+1, 1)


class BScNet(StackedNetwork):
    r"""Block Hodge convolutions with a readout.

    Departure from the paper: it predicts links from distances of embedded vertices; for that, take
    ``model.encode(x, complex)[0]``. Its parallel graph convolution on the vertices is the block of
    dimension 0 here.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        power, relation_channels: of :class:`BScNetConv`.
        signed: for signals on oriented simplices; the readout then pools absolute values. For
            features that are no flows pass ``False``; any norm and activation are allowed then.
        activation: after every layer, tanh; an odd one if ``signed``.

    Laws:
        Invariant under relabelling; with ``signed`` under reorientation.

    Paper:
        Chen, Gel, Poor, AAAI 2022, arXiv 2112.06826, see :class:`BScNetConv`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = BScNet(1, 16, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = BScNetConv, {"activation": torch.tanh}
