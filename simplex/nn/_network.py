"""Whole networks from layers: norm, activation, dropout, skips, jumping knowledge, readout."""

from collections.abc import Callable, Sequence
from typing import Literal, TypedDict

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import require_cochains
from simplex.nn._modules import reset_submodules
from simplex.nn._norm import make_norm
from simplex.nn._readout import Readout


class ReadOptions(TypedDict, total=False):
    """Keyword arguments of every network: see :class:`SimplicialNetwork`."""

    dropout: float
    layer_dropout: float
    skip: bool
    jumping_knowledge: Literal["cat", "max"] | None
    readout: Literal["sum", "mean", "max"]
    final_readout: Literal["sum", "mean"]
    readout_dims: Sequence[int] | None


class NetworkOptions(ReadOptions, total=False):
    """Those, and the norm, of networks whose layers have none of their own."""

    norm: Literal["batch", "layer", "rms", "graph"] | None


class SimplicialNetwork(nn.Module):
    r"""Layers on cochains, followed by a readout of each dimension: the frame of all networks here.

    .. math::
        h^{(l+1)} &= \text{dropout}\big( a( \text{norm}( \text{conv}_l(h^{(l)}, K) ) ) \big)
                     \ [\, + h^{(l)}\, ] \\
        y &= \text{Readout}(h^{(L)}, K) \quad\text{or}\quad \text{Readout}(h^{(1)} ‖ … ‖ h^{(L)}, K)

    :meth:`encode` gives the cochains, for tasks on vertices, edges or triangles; a call gives one
    row per part, for tasks on whole complexes: ``model(batch.cochains(), batch.complex)``.

    Args:
        convs: the layers, each called as ``conv(x, complex)`` with one cochain per dimension.
        hidden_channels: width of what every layer returns.
        out_channels: width of the result.
        max_dim: the top dimension of the cochains.
        activation: a, after every layer; ``None`` where the layers have their own.
        norm: before the activation: ``"batch"``, ``"layer"``, ``"rms"``, ``"graph"`` or ``None``.
        dropout: probability, before the last map.
        layer_dropout: probability, after every layer but the last.
        skip: add the input of each layer but the first to what comes of it.
        jumping_knowledge: what the readout sees of the layers: ``"cat"`` all, ``"max"`` the largest
            value in each channel, ``None`` the last.
        readout: how the simplices of one dimension are pooled, ``"sum"``, ``"mean"`` or ``"max"``.
        final_readout: how the dimensions are aggregated, ``"sum"`` or ``"mean"``.
        readout_dims: the dimensions that are read; ``None`` for all.
        readout_activation: φ of the :class:`Readout`.
        oriented: whether the layers are equivariant under reorientation. The readout then pools
            absolute values; a norm other than ``"rms"`` and the jumping knowledge ``"max"`` are
            refused.

    Laws:
        Invariant under relabelling if the layers are equivariant; with ``oriented`` under
        reorientation too, if the activation is odd. In evaluation mode a batch gives what its items
        give.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> from simplex.nn import SINConv
        >>> model = SimplicialNetwork([SINConv(1, 8, 2), SINConv(8, 8, 2)], 8, 3, 2, skip=True)
        >>> x = [torch.ones(n, 1) for n in K.f_vector]
        >>> model(x, K).shape, model.encode(x, K)[1].shape
        (torch.Size([1, 3]), torch.Size([4, 8]))
    """

    def __init__(
        self,
        convs: Sequence[nn.Module],
        hidden_channels: int,
        out_channels: int,
        max_dim: int,
        *,
        activation: Callable[[Tensor], Tensor] | None = None,
        norm: Literal["batch", "layer", "rms", "graph"] | None = None,
        dropout: float = 0.0,
        layer_dropout: float = 0.0,
        skip: bool = False,
        jumping_knowledge: Literal["cat", "max"] | None = None,
        readout: Literal["sum", "mean", "max"] = "sum",
        final_readout: Literal["sum", "mean"] = "sum",
        readout_dims: Sequence[int] | None = None,
        readout_activation: Callable[[Tensor], Tensor] = nn.functional.elu,
        oriented: bool = False,
    ) -> None:
        super().__init__()
        if not convs:
            raise ValueError("num_layers must be at least 1, got 0.")
        if jumping_knowledge not in ("cat", "max", None):
            raise ValueError(
                f"jumping_knowledge must be 'cat', 'max' or None, got {jumping_knowledge!r}."
            )
        if oriented and jumping_knowledge == "max":
            raise ValueError(
                "jumping_knowledge must be 'cat' or None in a network that is equivariant under "
                "reorientation, got 'max': the largest value changes with the sign."
            )
        if oriented and norm not in ("rms", None):
            raise ValueError(
                f"norm must be 'rms' or None in a network that is equivariant under reorientation, "
                f"got {norm!r}: it would shift the values."
            )
        dims = sorted(set(range(max_dim + 1) if readout_dims is None else readout_dims))
        if not dims or dims[0] < 0 or dims[-1] > max_dim:
            raise ValueError(f"readout_dims must be among 0 … {max_dim}, got {readout_dims}.")
        self.max_dim, self.skip, self.jumping_knowledge = max_dim, skip, jumping_knowledge
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
        self.layer_dropout = nn.Dropout(layer_dropout)
        concatenate = jumping_knowledge == "cat"
        self.readout = Readout(
            hidden_channels * (len(convs) if concatenate else 1),
            2 * hidden_channels,
            out_channels,
            dims,
            pool=readout,
            aggregate=final_readout,
            dropout=dropout,
            activation=readout_activation,
            bias=not concatenate,
            absolute=oriented,
        )

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_submodules(self)

    def encode(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """The cochains after all layers, with jumping knowledge those of all layers together.

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim; left as they are.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            One cochain per dimension.

        Raises:
            ValueError: the cochains do not fit the complex or ``max_dim``.
        """
        require_cochains(complex, x, self.max_dim)
        h, layers = list(x), []
        for number, conv in enumerate(self.convs):
            out: list[Tensor] = list(conv(h, complex))
            for k, values in enumerate(out):
                if self.norm:
                    values = self.norms[number][k](values, complex, k)  # type: ignore[index]
                if self.activation is not None:
                    values = self.activation(values)
                if number < len(self.convs) - 1:
                    values = self.layer_dropout(values)
                out[k] = values + h[k] if self.skip and number > 0 else values
            h = out
            layers.append(h)
        if self.jumping_knowledge is None:
            return h
        if self.jumping_knowledge == "cat":
            return [torch.cat(each, dim=-1) for each in zip(*layers, strict=True)]
        return [torch.stack(each).amax(0) for each in zip(*layers, strict=True)]

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> Tensor:
        """One row per part of the complex.

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim; left as they are.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            (num_parts, out_channels).

        Raises:
            ValueError: the cochains do not fit the complex or ``max_dim``.
        """
        result: Tensor = self.readout(self.encode(x, complex), complex)
        return result


class EachDegree(nn.Module):
    """One layer per degree that knows only cochains of its own, as a layer on all of them.

    Args:
        convs: for each degree 0 … max_dim a layer called as ``conv(x_k, complex)``.

    Example:
        >>> from simplex.nn import OrientedConv
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> layer = EachDegree([OrientedConv(1, 4, k) for k in range(2)])
        >>> [tuple(y.shape) for y in layer([torch.ones(3, 1), torch.ones(2, 1)], K)]
        [(3, 4), (2, 4)]
    """

    def __init__(self, convs: Sequence[nn.Module]) -> None:
        super().__init__()
        self.convs = nn.ModuleList(convs)

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """Apply each layer to its cochain."""
        return [conv(values, complex) for conv, values in zip(self.convs, x, strict=True)]


def layer_widths(
    in_channels: int | Sequence[int], hidden_channels: int, num_layers: int
) -> list[int | Sequence[int]]:
    """The input widths of the layers of a network.

    Raises:
        ValueError: fewer than one layer, or no hidden channel.

    Example:
        >>> layer_widths(3, 16, 3)
        [3, 16, 16]
    """
    for name, value in (("num_layers", num_layers), ("hidden_channels", hidden_channels)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}.")
    return [in_channels, *[hidden_channels] * (num_layers - 1)]
