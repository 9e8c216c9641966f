"""The simplicial isomorphism network: layers of messages, a readout per dimension, a classifier."""

from collections.abc import Callable, Sequence
from typing import Literal, Unpack

from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._messages import require_cochains
from simplex.nn._network import ReadOptions, SimplicialNetwork, layer_widths
from simplex.nn._sin_conv import SINConv
from simplex.nn._widths import linear, widths_of


class SIN(SimplicialNetwork):
    r"""The simplicial isomorphism network for whole complexes.

    .. math::
        h^{(l+1)} = \text{SINConv}_l(h^{(l)}, K), \qquad
        y = \text{Readout}(h^{(L)}, K)

    Call it as ``model(x, complex)``; for a batch, ``model(batch.cochains(), batch.complex)``.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width h of the layers; the readout has width 2h.
        out_channels: width of the result, e.g. the number of classes.
        num_layers: number of :class:`SINConv` layers.
        max_dim: the top dimension of the cochains.
        norm: ``"graph"``, ``"layer"`` or ``"rms"`` after each layer; ``"batch"`` within it, before
            each activation, as in the authors' code for graph classification; or ``None``, as in
            their code for strongly regular graphs.
        embed: whether a dense map of each dimension brings the cochains to the width h before the
            first layer, whose messages are as wide as its input: for wide one-hot features.
        train_eps: as in :class:`SINConv`.
        activation: of all layers and of the readout.
        options: those of :class:`SimplicialNetwork`: ``readout``, ``final_readout``,
            ``readout_dims``, ``jumping_knowledge``, ``dropout``, ``layer_dropout``, ``skip``.

    Laws:
        Invariant under permutation of the vertices; batched equals one by one. In float64, with
        random weights and at least five layers, it separates every pair that the exact SWL test
        separates in the families SR(16,6,2,2), SR(25,12,5,6), SR(26,10,3,4) and SR(28,12,6,4).

    Departure from the paper: the graph norm. Without it a sum multiplies what all simplices have in
    common by their degree and what they differ in by less, layer by layer; the outputs of two
    graphs then agree to 10⁻⁹ where the SWL colours differ (tests/benchmarks/strongly_regular.py).

    Paper:
        Bodnar et al. 2021, Section 6; the readout follows the authors' code (with ``"cat"`` the
        maps W_k have no bias, so that an absent dimension adds nothing).

    Example:
        >>> import torch; from simplex import SimplicialComplex
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = SIN(1, 16, 2, num_layers=3, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    def __init__(
        self,
        in_channels: int | Sequence[int],
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        *,
        norm: Literal["batch", "layer", "rms", "graph"] | None = "graph",
        embed: bool = False,
        train_eps: bool = False,
        activation: Callable[[Tensor], Tensor] = nn.functional.elu,
        **options: Unpack[ReadOptions],
    ) -> None:
        convs = [
            SINConv(
                width,
                hidden_channels,
                max_dim,
                train_eps=train_eps,
                activation=activation,
                norm="batch" if norm == "batch" else None,
            )
            for width in layer_widths(
                hidden_channels if embed else in_channels, hidden_channels, num_layers
            )
        ]
        super().__init__(
            convs,
            hidden_channels,
            out_channels,
            max_dim,
            norm=None if norm == "batch" else norm,
            readout_activation=activation,
            **options,
        )
        widths = widths_of(in_channels, max_dim) if embed else []
        self.embed = nn.ModuleList(linear(width, hidden_channels) for width in widths)

    def encode(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """As in the base class, after the embedding where there is one."""
        if len(self.embed):
            require_cochains(x, complex, self.max_dim)
            x = [embed(values) for embed, values in zip(self.embed, x, strict=True)]
        return super().encode(x, complex)
