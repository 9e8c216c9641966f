"""The modules that several rooms share: maps, embeddings, and drawing parameters anew."""

import math
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import require_int, require_real, require_word
from simplex.nn._checks import (
    require_flags,
    require_functions,
    require_positive,
    require_real_times,
    require_room,
)
from simplex.nn._norm import SimplexBatchNorm
from simplex.nn._saving.pretrained import Pretrained


def reset_submodules(module: nn.Module) -> None:
    """Call ``reset_parameters`` of every module inside, each once; lazy ones wait for an input.

    Example:
        >>> reset_submodules(nn.Sequential(nn.Linear(2, 2), nn.ELU()))
    """
    for inner in module.modules():
        reset = getattr(inner, "reset_parameters", None)
        if inner is not module and callable(reset):
            reset()


class Module(Pretrained):
    """A module whose parameters can be drawn anew, with those of the modules inside, and saved."""

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        reset_submodules(self)


Widths = int | Sequence[int]  # of all cochains, or one per dimension; -1 for one not known yet


def widths_of(in_channels: Widths, max_dim: int) -> list[int]:
    """One width for each dimension 0 … max_dim, checked; -1 for one to be taken from the input.

    Example:
        >>> widths_of(8, 2), widths_of((1, 2, 3), 2)
        ([8, 8, 8], [1, 2, 3])
    """
    require_int("max_dim", max_dim, 0)
    if not isinstance(in_channels, Sequence) or isinstance(in_channels, str | bytes):
        if require_int("in_channels", in_channels, -1) == 0:
            raise ValueError("in_channels must be positive or -1, got 0.")
        width = require_int("in_channels", in_channels)
        if width != -1:
            require_positive(in_channels=width)
        return [width] * (max_dim + 1)
    widths = [require_int("in_channels", width) for width in in_channels]
    if len(widths) != max_dim + 1 or min(widths) < 1:
        raise ValueError(
            f"in_channels must be one positive width for each dimension 0 … {max_dim}, got "
            f"{widths}. For one common width that is not known yet, pass -1."
        )
    return widths


def joint_width(widths: Iterable[int]) -> int:
    """The width of a concatenation, -1 where one is not known yet.

    Example:
        >>> joint_width([2, 3]), joint_width([2, -1])
        (5, -1)
    """
    known = list(widths)
    return -1 if -1 in known else sum(known)


def linear(in_channels: int, out_channels: int, bias: bool = True) -> nn.Linear:
    """A dense map; with ``in_channels`` -1 one that takes its width from its first input."""
    require_positive(out_channels=out_channels)
    require_flags(bias=bias)
    if in_channels == -1:
        return nn.LazyLinear(out_channels, bias=bias)
    require_positive(in_channels=in_channels)
    require_room(in_channels, out_channels)
    return nn.Linear(in_channels, out_channels, bias=bias)


def mlp(
    in_channels: int,
    out_channels: int,
    num_layers: int,
    activation: Callable[[Tensor], Tensor],
    norm: str | None = None,
) -> nn.Sequential:
    """Dense layers of one width, each followed by the norm, where asked for, and the activation.

    Example:
        >>> import torch
        >>> mlp(3, 8, 2, torch.relu)(torch.ones(5, 3)).shape
        torch.Size([5, 8])
    """
    require_word("norm", norm, ("batch", None))
    require_int("num_layers", num_layers, 1)
    require_functions(activation=activation)
    layers: list[nn.Module] = []
    for i in range(num_layers):
        layers.append(linear(in_channels if i == 0 else out_channels, out_channels))
        if norm == "batch":
            layers.append(SimplexBatchNorm(out_channels))
        layers.append(Activation(activation))
    return nn.Sequential(*layers)


class Scores(nn.ParameterDict):
    """Vectors of attention scores by name; the layer draws them once its maps are there."""

    def reset_parameters(self) -> None:
        """Draw all of them anew."""
        for score in self.values():
            nn.init.xavier_uniform_(score)


