r"""Design matrices of torch's own layers: Z with ``output = Z W``, bias as a column of ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn import functional

from optim.blocks import Block


_PLAIN = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def linear_rows(module: Any, input: Tensor) -> Tensor:
    """``[x | 1]``, one row for each position of all leading dimensions.

    Args:
        module: An ``nn.Linear``.
        input: (…, n); nested (ragged) and sparse ones too.

    Returns:
        (R, n), or (R, n + 1) with a bias, R the product of the leading dimensions.

    >>> linear_rows(nn.Linear(2, 5), torch.tensor([[3.0, 4.0]])).tolist()
    [[3.0, 4.0, 1.0]]
    """
    return with_ones(flat_rows(input), module.bias)


def flat_rows(tensor: Tensor) -> Tensor:
    """A tensor (…, n) as (R, n): leading dimensions, ragged or sparse ones too, are rows."""
    if tensor.is_nested:
        return torch.cat([piece.reshape(-1, piece.shape[-1]) for piece in tensor.unbind()])
    dense = tensor if tensor.layout == torch.strided else tensor.to_dense()
    return dense.reshape(-1, dense.shape[-1])


def convolution_rows(module: Any, input: Tensor) -> Tensor:
    """The patches under the kernel, one row for each sample and output position.

    ``A[(b, o), c] = Σ_{i, k} x[b, i, o·stride + k·dilation] W[c, i, k] + bias[c]`` for each group
    of channels i and outputs c, x the padded input whatever the padding mode.

    Args:
        module: An ``nn.Conv1d``, ``nn.Conv2d`` or ``nn.Conv3d``.
        input: (B, C, …) or (C, …), as many spatial dimensions as the convolution has.

    Returns:
        (R, n) for one group, (groups, R, n) for more; R = B times output positions, n = C / groups
        times kernel size, plus 1 with a bias.

    >>> convolution_rows(nn.Conv1d(1, 1, 2, bias=False), torch.tensor([[1.0, 2.0, 3.0]])).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    spatial, groups = len(module.kernel_size), module.groups
    mode = "constant" if module.padding_mode == "zeros" else module.padding_mode
    batch = input if input.ndim == spatial + 2 else input.unsqueeze(0)
    patches = functional.pad(batch, _padding(module), mode=mode)
    for axis in range(spatial):
        kernel, dilation = module.kernel_size[axis], module.dilation[axis]
        patches = patches.unfold(axis + 2, dilation * (kernel - 1) + 1, module.stride[axis])
        patches = patches[..., ::dilation]
    patches = torch.unflatten(patches, 1, (groups, -1))  # (B, G, C / G, positions…, kernel…)
    positions, kernels = range(3, spatial + 3), range(spatial + 3, 2 * spatial + 3)
    patches = patches.permute(1, 2, *kernels, 0, *positions)
    inputs, rows = patches.shape[1 : spatial + 2], patches.shape[spatial + 2 :]
    # Columns first: they are copied in runs of positions, at a third of the time.
    columns = patches.new_ones(groups, prod(inputs) + (module.bias is not None), *rows)
    torch.unflatten(columns[:, : prod(inputs)], 1, inputs).copy_(patches)
    design = columns.flatten(2).mT
    return design[0] if groups == 1 else design


