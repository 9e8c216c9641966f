"""The answers of ``simplex info`` that take time on a large complex."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from simplex.complexes import SimplicialComplex


def answer(name: str, K: "SimplicialComplex") -> Any:
    """The answer, or ``None`` where the complex has none."""
    return ANSWERS[name](K) if may_be_asked(name, K) else None


def components_of(K: "SimplicialComplex") -> int:
    """How many there are, which takes no time beside the rest."""
    from simplex.operators import connected_components

    numbers = connected_components(K)
    return int(numbers.max()) + 1 if len(numbers) else 0


def may_be_asked(name: str, K: "SimplicialComplex") -> bool:
    """Whether the question makes sense: of directed complexes some do not."""
    if name == "degrees":
        return K.dim >= 0
    if name == "is_manifold":
        return not K.directed and K.dim <= 3
    return name not in ("is_pure", "is_flag") or not K.directed


def is_branched(K: "SimplicialComplex") -> bool:
    """Whether some facet must be in three simplices, as their counts alone say: no manifold."""
    sizes = K.f_vector
    return K.dim >= 1 and (K.dim + 1) * sizes[-1] > 2 * sizes[-2]


def _betti(prime: int | None) -> Callable[["SimplicialComplex"], tuple[int, ...]]:
    def compute(K: "SimplicialComplex") -> tuple[int, ...]:
        from simplex.operators import betti_numbers

        return betti_numbers(K) if prime is None else betti_numbers(K, prime=prime)

    return compute


def _degrees(K: "SimplicialComplex") -> list[float]:
    degrees = K.simplices(1).flatten().bincount(minlength=K.num_simplices(0))
    return [int(degrees.min()), float(degrees.double().mean()), int(degrees.max())]


def _is_pure(K: "SimplicialComplex") -> bool:
    from simplex.operators import is_pure

    return is_pure(K)


def _is_flag(K: "SimplicialComplex") -> bool:
    """Whether each dimension has as many simplices as its graph has cliques, the lowest first."""
    from simplex.interop import GraphEdges
    from simplex.lifting import count_cliques

    graph = GraphEdges(K.num_simplices(0), K.simplices(1).T)
    return all(count_cliques(graph, k) == K.f_vector[: k + 1] for k in range(2, max(K.dim, 1) + 2))


def _is_manifold(K: "SimplicialComplex") -> bool:
    from simplex.operators import is_manifold

    return not is_branched(K) and is_manifold(K)


ANSWERS: dict[str, Callable[["SimplicialComplex"], Any]] = {
    "betti_numbers": _betti(None),
    "betti_numbers_mod_2": _betti(2),
    "betti_numbers_mod_3": _betti(3),
    "degrees": _degrees,
    "is_pure": _is_pure,
    "is_flag": _is_flag,
    "is_manifold": _is_manifold,
}