class Activation(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """Apply the function."""
        return self.function(x)

    def extra_repr(self) -> str:
        """The name of the function."""
        return str(getattr(self.function, "__name__", self.function))


class LinearSum(nn.ModuleDict):
    r"""The sum of linear maps, one for each input.

    .. math:: Y = \sum_j X_j W_j^⊤ = [X_1 | … | X_J] \, [W_1 | … | W_J]^⊤

    The inputs are a cochain and what operators make of it. The maps are drawn as maps of their
    own, not as one map of the concatenation; but trained by local losses they are one map, as one
    that is solved for without the others does not know that their outputs are added.

    Example:
        >>> sum = LinearSum({"own": nn.Linear(2, 8, False), "upper": nn.Linear(3, 8, False)})
        >>> sum(torch.ones(5, 2), torch.ones(5, 3)).shape
        torch.Size([5, 8])
    """

    def forward(self, *inputs: Tensor) -> Tensor:
        """Apply the maps to one input each, in their order."""
        first, *others = zip(self.locoprop_weights(), inputs, strict=True)
        out = nn.functional.linear(first[1], first[0])
        flat = out.flatten(0, -2)
        for weight, x in others:
            flat = torch.addmm(flat, x.flatten(0, -2), weight.T)
        return flat.view(out.shape)

    def weight(self) -> Tensor:
        """(J · out_channels, in_channels): the weights of maps of one width, stacked."""
        return torch.cat(list(self.locoprop_weights()))

    def locoprop_rows(self, *inputs: Tensor) -> Tensor:
        """The map as rows times weights, for local-loss training: (rows, all in_channels)."""
        return torch.cat([x.flatten(0, -2) for x in inputs], dim=-1)

    def locoprop_weights(self) -> Sequence[nn.Parameter]:
        """The parameters that the columns of :meth:`locoprop_rows` meet."""
        return [linear.weight for linear in self.values()]  # type: ignore[misc]


def lecun_normal_(weight: Tensor) -> Tensor:
    """Draw a weight (out, in) as Flax does: normal, cut at two deviations, of variance 1 / in.

    Example:
        >>> w = lecun_normal_(torch.empty(400, 100, dtype=torch.float64))
        >>> bool((w.var() - 0.01).abs() < 5e-4)
        True
    """
    cut = 0.87962566103423978  # the deviation of a standard normal cut at ±2
    std = 1 / (math.sqrt(weight.shape[1]) * cut)
    return nn.init.trunc_normal_(weight, std=std, a=-2 * std, b=2 * std)


class LecunLinear(nn.Linear):
    """``nn.Linear`` as Flax draws it: :func:`lecun_normal_`, bias 0.

    Example:
        >>> LecunLinear(2, 3).bias.tolist()
        [0.0, 0.0, 0.0]
    """

    def reset_parameters(self) -> None:
        """Draw the weights anew."""
        lecun_normal_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class ZeroLinear(nn.Linear):
    """``nn.Linear`` that starts at zero.

    Example:
        >>> ZeroLinear(2, 1)(torch.ones(2)).tolist()
        [0.0]
    """

    def reset_parameters(self) -> None:
        """Set the weights to zero."""
        nn.init.zeros_(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class TimeEmbedding(nn.Module):
    r"""Sines and cosines of a time at geometrically spaced frequencies.

    .. math:: (\cos ω_i s t, \sin ω_i s t), \qquad ω_i = T^{-i/h}, \quad i = 0, …, h - 1

    Args:
        channels: 2 h, even.
        scale: s; 1 for steps 0, 1, …, 1000 for a time in [0, 1].
        max_period: T; the longest period is just below 2π T.

    Shapes:
        time (batch,), or of any shape, to (batch, channels).

    Paper:
        Vaswani et al., arXiv:1706.03762, section 3.5; as in Ho et al., arXiv:2006.11239.

    Example:
        >>> TimeEmbedding(4)(torch.tensor([0.0, 1.0])).shape
        torch.Size([2, 4])
    """

    frequencies: Tensor

    def __init__(self, channels: int, *, scale: float = 1.0, max_period: float = 10_000.0) -> None:
        super().__init__()
        require_positive(channels=channels)
        if channels % 2:
            raise ValueError(f"channels must be even, got {channels}.")
        require_real("scale", scale)
        require_real("max_period", max_period, 0, open=True)
        self.channels, self.scale, self.max_period = channels, scale, max_period
        half = channels // 2
        exponents = torch.arange(half, dtype=torch.float64) / half
        frequencies = scale * torch.exp(-math.log(max_period) * exponents)
        self.register_buffer(
            "frequencies", frequencies.to(torch.get_default_dtype()), persistent=False
        )

    def forward(self, time: Tensor) -> Tensor:
        """Embed times.

        Args:
            time: (batch,), or of any shape, of any real or integer type.

        Returns:
            (batch, channels), of the type of the frequencies; (channels,) for a single time ().

        Raises:
            TypeError: the time is no tensor of real numbers.
        """
        require_real_times(time)
        angles = time.to(self.frequencies.dtype)[..., None] * self.frequencies
        return torch.cat([angles.cos(), angles.sin()], dim=-1)

    def __repr__(self) -> str:
        return f"TimeEmbedding({self.channels}, scale={self.scale}, max_period={self.max_period})"
