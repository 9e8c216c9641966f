"""Persistent homology of a filtered complex, differentiable in the values of its filtration."""

import math
from functools import reduce

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    first_below_a_facet,
    on_free_threads,
    require_complex,
    require_int,
    require_real,
)
from simplex.operators import LARGEST_PRIME, require_prime
from simplex.persistence._diagram import Diagram
from simplex.persistence._pairs import filtered_pairs


@on_free_threads()
def persistence(
    K: SimplicialComplex,
    max_dim: int | None = None,
    *,
    min_persistence: float = 0.0,
    prime: int = LARGEST_PRIME,
) -> Diagram:
    r"""The persistence diagram of a filtered complex: when classes of homology appear and end.

    .. math:: K_t = \{σ : f(σ) \le t\}, \qquad
              H_k(K_s) \to H_k(K_t) \text{ for } s \le t, \qquad f = \text{K.filtration}

    A class is born with one simplex and dies with another. Which two these are is decided on the
    CPU by the order of the values; births and deaths are then *read* from the filtration, so that
    gradients flow into it, and through it into the points or the signal that it was made of.
    Simplices of one value enter by dimension, then by id: diagrams depend on the values alone,
    up to classes of no length, the pairs of ids on this rule. Simplices at infinity never enter.

    Args:
        K: the complex, with a filtration; or a disjoint union, whose diagrams are computed by one
            call. Directed complexes are taken.
        max_dim: the top degree of the classes; ``None`` for the dimension of K. A Rips complex that
            was built up to dimension k has the classes of the whole one below k: pass
            ``max_dim=k-1``.
        min_persistence: classes that live longer than this are kept; -1 to keep all, those of no
            length too.
        prime: size of the field, as for :func:`~simplex.operators.betti_numbers`.

    Returns:
        The diagram, on the device and in the dtype of the filtration; integers become float64.

    Raises:
        TypeError: ``K`` is no complex.
        ValueError: no filtration, NaN or -infinity among its values, or a value below that of a
            facet; a prime that is none; or a reduction that does not fit in half of the free
            memory.

    Laws:
        The diagram of a union is the diagrams of its parts, one after another. Classes that stay
        are as many as the Betti numbers. Values moved by at most ε move the diagram by at most ε in
        bottleneck distance.

    Cost:
        Sorting, and column reduction of the coboundary maps with clearing: near-linear on most
        complexes that come from points and graphs, cubic at worst. Degree 0 is a union-find.

    Reference:
        de Silva, Morozov, Vejdemo-Johansson, "Dualities in persistent (co)homology", Inverse
        Problems 2011; gradients: Leygonie, Oudot, Tillmann, "A framework for differential calculus
        on persistence barcodes", FoCM 2022.

    Example:
        >>> from simplex.lifting import vietoris_rips_complex
        >>> corners = torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0], [0.0, 4.0]])
        >>> D = persistence(vietoris_rips_complex(corners), max_dim=1).of(1)
        >>> D.birth.tolist(), D.death.tolist()
        ([4.0], [5.0])
    """
    require_complex("K", K)
    top = K.dim if max_dim is None else min(require_int("max_dim", max_dim, least=0), K.dim)
    least = require_real("min_persistence", min_persistence)
    require_prime(prime)
    values = read_filtration(K)
    if K.dim < 0:
        return joined(K, [])
    tables = [K.facets(k).cpu() for k in range(1, min(top + 1, K.dim) + 1)]
    signs = [K.facet_signs(k).cpu() for k in range(1, len(tables) + 1)]
    order = [v.detach().cpu().sort(stable=True).indices for v in values[: len(tables) + 1]]
    pairs = filtered_pairs(tables, signs, order, top, prime)
    return joined(
        K,
        [
            _classes(K, values, k, birth.to(K.device), death.to(K.device), least)
            for k, (birth, death) in enumerate(pairs)
        ],
    )


def read_filtration(K: SimplicialComplex) -> list[Tensor]:
    """The values of the filtration, floats of one dtype, if they are a filtration."""
    if K.filtration is None:
        raise ValueError(
            "K must have a filtration, got none. Give it one by K.with_filtration(values), by "
            "lower_star(K, signal), or lift points with vietoris_rips_complex or alpha_complex."
        )
    for k, value in enumerate(K.filtration):
        if bool((value == -math.inf).any()):
            raise ValueError(
                f"filtration values must be above -infinity, got one in dimension {k}: a class "
                "that was always there has no length. Give a number below all others."
            )
        if bool(value.isnan().any()):
            raise ValueError(
                f"filtration values must be numbers, got NaN in dimension {k}, as a union gives to "
                "parts that have none. Set them with K.with_filtration(values)."
            )
        if k and (late := first_below_a_facet(K, K.filtration, k)) is not None:
            raise ValueError(
                "filtration values must not be below those of the facets, got "
                f"{value[late].item()} for the simplex {tuple(K.simplices(k)[late].tolist())}. "
                "Raise it to the largest value of its facets."
            )
        if not value.is_floating_point() and not torch.equal(value.double().to(value.dtype), value):
            raise ValueError(
                f"filtration values must be exact in float64, got {value.dtype} beyond its digits "
                f"in dimension {k}. Subtract their minimum."
            )
    floats = [v if v.is_floating_point() else v.double() for v in K.filtration]
    dtypes = [v.dtype for v in floats]
    wide = reduce(torch.promote_types, dtypes[1:], dtypes[0] if dtypes else torch.float64)
    return [v.to(wide) for v in floats]


def _classes(
    K: SimplicialComplex,
    values: list[Tensor],
    k: int,
    birth_simplex: Tensor,
    death_simplex: Tensor,
    least: float,
) -> Diagram:
    """The rows of degree k that live longer than the least, with values that have gradients."""
    above = values[k + 1] if k < K.dim else values[k].new_empty(0)
    start, end = values[k].detach()[birth_simplex], read_deaths(above.detach(), death_simplex)
    death_simplex = torch.where(end == math.inf, -1, death_simplex)  # a death that never comes
    kept = start < math.inf
    if least >= 0:
        kept &= end - start > least
    birth_simplex, death_simplex = birth_simplex[kept], death_simplex[kept]
    return Diagram(
        dims=torch.full_like(birth_simplex, k),
        birth=values[k][birth_simplex],
        death=read_deaths(above, death_simplex),
        birth_simplex=birth_simplex,
        death_simplex=death_simplex,
        part=K.part(k)[birth_simplex],
    )


def read_deaths(values: Tensor, simplex: Tensor) -> Tensor:
    """Values of the simplices, infinity for -1."""
    with_infinity = torch.cat([values, values.new_full((1,), math.inf)])
    return with_infinity[simplex]


def joined(K: SimplicialComplex, diagrams: list[Diagram]) -> Diagram:
    """The rows of all diagrams, sorted by part."""
    columns = {
        name: torch.cat([getattr(each, name) for each in diagrams or [_empty(K)]])
        for name in ("dims", "birth", "death", "birth_simplex", "death_simplex", "part")
    }
    D = Diagram(**columns, num_parts=K.num_parts)
    return D if K.num_parts == 1 else D[D.part.sort(stable=True).indices]


def _empty(K: SimplicialComplex) -> Diagram:
    ids = torch.empty(0, dtype=torch.int64, device=K.device)
    none = torch.empty(0, dtype=torch.float64, device=K.device)
    return Diagram(ids, none, none, ids, ids, ids, num_parts=K.num_parts)
