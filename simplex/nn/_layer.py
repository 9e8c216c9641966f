"""The bases of layers: on the cochains of all dimensions, and on a cochain of one."""

import inspect
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int
from simplex.nn._checks import require_cochain, require_cochains, require_modules, require_positive
from simplex.nn._modules import Module, Widths, widths_of
from simplex.nn._reach import Reach, reach_of, side_by_side
from simplex.nn._saving.pretrained import Pretrained


class Layer(Module):
    """A module whose repr is the call that made it.

    Every argument of the constructor is kept as an attribute of the same name, if it is to be seen.
    """

    def __repr__(self) -> str:
        shown = []
        for name, parameter in inspect.signature(type(self)).parameters.items():
            value = getattr(self, name, parameter.default)
            if isinstance(value, Tensor):  # a parameter of this name, whose start was given
                continue
            text = getattr(value, "__name__", repr(value))
            if name in ("in_channels", "out_channels"):
                shown.append(text)
            elif name in ("k", "max_dim") or value != parameter.default:
                shown.append(f"{name}={text}")
        return f"{type(self).__name__}({', '.join(shown)})"


class ComplexConv(Layer):
    r"""Base of the layers on the cochains of all dimensions at once.

    .. math:: (X_0, …, X_K) ↦ (X'_0, …, X'_K)

    A subclass makes its maps in the constructor, after calling this one, and defines
    :meth:`convolve`. What is checked, and how parameters are drawn anew, is said here. ``widths``
    holds the width of each dimension, -1 for one that is not known yet.

    Args:
        in_channels: width of all cochains; or one per dimension; or -1, taken from the first input.
        out_channels: width of the result.
        max_dim: the top dimension of the cochains, K.
        options: for a further base, such as :class:`SimplicialMessagePassing`.

    Shapes:
        ``x[k]`` (n_k, in_channels) to (n_k, out_channels), k = 0 … max_dim; empty ones as well.

    Laws:
        Of every layer: permutation equivariant; a disjoint union gives what its parts give.

    Example:
        >>> import torch
        >>> from simplex.operators import apply_hodge_laplacian
        >>> class Diffuse(ComplexConv):
        ...     def convolve(self, x, complex):
        ...         return [apply_hodge_laplacian(complex, h, k) for k, h in enumerate(x)]
        >>> layer, K = Diffuse(3, 3, max_dim=1), SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> layer, [tuple(y.shape) for y in layer([torch.ones(n, 3) for n in K.f_vector], K)]
        (Diffuse(3, 3, max_dim=1), [(3, 3), (2, 3)])
    """

    def __init__(
        self, in_channels: Widths, out_channels: int, max_dim: int, **options: Any
    ) -> None:
        super().__init__(**options)
        self.widths = widths_of(in_channels, max_dim)
        if out_channels != -1:  # as wide as what comes in
            require_positive(out_channels=out_channels)
        self.in_channels, self.out_channels, self.max_dim = in_channels, out_channels, max_dim

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """Apply the layer to all dimensions at once.

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim; left as they are.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            One cochain (n_k, out_channels) per dimension.

        Raises:
            TypeError: x is no list of floating-point tensors, or complex is none.
            ValueError: the cochains do not fit the complex, ``max_dim`` or ``in_channels``.
        """
        require_cochains(complex, x, self.max_dim, self.widths, next(self.parameters(), None))
        result = self.convolve(x, complex)
        if -1 in self.widths:  # the maps have taken their widths, for good
            self.widths = [values.shape[1] for values in x]
        return result

    def convolve(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """What the layer computes, of cochains that have been checked."""
        raise TypeError(f"{type(self).__name__} must define convolve(x, complex).")


class DegreeConv(Layer):
    r"""Base of the layers on cochains of one degree.

    .. math:: X_k ↦ X'_k

    A subclass makes its maps in the constructor, after calling this one, and defines
    :meth:`convolve`. :class:`EachDegree` makes a layer on all dimensions of several.

    Args:
        in_channels: width of the cochain, or -1, taken from the first input.
        out_channels: width of the result.
        k: the degree of the cochain; 1 for edge flows.

    Shapes:
        x (…, n_k, in_channels) to (…, n_k, out_channels); n_k = 0 as well.

    Laws:
        Of every layer: permutation equivariant; a disjoint union gives what its parts give.

    Example:
        >>> import torch
        >>> from simplex.operators import apply_hodge_laplacian
        >>> class Diffuse(DegreeConv):
        ...     def convolve(self, x, complex):
        ...         return apply_hodge_laplacian(complex, x, self.k)
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> Diffuse(3, 3, k=1)(torch.ones(2, 3), K).shape
        torch.Size([2, 3])
    """

    def __init__(self, in_channels: int, out_channels: int, k: int) -> None:
        super().__init__()
        (self.width,) = widths_of(in_channels, 0)
        require_int("k", k, 0)
        require_positive(out_channels=out_channels)
        self.in_channels, self.out_channels, self.k = in_channels, out_channels, k

    def forward(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """Apply the layer to one cochain.

        Args:
            x: (…, n_k, in_channels); left as it is.
            complex: the complex, or the disjoint union of a batch.

        Returns:
            (…, n_k, out_channels).

        Raises:
            ValueError: x does not have one row per k-simplex, or not ``in_channels`` channels.
        """
        require_cochain(complex, x, self.k, self.width, next(self.parameters(), None))
        result = self.convolve(x, complex)
        if self.width == -1:  # the maps have taken theirs, for good
            self.width = x.shape[-1]
        return result

    def convolve(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """What the layer computes, of a cochain that has been checked."""
        raise TypeError(f"{type(self).__name__} must define convolve(x, complex).")


class EachDegree(Pretrained):
    """One layer per degree that knows only cochains of its own, as a layer on all of them.

    Args:
        convs: for each degree 0 … max_dim a layer called as ``conv(x_k, complex)``.

    Example:
        >>> import torch
        >>> from simplex.nn import OrientedConv
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> layer = EachDegree([OrientedConv(1, 4, k) for k in range(2)])
        >>> [tuple(y.shape) for y in layer([torch.ones(3, 1), torch.ones(2, 1)], K)]
        [(3, 4), (2, 4)]
    """

    def __init__(self, convs: Sequence[nn.Module]) -> None:
        super().__init__()
        require_modules("convs", convs)
        self.convs = nn.ModuleList(convs)

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        return side_by_side(*map(reach_of, self.convs))

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """Apply each layer to its cochain."""
        require_cochains(
            complex,
            x,
            len(self.convs) - 1,
            [getattr(conv, "width", -1) for conv in self.convs],
            next(self.parameters(), None),
        )
        return [conv(values, complex) for conv, values in zip(self.convs, x, strict=True)]
