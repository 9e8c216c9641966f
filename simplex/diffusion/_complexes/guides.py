r"""Ready guides of chains: f-vectors, Betti numbers, laws.

A guide tells (num_parts,) log-probabilities of what is wanted at any time. What it says at time 0
is what counts at the end; before, it only decides which chains are worth going on with.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_flag, require_real
from simplex.diffusion._checks import require_instance, require_numbers
from simplex.diffusion._complexes.candidates import ComplexState, candidates_of
from simplex.diffusion._complexes.conditions import ComplexGuide
from simplex.diffusion._complexes.constraints import NAMES, STARTS
from simplex.diffusion._complexes.survival import FaceSurvival
from simplex.persistence import persistence


def f_vector_guide(
    target: Sequence[int | None] | Tensor,
    process: FaceSurvival,
    *,
    spread: float = 1.0,
    exact: bool = False,
) -> ComplexGuide:
    r"""A ``guide`` of :func:`sample_complexes` towards numbers of simplices.

    .. math::
        \log p(y \mid x_t) = -\frac12 \sum_k
            \frac{(f_k(x_t) - m_{tk} y_k)^2}{s^2 + m_{tk} (1 - m_{tk}) y_k}

    with the probability m_tk that a k-simplex of x_0 is there at t, :meth:`FaceSurvival.marginal`:
    a state is compared with what the process leaves of so many simplices, as if they died
    independently. At time 0 that is the distance itself.

    Args:
        target: y = (f_0, f_1, …), ``None`` where any number will do; or a tensor with a row for
            each complex that is generated, -1 for any.
        process: that of the chain.
        spread: s, how far from the target is far.
        exact: whether at time 0 nothing else will do, 0 or -∞.

    Returns:
        The guide.

    Raises:
        TypeError: a process that is none.
        ValueError: a target of more dimensions than the process has, or without any number; a
            spread that is not positive.

    Example:
        >>> from simplex.diffusion import sample_complexes
        >>> process = FaceSurvival.linear(8, 1)
        >>> coin = lambda state, candidates, t: torch.full((len(candidates.simplices),), -1.0)
        >>> guide = f_vector_guide([5, 4], process, exact=True)
        >>> sample_complexes(coin, process, [5], guide=guide, num_particles=256).f_vector
        (5, 4)
    """
    require_instance("process", process, FaceSurvival)
    width = require_real("spread", spread, 0, open=True)
    require_flag("exact", exact)
    wanted, left = _targets(target, process.max_dim), _marginals(process)

    def guide(K: SimplicialComplex, t: Tensor) -> Tensor:
        y = rows_of_chains(wanted, K)
        m = left.to(K.device)[t, : y.shape[1]]
        away = torch.where(y < 0, 0.0, _f_vectors(K, y.shape[1]) - m * y)
        far = (away.square() / (width**2 + m * (1 - m) * y.clamp(min=0))).sum(1)
        return _told(-far / 2, t, exact)

    return guide


def betti_guide(
    target: Sequence[int | None] | Tensor,
    process: FaceSurvival,
    *,
    spread: float = 1.0,
    exact: bool = False,
) -> ComplexGuide:
    r"""A ``guide`` of :func:`sample_complexes` towards Betti numbers.

    .. math:: \log p(y \mid x_t) = -\frac{m_t}{s} \sum_k |β_k(x_t) - y_k|

    with the probability m_t that a simplex of the top dimension of x_0 is there at t: at first,
    when little is left, the numbers say little.

    Args:
        target: y = (β_0, β_1, …), ``None`` where any number will do; or a tensor with a row for
            each complex that is generated, -1 for any.
        process: that of the chain.
        spread: s, how far from the target is far.
        exact: whether at time 0 nothing else will do, 0 or -∞.

    Returns:
        The guide.

    Raises:
        TypeError, ValueError: as :func:`f_vector_guide`.

    Cost:
        A reduction of the boundary maps of the union at each step.

    Example:
        >>> from simplex.diffusion import sample_complexes
        >>> process = FaceSurvival.linear(8, 1)
        >>> coin = lambda state, candidates, t: torch.full((len(candidates.simplices),), -1.0)
        >>> tree = betti_guide([1, 0], process, exact=True)
        >>> sample_complexes(coin, process, [5], guide=tree, num_particles=256).f_vector
        (5, 4)
    """
    require_instance("process", process, FaceSurvival)
    width = require_real("spread", spread, 0, open=True)
    require_flag("exact", exact)
    wanted, left = _targets(target, process.max_dim), _marginals(process)[:, -1]

    def guide(K: SimplicialComplex, t: Tensor) -> Tensor:
        y = rows_of_chains(wanted, K)
        away = torch.where(y < 0, 0.0, _betti_numbers(K, y.shape[1]) - y).abs().sum(1)
        return _told(-left.to(K.device)[t] / width * away, t, exact)

    return guide


def constraint_guide(constraint: str, process: FaceSurvival) -> ComplexGuide:
    """A ``guide`` towards p given a law: chains that break it are given up.

    With the exact denoiser of p the samples follow p(x_0 | x_0 keeps the law) as the number of
    particles grows, where ``constraint=`` only leaves moves out.

    Args:
        constraint: ``"pseudomanifold"`` or ``"planar"``, asked of every state, as they hold for the
            faces that are left of what keeps them; or ``"flag"``, asked at time 0.
        process: that of the chain.

    Returns:
        The guide.

    Raises:
        TypeError: a process that is none.
        ValueError: another constraint.

    Example:
        >>> from simplex.diffusion import sample_complexes
        >>> process = FaceSurvival.linear(8, 2)
        >>> coin = lambda state, candidates, t: torch.zeros(len(candidates.simplices))
        >>> guide = constraint_guide("flag", process)
        >>> K = sample_complexes(coin, process, [4], guide=guide, num_particles=256)
    """
    require_instance("process", process, FaceSurvival)
    if constraint not in NAMES:
        raise ValueError(
            f"constraint must be one of {', '.join(map(repr, NAMES))}, got {constraint!r}."
        )

    def guide(K: SimplicialComplex, t: Tensor) -> Tensor:
        if constraint in STARTS:
            kept = STARTS[constraint](K)
        else:
            kept = torch.ones(K.num_parts, dtype=torch.bool, device=K.device)
            if not bool(t.any()):
                kept[_hollow(K, process.max_dim)] = False
        return torch.where(kept, 0.0, -torch.inf)

    return guide


def _targets(target: object, max_dim: int) -> Tensor:
    """(1 or complexes, dimensions) float64, -1 for any."""
    if isinstance(target, Sequence) and not isinstance(target, str):
        target = torch.tensor([[-1 if y is None else y for y in target]])
    rows = require_numbers("target", target, torch.float64)
    if rows.dim() == 1:
        rows = rows[None]
    fits = rows.dim() == 2 and 1 <= rows.shape[1] <= max_dim + 1
    if not fits or bool(((rows < -1) | (rows != rows.round())).any()):
        raise ValueError(
            f"target must be whole numbers for dimensions 0 … {max_dim} or fewer, one for each, "
            f"None for any, or a row for each complex, got {rows.tolist()}."
        )
    return rows


def rows_of_chains(rows: Tensor, K: SimplicialComplex) -> Tensor:
    """A row for each part, where the chains of one complex lie in a row; one row for all."""
    if K.num_parts % len(rows):
        raise ValueError(
            f"what is wanted must be one row, or one for each complex, got {len(rows)} rows for "
            f"{K.num_parts} chains."
        )
    return rows.to(K.device).repeat_interleave(K.num_parts // len(rows), 0)


def _marginals(process: FaceSurvival) -> Tensor:
    """(T+1, D+1) probabilities that a k-simplex is there at t."""
    dims = range(process.max_dim + 1)
    faces = torch.tensor([[math.comb(k + 1, j + 1) for j in dims] for k in dims])
    return (process.survival[:, None] ** faces).prod(2)


def _told(far: Tensor, t: Tensor, exact: bool) -> Tensor:
    """Log-probabilities, 0 or -∞ at time 0 where nothing but the target will do."""
    return torch.where((t == 0) & (far < 0), -torch.inf, far) if exact else far


def _f_vectors(K: SimplicialComplex, count: int) -> Tensor:
    """(num_parts, count) numbers of simplices of each part."""
    return torch.stack([K.part_pointer(k).diff().double() for k in range(count)], 1)


def _betti_numbers(K: SimplicialComplex, count: int) -> Tensor:
    """(num_parts, count) Betti numbers of each part: classes that never end."""
    flat = K.with_filtration([torch.zeros(n, device=K.device) for n in K.f_vector])
    classes = persistence(flat).essential()
    place = (classes.part * count + classes.dims)[classes.dims < count]
    return torch.bincount(place, minlength=K.num_parts * count).view(-1, count).double()


def _hollow(K: SimplicialComplex, max_dim: int) -> Tensor:
    """The parts with a simplex that is missing although its facets are there, edges aside."""
    state = ComplexState(K, [torch.ones_like(K.part(k)).bool() for k in range(K.dim + 1)])
    top = range(2, min(max_dim, K.dim + 1) + 1)
    return torch.cat([K.part(0)[:0], *(candidates_of(state, k).part for k in top)])
