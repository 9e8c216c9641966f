"""The options of networks, by name and kind."""

from collections.abc import Callable, Sequence
from typing import Literal, TypedDict

from torch import Tensor, nn

from simplex.nn._frame.encoder import CochainEncoder


class NetworkOptions(TypedDict, total=False):
    """The options of every network: see :class:`SimplicialNetwork`."""

    embed: bool | CochainEncoder | None
    activation: Callable[[Tensor], Tensor] | None
    norm: Literal["batch", "layer", "rms", "graph"] | None
    dropout: float
    layer_dropout: float
    input_dropout: float
    skip: bool
    jumping_knowledge: Literal["cat", "max"] | None
    reduce: Literal["sum", "mean", "max"]
    reduce_dims: Literal["sum", "mean"]
    readout_dims: Sequence[int] | None
    readout_norm: Literal["batch", "log"] | None
    readout_activation: Callable[[Tensor], Tensor] | None
    level: int | None
    signed_output: bool
    oriented: bool


class StackOptions(NetworkOptions, total=False):
    """Those, and the options of layers: a network has the ones of its own layer."""

    adjacencies: Sequence[str]
    aggr: str | nn.Module
    alpha: float
    bias: bool
    bipartite: bool
    convolution: str
    blocks: Sequence[int] | Sequence[Sequence[int]] | None
    channels: int | None
    down_order: int
    eps: float
    epsilon: float | None
    harmonic_order: int
    heads: int
    hops: int
    laplacian: str
    make_conv: Callable[..., nn.Module]
    max_pairs: int
    normalize: bool
    num_steps: int
    order: int
    power: int
    relation_channels: int | None
    scheme: str
    signed: bool
    slope: float
    train_eps: bool
    up_order: int
