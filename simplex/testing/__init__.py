"""The laws of layers on complexes as assertions, for our layers and for yours."""

from simplex.testing._draws import random_cochains, random_complex, random_orientation
from simplex.testing._laws import (
    assert_batch_consistent,
    assert_inputs_untouched,
    assert_orientation_equivariant,
    assert_permutation_equivariant,
)
from simplex.testing._relabelling import Relabelling, relabel


__all__ = [
    "Relabelling",
    "assert_batch_consistent",
    "assert_inputs_untouched",
    "assert_orientation_equivariant",
    "assert_permutation_equivariant",
    "random_cochains",
    "random_complex",
    "random_orientation",
    "relabel",
]
