"""What the tests of isomorphism refuse: what is no complex, and words that name no adjacency."""

from collections.abc import Iterable
from typing import Any

from simplex.complexes import SimplicialComplex
from simplex.operators import ADJACENCIES


def require_complex(value: Any, what: str) -> SimplicialComplex:
    """The value itself, if it is a complex and not, say, a graph that has not been lifted."""
    if not isinstance(value, SimplicialComplex):
        raise TypeError(
            f"{what} must be a SimplicialComplex, got {type(value).__name__}. "
            "Lift a graph with simplex.lifting.clique_complex."
        )
    return value


def require_adjacencies(adjacencies: Iterable[str]) -> set[str]:
    """The names as a set; a single word is refused, as it would be read letter by letter."""
    names = [adjacencies] if isinstance(adjacencies, str) else list(adjacencies)
    unknown = [name for name in names if name not in ADJACENCIES]
    if isinstance(adjacencies, str) or unknown:
        raise ValueError(
            f"adjacencies must be a collection of names among {', '.join(ADJACENCIES)}, got "
            f"{adjacencies if isinstance(adjacencies, str) else unknown!r}."
        )
    return set(names)
