"""Maps of each dimension before the first layer: of numbers, of categories, of sparse rows."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int
from simplex.nn._checks import (
    brief,
    require_flags,
    require_list,
    require_positive,
    require_values,
)
from simplex.nn._modules import Widths, linear, widths_of
from simplex.nn._saving.pretrained import Pretrained


Sizes = int | Sequence[int]


class CategoryEmbedding(nn.Embedding):
    """The sum of one learned vector for each column of categories, in one table.

    Args:
        sizes: how many categories each column has.
        out_channels: width of the vectors.

    Example:
        >>> CategoryEmbedding((3, 2), 8)(torch.tensor([[2, 0], [0, 1]])).shape
        torch.Size([2, 8])
    """

    starts: Tensor

    def __init__(self, sizes: Sizes, out_channels: int) -> None:
        listed = tuple(sizes) if isinstance(sizes, Sequence) else (sizes,)
        self.sizes = tuple(require_int("categories", size, 1) for size in listed)
        require_positive(out_channels=out_channels)
        super().__init__(sum(self.sizes), out_channels)
        ends = torch.tensor(self.sizes).cumsum(0)
        self.register_buffer("starts", ends - torch.tensor(self.sizes), persistent=False)

    def reset_parameters(self) -> None:
        """Draw vectors whose sum over the columns has entries of variance 1."""
        nn.init.normal_(self.weight, std=len(self.sizes) ** -0.5)

    def forward(self, input: Tensor) -> Tensor:
        """(n, columns) or (n,) int64 to (n, out_channels)."""
        columns = input[:, None] if input.ndim == 1 else input
        if not torch.compiler.is_compiling() and not columns.is_meta:
            sizes = self.starts.new_tensor(self.sizes)
            if bool(((columns < 0) | (columns >= sizes)).any()):
                raise ValueError(
                    f"categories must be from 0 to below {self.sizes}, column by column, got from "
                    f"{columns.amin(0).tolist()} to {columns.amax(0).tolist()}. Say how many there "
                    "are by categories=; give what is missing a number of its own."
                )
        return super().forward(columns + self.starts).sum(1)


class CochainEncoder(Pretrained, nn.ModuleList):
    r"""Bring the cochains of each dimension to a common width, before the first layer.

    .. math::
        h_{k,σ} = W_k x_{k,σ} \ [\, + b_k \,] \qquad \text{or} \qquad
        h_{k,σ} = \sum_c E_{k,c}\,[x_{k,σ,c}] \ \text{ of categories}

    A layer whose maps are as wide as its input costs the square of it: with a bag of 1,433 words
    for each vertex the encoder is what makes two layers affordable. A cochain may be dense; or a
    sparse matrix, CSR or COO, of which only the entries are multiplied; or int64 categories, a
    learned vector for each. Networks make one of themselves, see the option ``embed``, or are given
    one as this option, with categories.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
            That of categories is not looked at.
        out_channels: the common width.
        max_dim: the top dimension of the cochains.
        categories: for a dimension, how many categories there are; or how many in each column.
        oriented: whether the cochains turn with the simplices: there is no bias then from dimension
            1 on, and no category.

    Shapes:
        ``x[k]`` (n_k, in_channels), or int64 (n_k,) or (n_k, columns), to (n_k, out_channels).

    Raises:
        ValueError: categories of a dimension that is not there, or that turns.

    Laws:
        Each simplex by itself: permutation equivariant; equivariant under reorientation if
        ``oriented``.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> encoder = CochainEncoder((5, 3, 3), 8, max_dim=2, categories={1: 4})
        >>> words, bonds = torch.eye(4, 5).to_sparse(), torch.tensor([0, 3, 1, 1])
        >>> [tuple(h.shape) for h in encoder([words, bonds, torch.ones(1, 3)], K)]
        [(4, 8), (4, 8), (1, 8)]
    """

    def __init__(
        self,
        in_channels: Widths,
        out_channels: int,
        max_dim: int,
        *,
        categories: Mapping[int, Sizes] | None = None,
        oriented: bool = False,
    ) -> None:
        widths = widths_of(in_channels, max_dim)
        require_flags(oriented=oriented)
        categories = dict(_read_categories(categories, max_dim, oriented))
        super().__init__(
            CategoryEmbedding(categories[k], out_channels)
            if k in categories
            else linear(width, out_channels, bias=not (oriented and k > 0))
            for k, width in enumerate(widths)
        )
        self.max_dim, self.out_channels, self.oriented = max_dim, out_channels, oriented

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """Encode one cochain per dimension 0 … max_dim.

        Raises:
            TypeError: a cochain is neither of numbers nor, where there are some, of categories.
            ValueError: the cochains do not fit the complex, ``max_dim`` or ``in_channels``.
        """
        require_list(complex, x, self.max_dim)
        return [self._encode(k, values, complex) for k, values in enumerate(x)]

    def _encode(self, k: int, x: Tensor, complex: SimplicialComplex) -> Tensor:
        encode, name = self[k], f"x[{k}]"
        rows = complex.num_simplices(k)
        if x.ndim not in (1, 2) or x.shape[0] != rows:
            raise ValueError(
                f"{name} must have shape (n_{k}, channels) with n_{k} = {rows}, got "
                f"{tuple(x.shape)}."
            )
        result: Tensor
        if isinstance(encode, CategoryEmbedding):
            _require_categories(name, x, len(encode.sizes), complex)
            result = encode(x.long())
            return result
        assert isinstance(encode, nn.Linear)
        _require_numbers(name, x, encode, complex)
        if x.layout == torch.strided:
            result = encode(x)
            return result
        if isinstance(encode, nn.LazyLinear):
            encode(x.new_zeros(0, x.shape[1], layout=torch.strided))  # it takes its width
        return _sparse_linear(x, encode)


class InputDropout(nn.Dropout):
    """Dropout of what comes in: of dense numbers, of the entries of sparse rows, of no category.

    Example:
        >>> InputDropout(0.5)(torch.tensor([1, 2])).tolist()
        [1, 2]
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop numbers while training."""
        if not (self.training and self.p) or not input.is_floating_point():
            return input
        if input.layout == torch.sparse_coo:
            x = input.coalesce()
            kept = super().forward(x.values())
            indices, shape = x.indices(), x.shape
            return torch.sparse_coo_tensor(
                indices, kept, shape, is_coalesced=True, check_invariants=False
            )
        if input.layout == torch.sparse_csr:
            kept = super().forward(input.values())
            place = input.crow_indices(), input.col_indices()
            return torch.sparse_csr_tensor(*place, kept, input.shape, check_invariants=False)
        return super().forward(input)


def _sparse_linear(x: Tensor, linear: nn.Linear) -> Tensor:
    """The map of a sparse matrix of rows: only the entries are multiplied."""
    if x.layout == torch.sparse_csr and x.dtype in (torch.float16, torch.bfloat16):
        x = x.to_sparse(layout=torch.sparse_coo)  # CSR has no product in half precision
    with torch.autocast(x.device.type, enabled=False):  # it has no sparse product in half precision
        product: Tensor = torch.sparse.mm(x, linear.weight.T)
    return product if linear.bias is None else product + linear.bias


def _read_categories(
    categories: Mapping[int, Sizes] | None, max_dim: int, oriented: bool
) -> Mapping[int, Sizes]:
    """The number of categories by dimension, checked."""
    if categories is None:
        return {}
    if not isinstance(categories, Mapping):
        raise TypeError(
            "categories must be a dictionary from dimensions to how many categories there are, "
            f"such as {{0: 28}}, got {brief(categories)}."
        )
    for k, sizes in categories.items():
        require_int("a dimension of categories", k, 0, max_dim)
        if isinstance(sizes, Sequence) and not sizes:
            raise ValueError(f"categories[{k}] must hold a number for each column, got none.")
        if oriented and k > 0:
            raise ValueError(
                "categories must be of vertices alone in a network that is equivariant under "
                f"reorientation, got some of dimension {k}: they do not turn with the simplices. "
                "Pass oriented=False."
            )
    return categories


def _require_categories(name: str, x: Tensor, columns: int, complex: SimplicialComplex) -> None:
    """Refuse what are no categories, one for each column."""
    if x.dtype not in (torch.int64, torch.int32, torch.int16, torch.uint8, torch.int8):
        raise TypeError(f"{name} must be int64, as it holds categories, got {x.dtype}.")
    if (1 if x.ndim == 1 else x.shape[1]) != columns:
        raise ValueError(
            f"{name} must have {columns} columns of categories, as categories= says, got shape "
            f"{tuple(x.shape)}."
        )
    if x.device != complex.device:
        raise ValueError(
            f"{name} must be on the device of the complex, {complex.device}, got {x.device}. Move "
            "both with .to(device)."
        )


def _require_numbers(name: str, x: Tensor, encode: nn.Linear, complex: SimplicialComplex) -> None:
    """Refuse what is no matrix of numbers that the map takes; a sparse one is taken."""
    if not x.is_floating_point():
        raise TypeError(
            f"{name} must be floating point, got {x.dtype}. Convert it with .float(); of "
            "categories, say how many there are: embed=CochainEncoder(…, categories=…)."
        )
    if x.ndim != 2:
        raise ValueError(
            f"{name} must have shape (rows, channels), got {tuple(x.shape)}. A single channel is "
            f"{name}[:, None]."
        )
    if x.layout not in (torch.strided, torch.sparse_csr, torch.sparse_coo):
        raise TypeError(f"{name} must be dense, sparse_csr or sparse_coo, got {x.layout}.")
    require_values(name, x, complex, encode.in_features or -1, encode.weight, sparse=True)


def wants_encoder(embed: object, in_channels: Widths, hidden_channels: int, max_dim: int) -> bool:
    """Whether the option ``embed`` of a network asks for an encoder."""
    if embed is not None and not isinstance(embed, bool | CochainEncoder):
        raise TypeError(f"embed must be True, False, None or a CochainEncoder, got {brief(embed)}.")
    if embed is None:
        return max(widths_of(in_channels, max_dim)) > hidden_channels
    return embed is not False


def make_encoder(
    embed: bool | CochainEncoder | None,
    in_channels: Widths,
    hidden_channels: int,
    max_dim: int,
    oriented: bool,
) -> CochainEncoder:
    """The encoder of a network that has one: a new one, or the one that is given."""
    if embed is not None and not isinstance(embed, bool | CochainEncoder):
        raise TypeError(f"embed must be a CochainEncoder or None, got {brief(embed)}.")
    if embed is False:
        raise ValueError("embed must be a CochainEncoder or None, as this network has one always.")
    if not isinstance(embed, CochainEncoder):
        return CochainEncoder(in_channels, hidden_channels, max_dim, oriented=oriented)
    if (embed.max_dim, embed.out_channels) != (max_dim, hidden_channels):
        raise ValueError(
            f"embed must be an encoder of max_dim = {max_dim} and out_channels = "
            f"{hidden_channels}, as the layers are, got one of {embed.max_dim} and "
            f"{embed.out_channels}."
        )
    if oriented and not embed.oriented:
        raise ValueError(
            "embed must be an encoder with oriented=True in a network that is equivariant under "
            "reorientation, got one without."
        )
    return embed
