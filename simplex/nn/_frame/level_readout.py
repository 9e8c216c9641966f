"""From cochains of all dimensions to one row per simplex of one dimension."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex, require_int, require_word
from simplex.nn._checks import (
    require_dims,
    require_flags,
    require_functions,
    require_odd,
    require_positive,
    require_rates,
    require_read,
)
from simplex.nn._frame.readout import Readout
from simplex.nn._modules import Module
from simplex.nn._reach import Reach, along
from simplex.operators import boundary_sum, coboundary_sum, gather_facets, neighbor_counts


class LevelReadout(Module):
    r"""Carry all cochains to one dimension, along incidences and by learned maps, and classify.

    .. math::
        a_{j,σ} &= W_j h_σ \ [\, + b_j\, ] \ \text{ where } j \text{ is read, else } 0 \\
        d_σ &= φ\Big( a_{j,σ} + D_j \, \text{reduce}_{τ ∈ C(σ)} d_τ \Big)
               \quad σ ∈ K_j, \ j = K, …, k+1 \\
        u_σ &= φ\Big( a_{j,σ} + U_j \, \text{reduce}_{τ ∈ B(σ)} u_τ \Big)
               \quad σ ∈ K_j, \ j = 0, …, k-1 \\
        y_σ &= W \, \text{dropout} \, φ\Big( a_{k,σ} + D_k \, \text{reduce}_{τ ∈ C(σ)} d_τ
               + U_k \, \text{reduce}_{τ ∈ B(σ)} u_τ \Big) \ [\, + b\, ], \quad σ ∈ K_k

    What lies above comes down along cofacets C, what lies below comes up along facets B. The chains
    begin at the highest and the lowest dimension that is read. With ``reduce_dims="mean"`` the last
    sum is divided by the number of its terms. A dimension without simplices adds nothing.

    Of oriented cochains the rows are invariant, or turn with the simplices:

    - ``absolute``: h is replaced by |h| from dimension 1 on, which forgets the orientation, and the
      sums have no signs.
    - ``signed``: the sums have the incidence numbers, no map has a bias, φ is odd. As it stands
      between two sums, ∂∂ = 0 does not cut the chains. Rows of vertices, which do not turn, have b.

    Args:
        in_channels: width of the cochains.
        hidden_channels: width of a, d and u.
        out_channels: width of the result.
        dims: the dimensions that are read.
        level: k, the dimension whose simplices have a row each.
        reduce: ``"sum"``, ``"mean"`` or ``"max"`` over facets and over cofacets.
        reduce_dims: ``"sum"`` or ``"mean"`` over own values, those from above and from below.
        dropout: probability, before the last map.
        activation: φ; ``None`` for ELU, or tanh if ``signed``.
        absolute: as said above.
        signed: as said above.

    Laws:
        Permutation equivariant; invariant under reorientation if ``absolute``, equivariant if
        ``signed``, of cochains that are. A disjoint union gives what its parts give.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> readout = LevelReadout(4, 8, 2, dims=[0, 1], level=1)
        >>> readout([torch.ones(3, 4), torch.ones(2, 4)], K).shape
        torch.Size([2, 2])
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        dims: Sequence[int],
        level: int,
        *,
        reduce: str = "sum",
        reduce_dims: str = "sum",
        dropout: float = 0.0,
        activation: Callable[[Tensor], Tensor] | None = None,
        absolute: bool = False,
        signed: bool = False,
    ) -> None:
        super().__init__()
        require_positive(
            in_channels=in_channels, hidden_channels=hidden_channels, out_channels=out_channels
        )
        require_dims("dims", dims)
        require_int("level", level, 0)
        require_rates(dropout=dropout)
        require_flags(absolute=absolute, signed=signed)
        require_functions(activation=activation)
        require_word("reduce", reduce, ("sum", "mean", "max"))
        require_word("reduce_dims", reduce_dims, ("sum", "mean"))
        if signed:
            _require_signed(reduce, activation, absolute)
        self.dims, self.level = sorted(set(dims)), level
        self.reduce, self.reduce_dims = reduce, reduce_dims
        self.absolute, self.signed = absolute, signed
        if activation is None:
            activation = torch.tanh if signed else nn.functional.elu
        self.activation = activation
        self.read = nn.ModuleDict(
            {str(j): nn.Linear(in_channels, hidden_channels, bias=not signed) for j in self.dims}
        )
        low, high = min(self.dims), max(self.dims)
        self.down = _carriers(range(level, high), hidden_channels)
        self.up = _carriers(range(low + 1, level + 1), hidden_channels)
        self.dropout = nn.Dropout(dropout)
        turns = signed and level > 0
        self.classify = nn.Linear(hidden_channels, out_channels, bias=not turns)

    @property
    def reach(self) -> Reach | None:
        """How far it sees, see :class:`Reach`."""
        up, down = (("boundary",) if self.up else ()), (("coboundary",) if self.down else ())
        return along((*up, *down), k=self.level)

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> Tensor:
        """One row per k-simplex: (n_k, out_channels)."""
        weight = self.read[str(self.dims[0])].weight
        require_read(complex, x, self.dims, weight)  # type: ignore[arg-type]
        return self.carry({j: x[j] for j in self.dims}, complex)

    def carry(self, x: dict[int, Tensor], complex: SimplicialComplex) -> Tensor:
        """The same, of the cochains (…, n_j, in_channels) by dimension."""
        own = {
            j: self.read[str(j)](x[j].abs() if self.absolute and j > 0 else x[j]) for j in self.dims
        }
        terms = [own[self.level]] if self.level in own else []
        if above := self._chain(own, complex, self.down, 1):
            terms += above
        if below := self._chain(own, complex, self.up, -1):
            terms += below
        total = sum(terms[1:], terms[0])
        if self.reduce_dims == "mean":
            total = total / len(terms)
        result: Tensor = self.classify(self.dropout(self.activation(total)))
        return result

    def _chain(
        self, own: dict[int, Tensor], complex: SimplicialComplex, maps: nn.ModuleDict, step: int
    ) -> list[Tensor]:
        """What arrives at the level from one side; nothing where nothing is read there."""
        arrived: list[Tensor] = []
        for j in sorted(map(int, maps), reverse=step > 0):
            sender = j + step
            terms = [own[sender], *arrived] if sender in own else arrived
            values = self.activation(sum(terms[1:], terms[0]))
            arrived = [maps[str(j)](self._reduced(values, complex, j, step))]
        return arrived

    def _reduced(self, x: Tensor, complex: SimplicialComplex, j: int, step: int) -> Tensor:
        """Of the values on the (j+step)-simplices, those that meet at each j-simplex."""
        if self.reduce == "max":
            return _largest(x, complex, j, step)
        move = coboundary_sum if step > 0 else boundary_sum
        total = move(complex, x, j, signed=self.signed)
        if self.reduce == "sum":
            return total
        if step < 0:
            return total / (j + 1)
        count = neighbor_counts(complex, j, "coboundary").clamp(min=1)
        return total / count[:, None].to(total.dtype)


