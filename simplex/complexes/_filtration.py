"""Filtration values: as many as there are simplices, none NaN, none below those of the facets."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor

from simplex.complexes._arrays import real_tensor
from simplex.complexes._checks import shown


if TYPE_CHECKING:
    from simplex.complexes._complex import SimplicialComplex


def checked_filtration(K: "SimplicialComplex", values: Any, monotone: bool) -> list[Tensor] | None:
    """The values as tensors on the device of the complex; their number is left to the constructor.

    Raises:
        TypeError: no sequence of real numbers.
        ValueError: NaN, or with ``monotone`` a value below that of a facet.
    """
    if not isinstance(monotone, bool):
        raise TypeError(f"monotone must be True or False, got {shown(monotone)}.")
    if values is None:
        return None
    if not isinstance(values, Sequence) or isinstance(values, (str, bytes)):
        raise TypeError(
            f"values must be a list of (n_k,) numbers for k = 0, 1, …, got {shown(values)}."
        )
    tensors = []
    for k, each in enumerate(values):
        value = real_tensor(f"values[{k}]", each)
        tensors.append(value if isinstance(each, Tensor) else value.to(K.device))
    fits = [tuple(value.shape) for value in tensors[: K.dim + 1]] == [(n,) for n in K.f_vector]
    if not fits or any(value.device != K.device for value in tensors) or K.device.type == "meta":
        return tensors  # refused by the constructor, in its words
    for k, value in enumerate(tensors[: K.dim + 1]):
        if bool(value.isnan().any()):
            raise ValueError(
                f"values[{k}] must be numbers, got NaN. Give a simplex that never enters infinity."
            )
        if monotone and k and (late := first_below_a_facet(K, tensors, k)) is not None:
            raise ValueError(
                f"values[{k}] must not be below those of the facets, got {value[late].item()} for "
                f"the simplex {tuple(K.simplices(k)[late].tolist())}. Raise it to the largest "
                "value of its facets, or pass monotone=False to keep it."
            )
    return tensors


def first_below_a_facet(K: "SimplicialComplex", values: Sequence[Tensor], k: int) -> int | None:
    """The first k-simplex, k ≥ 1, whose value is below that of a facet."""
    late = (values[k - 1][K.facets(k)] > values[k][:, None]).any(1).nonzero()
    return int(late[0]) if len(late) else None
