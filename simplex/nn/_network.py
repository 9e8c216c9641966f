"""The frame of networks: norm, activation, dropout, skips, jumping knowledge, readout."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int, require_word
from simplex.nn._checks import (
    require_cochains,
    require_dims,
    require_flags,
    require_functions,
    require_list,
    require_modules,
    require_oriented,
    require_positive,
    require_rates,
)
from simplex.nn._frame.encoder import CochainEncoder, InputDropout
from simplex.nn._frame.level_readout import make_readout, require_level
from simplex.nn._frame.stages import network_stages
from simplex.nn._modules import Module
from simplex.nn._norm import make_norm
from simplex.nn._reach import Reach, Sighted, Stage, one_after_another, reach_of


class SimplicialNetwork(Sighted, Module):
    r"""Layers on cochains, followed by a readout of each dimension: the frame of all networks here.

    .. math::
        h^{(l+1)} &= \text{dropout}\big( a( \text{norm}( \text{conv}_l(h^{(l)}, K) ) ) \big)
                     \ [\, + h^{(l)}\, ] \\
        y &= \text{Readout}(h^{(L)}, K) \quad\text{or}\quad \text{Readout}(h^{(1)} ‖ … ‖ h^{(L)}, K)

    A call, ``model(batch.cochains(), batch.complex)``, gives one row per part, for tasks on whole
    complexes, or with ``level=k`` one row per k-simplex, for tasks on vertices, edges or triangles.
    :meth:`encode` gives the cochains.

    Attributes:
        sees: the top dimension that the layers take; ``None`` for all.

    Args:
        convs: the layers, each called as ``conv(x, complex)`` with one cochain per dimension.
        hidden_channels: width of what every layer returns.
        out_channels: width of the result.
        max_dim: the top dimension of the cochains.
        embed: a :class:`CochainEncoder` that brings the input to what the first layer takes, or
            ``None``. Networks of one class of layers make it: ``True`` for a linear map of each
            dimension to ``hidden_channels``, ``None`` for one where the input is wider than that,
            ``False`` for none.
        activation: a, after every layer; ``None`` where the layers have their own.
        norm: before the activation: ``"batch"``, ``"layer"``, ``"rms"``, ``"graph"`` or ``None``.
        dropout: probability, before the last map.
        layer_dropout: probability, after every layer but the last.
        input_dropout: probability, of the numbers that come in; categories are left whole.
        skip: add the input of each layer but the first to what comes of it.
        jumping_knowledge: what the readout sees of the layers: ``"cat"`` all, ``"max"`` the largest
            value in each channel, ``None`` the last.
        reduce: how the simplices of one dimension are pooled, ``"sum"``, ``"mean"`` or ``"max"``.
        reduce_dims: how the dimensions are put together, ``"sum"`` or ``"mean"``.
        readout_dims: the dimensions that are read; ``None`` for all.
        readout_norm: of what was pooled of each part: ``"batch"``, ``"log"`` for a batch norm on a
            logarithmic scale, or ``None``, see :class:`Readout`. For the classification of
            complexes of different sizes take ``"log"``, as ``simplex train`` does. With a level,
            where no part is pooled, it changes nothing.
        readout_activation: φ of the readout; ``None`` for ELU, or tanh where the output is signed.
        level: ``None`` for one row per part, by a :class:`Readout`; k for one row per k-simplex, by
            a :class:`LevelReadout`: ``reduce`` is then over facets and cofacets, ``reduce_dims``
            over what comes from above, from below, and the own values.
        signed_output: whether the rows of a level are to turn with the simplices, as the numbers on
            edges do that are flows; without it they are invariant, as classes of edges are.
        oriented: whether the network is to be invariant under reorientation, as its layers are
            equivariant. The readout then pools absolute values; an activation that is not odd, a
            norm other than ``"rms"`` and the jumping knowledge ``"max"`` are refused.

    Laws:
        Invariant under relabelling if the layers are equivariant; with ``oriented`` under
        reorientation too. In evaluation mode a batch gives what its items give.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> from simplex.nn import SINConv
        >>> model = SimplicialNetwork([SINConv(1, 8, 2), SINConv(8, 8, 2)], 8, 3, 2, skip=True)
        >>> x = [torch.ones(n, 1) for n in K.f_vector]
        >>> model(x, K).shape, model.encode(x, K)[1].shape
        (torch.Size([1, 3]), torch.Size([4, 8]))
    """

    sees: ClassVar[int | None] = None

    def __init__(
        self,
        convs: Sequence[nn.Module],
        hidden_channels: int,
        out_channels: int,
        max_dim: int,
        *,
        embed: CochainEncoder | None = None,
        activation: Callable[[Tensor], Tensor] | None = None,
        norm: Literal["batch", "layer", "rms", "graph"] | None = None,
        dropout: float = 0.0,
        layer_dropout: float = 0.0,
        input_dropout: float = 0.0,
        skip: bool = False,
        jumping_knowledge: Literal["cat", "max"] | None = None,
        reduce: Literal["sum", "mean", "max"] = "sum",
        reduce_dims: Literal["sum", "mean"] = "sum",
        readout_dims: Sequence[int] | None = None,
        readout_norm: Literal["batch", "log"] | None = None,
        readout_activation: Callable[[Tensor], Tensor] | None = None,
        level: int | None = None,
        signed_output: bool = False,
        oriented: bool = False,
    ) -> None:
        super().__init__()
        require_modules("convs", convs)
        require_int("num_layers", len(convs), 1)
        require_int("max_dim", max_dim, 0)
        require_positive(hidden_channels=hidden_channels, out_channels=out_channels)
        require_rates(dropout=dropout, layer_dropout=layer_dropout, input_dropout=input_dropout)
        require_flags(skip=skip, oriented=oriented)
        require_level(level, max_dim)
        self.top = max_dim
        max_dim = max_dim if self.sees is None else min(max_dim, self.sees)
        if readout_dims is not None:
            require_dims("readout_dims", readout_dims, max_dim)
        require_functions(activation=activation, readout_activation=readout_activation)
        require_word("norm", norm, ("batch", "layer", "rms", "graph", None))
        require_word("jumping_knowledge", jumping_knowledge, ("cat", "max", None))
        if oriented:
            require_oriented(activation, norm, jumping_knowledge)
        dims = sorted(set(range(max_dim + 1) if readout_dims is None else readout_dims))
        self.max_dim, self.skip, self.jumping_knowledge = max_dim, skip, jumping_knowledge
        self.level = level
        self.activation = activation
        self.convs = nn.ModuleList(convs)
        self.norms = nn.ModuleList(
            nn.ModuleList(
                make_norm(norm, hidden_channels) if norm else nn.Identity()
                for _ in range(max_dim + 1)
            )
            for _ in convs
        )
        self.norm = norm
        self.layer_dropout, self.input_dropout = (
            nn.Dropout(layer_dropout),
            InputDropout(input_dropout),
        )
        if embed is not None:
            require_modules("embed", [embed])
        self.embed = embed
        concatenate = jumping_knowledge == "cat"
        self.readout = make_readout(
            hidden_channels * (len(convs) if concatenate else 1),
            2 * hidden_channels,
            out_channels,
            dims,
            reduce=reduce,
            reduce_dims=reduce_dims,
            dropout=dropout,
            norm=readout_norm,
            activation=readout_activation,
            level=level,
            signed_output=signed_output,
            bias=not concatenate,
            absolute=oriented,
        )

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        if self.norm == "graph":
            return None
        return one_after_another(map(reach_of, (*self.convs, self.readout)))

    def encode(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """The cochains after all layers, with jumping knowledge those of all layers together.

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim; left as they are. With an
                encoder also sparse matrices, or categories.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            One cochain per dimension.

        Raises:
            ValueError: the cochains do not fit the complex or ``max_dim``.
        """
        h, layers = self._inputs(x, complex), []
        for number in range(len(self.convs)):
            h = self._layer_on(number, h, complex)
            layers.append(h)
        return self._finished(layers, complex)

    def stages(self) -> list[Stage]:
        """The layers and the readout one by one: what :func:`simplex.loader.infer` takes in blocks.

        Each layer is a stage, the encoder part of the first; the readout, with what jumping
        knowledge puts together, is the last.
        """
        return network_stages(self)

    def _layer_on(
        self, number: int, h: Sequence[Tensor], complex: SimplicialComplex
    ) -> list[Tensor]:
        """One layer with its norm, activation, dropout and skip."""
        out: list[Tensor] = list(self.convs[number](h, complex))
        for k, values in enumerate(out):
            if self.norm:
                values = self.norms[number][k](values, complex, k)  # type: ignore[index]
            if self.activation is not None:
                values = self.activation(values)
            if number < len(self.convs) - 1:
                values = self.layer_dropout(values)
            out[k] = values + h[k] if self.skip and number > 0 else values
        return out

    def _finished(
        self, layers: Sequence[Sequence[Tensor]], complex: SimplicialComplex
    ) -> list[Tensor]:
        """What the readout sees; of the layers at least the last, with jumping knowledge all."""
        return self._jump(layers)

    def _inputs(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """The cochains that the layers take: of the dimensions that they see, and encoded."""
        require_list(complex, x, self.top)
        x = self._dropped(x[: self.max_dim + 1])
        if self.embed is not None:
            x = self.embed(x, complex)
        require_cochains(complex, x, self.max_dim, parameter=next(self.parameters(), None))
        return list(x)

    def _dropped(self, x: Sequence[Tensor]) -> Sequence[Tensor]:
        """What is left of what comes in."""
        if not (self.training and self.input_dropout.p):
            return x
        return [self.input_dropout(values) for values in x]

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> Any:
        """As of torch; where one of weights and network has an encoder, the error names it."""
        try:
            return super().load_state_dict(state_dict, strict, assign)
        except RuntimeError as error:
            has = any(key.startswith("embed.") for key in state_dict)
            if has == (self.embed is not None):
                raise
            kind, remedy = ("with", "True") if has else ("without", "False")
            raise RuntimeError(
                f"the weights are of a network {kind} an encoder: make it with embed={remedy}. "
                f"{error}"
            ) from error

    def _jump(self, layers: Sequence[Sequence[Tensor]]) -> list[Tensor]:
        """Of the cochains after each layer, those that the readout sees."""
        if self.jumping_knowledge is None:
            return list(layers[-1])
        if self.jumping_knowledge == "cat":
            return [torch.cat(each, dim=-1) for each in zip(*layers, strict=True)]
        return [torch.stack(each).amax(0) for each in zip(*layers, strict=True)]

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> Tensor:
        """One row per part, (num_parts, out_channels), or per simplex of the level.

        The rest is as of :meth:`encode`.
        """
        result: Tensor = self.readout(self.encode(x, complex), complex)
        return result


def __getattr__(name: str) -> Any:
    """What files of earlier versions look for here."""
    if name != "StackedNetwork":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from simplex.nn._frame.stacked import StackedNetwork

    return StackedNetwork