def _padding(module: Any) -> list[int]:
    """Padding as ``functional.pad`` wants it, last axis first; "same" puts the odd one behind."""
    if module.padding == "valid":
        return [0] * (2 * len(module.kernel_size))
    if module.padding == "same":
        totals = [d * (k - 1) for d, k in zip(module.dilation, module.kernel_size, strict=True)]
        pairs = [(total // 2, total - total // 2) for total in totals]
    else:
        pairs = [(padding, padding) for padding in module.padding]
    return [amount for pair in reversed(pairs) for amount in pair]


def with_ones(rows: Tensor, bias: Tensor | None) -> Tensor:
    """The rows (…, R, n) and a column of ones behind them where there is a bias."""
    return rows if bias is None else torch.cat([rows, rows.new_ones(*rows.shape[:-1], 1)], dim=-1)


def own_parameters(module: Any, *names: str) -> list[nn.Parameter]:
    """The parameters of those names, without those that are None; none if one is parametrised.

    >>> [p.shape for p in own_parameters(nn.Linear(2, 3, bias=False), "weight", "bias")]
    [torch.Size([3, 2])]
    """
    there = [name for name in names if getattr(module, name, None) is not None]
    own = [module._parameters.get(name) for name in there]
    found = [parameter for parameter in own if parameter is not None]
    return found if len(found) == len(there) else []


@runtime_checkable
class LinearModule(Protocol):
    """A module that says itself what linear map it is: two methods, no import, no base class.

    For a layer ``y = Σ_k A_k X W_k + 1 bᵀ`` the rows are ``[A_1 X | … | A_K X | 1]`` and the
    weights ``[W_1, …, W_K, b]``; where the bias comes before an aggregation,
    ``y = A (X W + 1 bᵀ)``, the last column is ``A 1``. Rows must not depend on random numbers nor
    change buffers: they are made after the forward pass. The module's output must be a tensor with
    features last.
    """

    def locoprop_rows(self, *inputs: Any, **options: Any) -> Tensor:
        """The design matrix (…, R, n) of one call, all columns, one row for each output row."""
        ...

    def locoprop_weights(self) -> Sequence[nn.Parameter]:
        """Parameters in column order: (d, n_k) in torch's layout, or (d,) for one bias column."""
        ...


@dataclass(frozen=True)
class MapAdapter:
    """How modules of one type are read as linear maps.

    Args:
        rows: ``(module, *inputs, **options) -> Z``, (R, n), or (groups, R, n) with groups; where
            equal parts of the outputs have rows of their own, a tuple of (R_k, n).
        weights: ``module -> parameters`` in column order, or blocks of them that are read in
            another way; empty where the module is no map.
        groups: ``module -> number`` of independent problems of equal shape that split the outputs.
        features: ``module -> axis`` of the features in the module's output, negative: from the end.
        pre: ``(module, output) -> A``, the output as pre-activations (…, R, d) in the order of the
            rows; None where it is easier to multiply Z W again.
        outputs: ``output -> tensors`` that the map has a part in, where the output of the module is
            no tensor or not that of the map.
        keep: ``(module, inputs, options, output) -> (inputs, options)``: what ``rows`` is given, if
            not the inputs of the module.
        follows: ``module -> name and reason`` of the transfer function where it is part of the
            module; None leaves it to the graph.
        parts: ``inputs -> number`` of rows' tuples, of the inputs that ``rows`` is given.
        lookup: Whether the rows are one-hot: ``rows`` gives the places of the ones, (R,), where a
            place behind the last column is a row of zeros. The weight is (n, d) then, not (d, n).
    """

    rows: Callable[..., Any]
    weights: Callable[[Any], Sequence[nn.Parameter | Block]]
    groups: Callable[[Any], int] = lambda module: 1
    features: Callable[[Any], int] = lambda module: -1
    pre: Callable[[Any, Tensor], Tensor] | None = None
    outputs: Callable[[Any], Sequence[Tensor]] | None = None
    keep: Callable[[Any, Any, Any, Any], tuple[Any, Any]] | None = None
    follows: Callable[[Any], tuple[str, str]] | None = None
    parts: Callable[[Any], int] | None = None
    lookup: bool = False


@dataclass(frozen=True, eq=False)
class Member:
    """One module of a map, with the adapter that reads it."""

    name: str
    module: nn.Module
    adapter: MapAdapter

    @property
    def features(self) -> int | None:
        """Axis of the map's features in the output, negative; None where groups split them."""
        return None if self.adapter.groups(self.module) > 1 else self.adapter.features(self.module)

    def blocks(self) -> tuple[Block, ...]:
        """The parameters as they are now, in column order."""
        groups = self.adapter.groups(self.module)
        weights = self.adapter.weights(self.module)
        return tuple(each if isinstance(each, Block) else Block(each, groups) for each in weights)


@dataclass(frozen=True, eq=False)
class LinearMap:
    """One local problem: the modules that share its parameters, and the parameters as W.

    Matrices have shapes (n, d), or (groups, n, d): n columns of Z, d outputs. Numbers are at least
    float32, whatever the parameters are. Parameters that do not move, frozen or without a gradient,
    keep their columns in :meth:`weights` (they are part of the pre-activations) and have none in
    :meth:`gradient` and :meth:`moved`. A module that has only some of the parameters has zeros in
    the columns of the others.

    A table, an embedding's weight, is read as the weight of the head that it may be tied to: its d
    outputs are the rows of the table.
    """

    members: tuple[Member, ...]
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        """Name of the module in the model; several, joined by " + ", share their parameters."""
        return " + ".join(member.name for member in self.members)

    @property
    def parameters(self) -> tuple[nn.Parameter, ...]:
        """All parameters in column order, frozen ones included."""
        return tuple(parameter for block in self.blocks for parameter in block.parameters)

    @property
    def is_table(self) -> bool:
        """Whether a member looks rows of the weight up."""
        return any(member.adapter.lookup for member in self.members)

    @property
    def is_plain(self) -> bool:
        """Whether each call of a member multiplies by the weight once, as ``nn.Linear`` does."""
        weight = self.blocks[0].parameter
        return all(
            type(member.module) in _PLAIN and member.module.weight is weight
            for member in self.members
        )

    @property
    def has_head(self) -> bool:
        """Whether a member of a table multiplies rows by it, too."""
        return not all(member.adapter.lookup for member in self.members)

    @property
    def table_columns(self) -> Tensor:
        """Which columns are those of the table that is looked up, (n,) of bool."""
        tables = {b.layout for m in self.members if m.adapter.lookup for b in m.blocks()}
        device = self.blocks[0].parameter.device
        pieces = [
            torch.full((block.columns,), block.layout in tables, device=device)
            for block in self.blocks
        ]
        return torch.cat(pieces)

    @property
    def follows(self) -> tuple[str, str] | None:
        """The transfer function and why, where it is known without a graph."""
        if self.is_table:
            return "identity", "a table of rows" + " and its head" * (len(self.members) > 1)
        words = {
            None if member.adapter.follows is None else member.adapter.follows(member.module)
            for member in self.members
        }
        return words.pop() if len(words) == 1 else None

    @property
    def shape(self) -> tuple[int, int]:
        """N and d, of all groups together."""
        columns = sum(block.columns for block in self.blocks)
        return columns, self.blocks[0].parameter.shape[0]

    @property
    def trainable(self) -> tuple[Block, ...]:
        """Blocks whose parameter requires a gradient now."""
        return tuple(block for block in self.blocks if block.trainable)

    @property
    def moving(self) -> tuple[Block, ...]:
        """Trainable blocks that have a gradient; ``grad`` None means leave alone, as in torch."""
        return tuple(block for block in self.blocks if block.moving)

    @property
    def dtype(self) -> torch.dtype:
        """The numbers of the local problem are those of the parameters, float32 at least."""
        return torch.promote_types(self.blocks[0].parameter.dtype, torch.float32)

    @torch.no_grad()
    def rows(self, member: Member, *inputs: Any, **options: Any) -> Any:
        """Design matrix Z (…, R, n) of one call of one member, all columns.

        A tuple of them where parts of the outputs have rows of their own; of a lookup the places
        of the ones, (R,).
        """
        design = member.adapter.rows(member.module, *inputs, **options)
        if member.adapter.lookup:
            return design
        if isinstance(design, tuple):
            return tuple(self._placed(member, each) for each in design)
        return self._placed(member, design)

    def _placed(self, member: Member, design: Tensor) -> Tensor:
        """The rows of one member in the columns of the map's blocks."""
        own = member.blocks()
        expected = sum(block.columns for block in own)
        if design.shape[-1] != expected:
            raise ValueError(
                f"rows of {member.name!r} ({type(member.module).__name__}) must have {expected} "
                f"columns, one for each input of its weights, got {tuple(design.shape)}. "
                "Mind the bias column."
            )
        design = design.to(device=self.blocks[0].parameter.device, dtype=self.dtype)
        if len(own) == len(self.blocks):
            return design
        pieces = torch.split(design, [block.columns for block in own], dim=-1)
        known = {block.layout: piece for block, piece in zip(own, pieces, strict=True)}
        empty = [design.new_zeros(*design.shape[:-1], block.columns) for block in self.blocks]
        placed = zip(self.blocks, empty, strict=True)
        return torch.cat([known.get(block.layout, zeros) for block, zeros in placed], dim=-1)

    def no_rows(self) -> Tensor:
        """The design matrix (…, 0, n) of a process that has not called the map."""
        weights = self.weights()
        return weights.new_empty(*weights.shape[:-2], 0, weights.shape[-2])

    def weights(self) -> Tensor:
        """W0 (…, n, d): all parameters stacked as they are now, detached."""
        return self._stack(self.blocks, [block.value() for block in self.blocks])

    def gradient(self) -> Tensor:
        """G = Zᵀ g (…, n, d): ``grad`` of the moving parameters stacked."""
        return self._stack(self.moving, [block.gradient() for block in self.moving])

    def moving_columns(self, design: Tensor) -> Tensor:
        """The columns of Z (…, R, n) that meet moving parameters; Z itself if all are."""
        moving = self.moving
        if len(moving) == len(self.blocks):
            return design
        pieces = torch.split(design, [block.columns for block in self.blocks], dim=-1)
        kept = [piece for piece, b in zip(pieces, self.blocks, strict=True) if b in moving]
        return torch.cat(kept, dim=-1)

    @torch.no_grad()
    def moved(self, displacement: Tensor, decay: float = 1.0) -> list[tuple[nn.Parameter, Tensor]]:
        """The moving parameters, each with decay · W + D; D (…, n, d) as :meth:`gradient` is."""
        blocks = self.moving
        pieces = torch.split(displacement, [block.columns for block in blocks], dim=-2)
        pairs = zip(blocks, pieces, strict=True)
        return [each for b, piece in pairs for each in b.moved(b.unpack(piece), decay)]

    def _stack(self, blocks: Sequence[Block], tensors: Sequence[Tensor]) -> Tensor:
        packed = [b.pack(t).to(self.dtype).mT for b, t in zip(blocks, tensors, strict=True)]
        return (packed[0] if len(packed) == 1 else torch.cat(packed, dim=-1)).mT  # torch's layout