def _carriers(dims: range, channels: int) -> nn.ModuleDict:
    """The map of what arrives in each of these dimensions."""
    return nn.ModuleDict({str(j): nn.Linear(channels, channels, bias=False) for j in dims})


def _largest(x: Tensor, complex: SimplicialComplex, j: int, step: int) -> Tensor:
    """The largest value over facets or cofacets in each channel; 0 where there are none."""
    if step < 0:
        return gather_facets(complex, x, j).amax(1)
    facets = complex.facets(j + 1)  # (n_{j+1}, j+2)
    rows = x[:, None].expand(-1, facets.shape[1], -1).flatten(0, 1)
    zeros = x.new_zeros(complex.num_simplices(j), x.shape[1])
    place = facets.flatten()[:, None].expand(rows.shape)
    return zeros.scatter_reduce(0, place, rows, "amax", include_self=False)


def _require_signed(
    reduce: str, activation: Callable[[Tensor], Tensor] | None, absolute: bool
) -> None:
    """Refuse what would not turn with the simplices."""
    kind = "where the rows turn with the simplices"
    if reduce == "max":
        raise ValueError(
            f"reduce must be 'sum' or 'mean' {kind}, got 'max': the largest value changes with the "
            "sign."
        )
    if absolute:
        raise ValueError(f"absolute must be False {kind}, got True.")
    require_odd("readout_activation", activation, f"It is needed {kind}: take torch.tanh.")


def require_level(level: int | None, max_dim: int) -> None:
    """Raise unless the level is ``None`` or a dimension of the cochains."""
    if level is not None and require_int("level", level, 0) > max_dim:
        raise ValueError(
            f"level must be a dimension of the cochains, from 0 to max_dim = {max_dim}, or None "
            f"for a row per complex, got {level}. Lift with max_dim={level} or above, and make the "
            "network with it."
        )


def make_readout(
    in_channels: int,
    hidden_channels: int,
    out_channels: int,
    dims: Sequence[int],
    *,
    level: int | None = None,
    signed_output: bool = False,
    activation: Callable[[Tensor], Tensor] | None = None,
    bias: bool = True,
    absolute: bool = False,
    norm: str | None = None,
    **options: Any,
) -> nn.Module:
    """The readout of a network: a row per part, or per simplex of the level."""
    sizes = (in_channels, hidden_channels, out_channels, dims)
    require_flags(signed_output=signed_output)
    require_word("readout_norm", norm, ("batch", "log", None))
    if level is None:
        if signed_output:
            raise ValueError(
                "signed_output must be False where level is None, as a complex has no orientation "
                "to turn with, got True. Pass level=1 for a row per edge."
            )
        activation = nn.functional.elu if activation is None else activation
        options |= {"activation": activation, "bias": bias, "absolute": absolute, "norm": norm}
        return Readout(*sizes, **options)
    if signed_output and not absolute:
        raise ValueError(
            "signed_output must be False in a network that is not equivariant under reorientation, "
            "got True. Take one that is, such as SCNN or SCCNN, or a network with signed=True."
        )
    absolute = absolute and not signed_output
    return LevelReadout(
        *sizes, level, activation=activation, absolute=absolute, signed=signed_output, **options
    )
