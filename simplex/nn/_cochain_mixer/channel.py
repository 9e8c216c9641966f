"""Channel mixing of cochains: the same two-layer network for every simplex of a dimension."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import parity_activations, require_flags, require_positive
from simplex.nn._layer import ComplexConv
from simplex.nn._reach import NOTHING, Reach
from simplex.operators import chain_down, chain_up


class ChannelMixerConv(ComplexConv):
    r"""The channel MLP of MLP-Mixer, in every dimension, on the channels of neighbours as well.

    .. math::
        X'_k = a\big( [\, X_k ‖ ∂_k^⊤ X_{k-1} ‖ ∂_{k+1} X_{k+1} \,] \, W_3 + b_3 \big) W_4 + b_4

    with ∂ divided by the root of a bound of its largest singular value, part by part.

    Departures from the paper: (1) The channels of facets and cofacets, if ``neighbors``; on
    vertices alone (``max_dim`` 0) there are none. (2) In dimensions whose cochains are oriented the
    biases are dropped and the activation is odd.

    Args:
        channels: width of the cochains, C.
        channels_mlp_dim: width of the MLP, D_C.
        max_dim: the top dimension of the cochains.
        neighbors: whether the channels of facets and cofacets are mixed in.
        signed: whether the cochains are oriented.
        activation: a where values are even: on vertices, and everywhere if not signed.
        odd_activation: a elsewhere; an odd function.

    Raises:
        TypeError: a size is no integer, ``signed`` no bool, or an activation no function.
        ValueError: a size is too small, or ``odd_activation`` is not odd where it is used.

    Laws:
        Those of :class:`ComplexConv`; orientation equivariant if signed.

    Paper:
        That of :class:`SimplicialMixerConv`; the step to complexes is ours.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> conv = ChannelMixerConv(8, 32, max_dim=2)
        >>> [tuple(y.shape) for y in conv([torch.ones(n, 8) for n in K.f_vector], K)]
        [(4, 8), (4, 8), (1, 8)]
    """

    def __init__(
        self,
        channels: int,
        channels_mlp_dim: int,
        max_dim: int,
        *,
        neighbors: bool = True,
        signed: bool = True,
        activation: Callable[[Tensor], Tensor] = nn.functional.gelu,
        odd_activation: Callable[[Tensor], Tensor] = torch.tanh,
    ) -> None:
        super().__init__(channels, channels, max_dim)
        require_positive(channels=channels, channels_mlp_dim=channels_mlp_dim)
        require_flags(neighbors=neighbors, signed=signed)
        self.channels, self.channels_mlp_dim = channels, channels_mlp_dim
        self.neighbors, self.signed = neighbors, signed
        odd = [signed and k > 0 for k in range(max_dim + 1)]
        self.activations = parity_activations(activation, odd_activation, odd)
        terms = [1 + ((k > 0) + (k < max_dim) if neighbors else 0) for k in range(max_dim + 1)]
        self.lin1 = nn.ModuleList(
            nn.Linear(count * channels, channels_mlp_dim, bias=not each)
            for count, each in zip(terms, odd, strict=True)
        )
        self.lin2 = nn.ModuleList(
            nn.Linear(channels_mlp_dim, channels, bias=not each) for each in odd
        )

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return None if self.neighbors else NOTHING  # a bound of the whole part divides

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """Mix the channels of each simplex, with those of its facets and cofacets."""
        terms = [[values] for values in x]
        options = {"signed": self.signed, "normalize": True}
        for k in range(self.max_dim if self.neighbors else 0):
            terms[k + 1].append(chain_up(complex, x[k], k, 1, **options)[1])
            terms[k].append(chain_down(complex, x[k + 1], k + 1, 1, **options)[1])
        return [
            lin2(activation(lin1(torch.cat(each, dim=-1))))
            for each, lin1, lin2, activation in zip(
                terms, self.lin1, self.lin2, self.activations, strict=True
            )
        ]
