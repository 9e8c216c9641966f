"""The laws of layers on complexes as assertions."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_complex, require_real, shown
from simplex.testing._draws import generator_of, random_orientation
from simplex.testing._relabelling import relabel


Cochains = Sequence[Tensor]
Layer = Callable[[Cochains, SimplicialComplex], Tensor | Sequence[Tensor] | Mapping[int, Tensor]]


def assert_permutation_equivariant(
    layer: Layer,
    x: Cochains,
    K: SimplicialComplex,
    *,
    seed: int = 0,
    tolerance: float | None = None,
) -> None:
    r"""Raise ``AssertionError`` unless renaming the vertices renames the output.

    .. math:: f(P x, P ∂ P^⊤) = P f(x, ∂), \qquad \text{or} \ f(P x, P ∂ P^⊤) = f(x, ∂)

    the latter where the layer returns one tensor, a row per part. Simplices keep their orientation:
    what turning them does is the business of :func:`assert_orientation_equivariant`.

    Args:
        layer: called as ``layer(x, complex)`` with a list of cochains. It returns a list of
            cochains; or a mapping from degrees to cochains, e.g. ``{1: y}`` for a layer on edges;
            or one tensor (num_parts, channels).
        x: the cochains, one per dimension.
        K: where they live, read as one part.
        seed: of the permutation.
        tolerance: relative to the largest output; ``None`` for 1e-4 in float32, 1e-9 in float64.

    Example:
        >>> from simplex.nn import SINConv
        >>> from simplex.testing import random_cochains, random_complex
        >>> K = random_complex(0)
        >>> assert_permutation_equivariant(SINConv(2, 3, K.dim), random_cochains(K, channels=2), K)
    """
    _require_call(layer, x, K, tolerance)
    whole = K.with_parts(None)
    generator = generator_of(seed)
    moved = relabel(whole, torch.randperm(K.num_simplices(0), generator=generator))

    def rename(values: Tensor, k: int) -> Tensor:
        return moved.move(values, k) if 0 <= k <= whole.dim else values

    law = f"relabelling (seed {seed})"
    _assert_equivariant(layer, x, whole, moved.complex, rename, tolerance, law)


def assert_orientation_equivariant(
    layer: Layer,
    x: Cochains,
    K: SimplicialComplex,
    *,
    seed: int = 0,
    tolerance: float | None = None,
) -> None:
    r"""Raise ``AssertionError`` unless turning simplices around turns the output around.

    .. math:: f(T x, T K) = T f(x, K), \qquad T = \text{diag}(±1), \ T_0 = 1

    and f(Tx, TK) = f(x, K) where the layer returns one tensor, a row per part.

    Args:
        layer: as for :func:`assert_permutation_equivariant`.
        x: the cochains, one per dimension; those of dimension at least 1 are multiplied by T.
        K: where they live.
        seed: of T.
        tolerance: relative to the largest output; ``None`` for 1e-4 in float32, 1e-9 in float64.

    Example:
        >>> from simplex.nn import OrientedConv
        >>> from simplex.testing import random_cochains, random_complex
        >>> K, conv = random_complex(0), OrientedConv(2, 3, k=1)
        >>> layer = lambda x, K: {1: conv(x[1], K)}
        >>> assert_orientation_equivariant(layer, random_cochains(K, channels=2), K)
    """
    _require_call(layer, x, K, tolerance)
    signs = random_orientation(K, seed)

    def turn(values: Tensor, k: int) -> Tensor:
        return values * signs[k].to(values)[:, None] if k in signs else values

    law = f"reorientation (seed {seed})"
    _assert_equivariant(layer, x, K, K.reorient(signs), turn, tolerance, law)


def assert_batch_consistent(
    layer: Layer,
    items: Sequence[tuple[Cochains, SimplicialComplex]],
    *,
    tolerance: float | None = None,
) -> None:
    """Raise ``AssertionError`` unless a disjoint union gives what its parts give one by one.

    Args:
        layer: as for :func:`assert_permutation_equivariant`, in evaluation mode if it has a norm.
        items: cochains and complex of each part; all with the same number of cochains.
        tolerance: relative to the largest output; ``None`` for 1e-4 in float32, 1e-9 in float64.

    Example:
        >>> from simplex.nn import SIN
        >>> from simplex.testing import random_cochains, random_complex
        >>> parts = [random_complex(seed) for seed in range(3)]
        >>> items = [(random_cochains(K, channels=2, max_dim=3), K) for K in parts]
        >>> assert_batch_consistent(SIN(2, 4, 2, num_layers=2, max_dim=3), items)
    """
    if not isinstance(items, (list, tuple)) or not items:
        raise TypeError(
            f"items must be a list of pairs of cochains and complex, got {shown(items)}."
        )
    for item in items:
        if not isinstance(item, (list, tuple)) or len(item) != 2:
            raise TypeError(f"items must hold pairs of cochains and complex, got {shown(item)}.")
        x, complex = item
        _require_call(layer, x, complex, tolerance)
    if len({len(x) for x, _ in items}) > 1:
        raise ValueError(
            "items must all have the same number of cochains, got "
            f"{sorted({len(x) for x, _ in items})}."
        )
    union = SimplicialComplex.disjoint_union([complex for _, complex in items])
    joined = [torch.cat(values) for values in zip(*(x for x, _ in items), strict=True)]
    with torch.no_grad():
        together = _outputs(layer(joined, union))
        alone = [_outputs(layer(x, complex)) for x, complex in items]
    for k, values in together.items():
        expected = torch.cat([each[k] for each in alone])
        _assert_close(values, expected, tolerance, "batching", k)


def assert_inputs_untouched(layer: Layer, x: Cochains, K: SimplicialComplex) -> None:
    """Raise ``AssertionError`` if a call changes cochains or complex, or a second one differs.

    Args:
        layer: as for :func:`assert_permutation_equivariant`; without dropout, or in evaluation
            mode, as both calls must agree exactly.
        x: the cochains.
        K: where they live.

    Example:
        >>> from simplex.nn import SINConv
        >>> from simplex.testing import random_cochains, random_complex
        >>> K = random_complex(0)
        >>> assert_inputs_untouched(SINConv(2, 3, K.dim), random_cochains(K, channels=2), K)
    """
    _require_call(layer, x, K, None)
    tables = [K.facets(k) for k in range(K.dim + 1)]
    before = [values.clone() for values in (*x, *tables)]
    given = list(x)
    with torch.no_grad():
        first, second = _outputs(layer(given, K)), _outputs(layer(given, K))
    if len(given) != len(x) or any(a is not b for a, b in zip(given, x, strict=True)):
        raise AssertionError("the layer must leave the list of cochains as it is.")
    for number, (old, new) in enumerate(zip(before, (*x, *tables), strict=True)):
        if not torch.equal(old, new):
            what = f"x[{number}]" if number < len(x) else f"facets({number - len(x)})"
            raise AssertionError(f"the layer must leave its inputs as they are; it changed {what}.")
    for k, values in first.items():
        if not torch.equal(values, second[k]):
            raise AssertionError(f"a second call must give the same output{_of(k)}.")


def _assert_equivariant(
    layer: Layer,
    x: Cochains,
    K: SimplicialComplex,
    image: SimplicialComplex,  # g K
    act: Callable[[Tensor, int], Tensor],  # g on k-cochains; on rows of parts, k = -1, nothing
    tolerance: float | None,
    law: str,
) -> None:
    """f(g x, g K) = g f(x, K)."""
    with torch.no_grad():
        before = _outputs(layer(x, K))
        after = _outputs(layer([act(values, k) for k, values in enumerate(x)], image))
    for k, values in before.items():
        _assert_close(after[k], act(values, k), tolerance, law, k)


def _outputs(result: Tensor | Sequence[Tensor] | Mapping[int, Tensor]) -> dict[int, Tensor]:
    """By degree; rows of parts under -1."""
    if isinstance(result, Tensor):
        return {-1: result}
    listed = dict(result) if isinstance(result, Mapping) else result
    if isinstance(listed, (list, tuple)):
        listed = dict(enumerate(listed))
    if not isinstance(listed, dict) or not all(isinstance(y, Tensor) for y in listed.values()):
        raise TypeError(
            "the layer must return a tensor, a list of cochains or a mapping from degrees to them, "
            f"got {type(result).__name__}."
        )
    return listed


def _require_call(layer: object, x: object, K: object, tolerance: object) -> None:
    """What is called as ``layer(x, K)``."""
    require_complex("K", K)
    if not callable(layer):
        raise TypeError(f"layer must be called as layer(x, complex), got {type(layer).__name__}.")
    if not isinstance(x, (list, tuple)) or not all(isinstance(each, Tensor) for each in x):
        raise TypeError(
            f"x must be a list of cochains, one tensor per dimension, got {type(x).__name__}. "
            "Draw them with random_cochains."
        )
    if tolerance is not None:
        require_real("tolerance", tolerance, 0)


def _assert_close(
    actual: Tensor, expected: Tensor, tolerance: float | None, law: str, k: int
) -> None:
    if actual.shape != expected.shape:
        raise AssertionError(
            f"{law} must keep the shape of the output{_of(k)}, {tuple(expected.shape)}, got "
            f"{tuple(actual.shape)}."
        )
    if tolerance is None:
        tolerance = 1e-9 if expected.dtype == torch.float64 else 1e-4
    if expected.numel() == 0:
        return
    scale = max(1.0, float(expected.abs().max()))
    difference = float((actual - expected).abs().max()) / scale
    if not difference <= tolerance:
        raise AssertionError(
            f"the output{_of(k)} must be the expected one under {law} up to {tolerance:g}, got a "
            f"relative difference of {difference:.3g}."
        )


def _of(k: int) -> str:
    return f" of degree {k}" if k >= 0 else ""
