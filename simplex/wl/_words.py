"""Random 64-bit words: of a value, a round and a role, the same on every machine and device."""

from enum import IntEnum

import torch
from torch import Tensor


# Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
GAMMA, MIX_1, MIX_2 = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_MASK = (1 << 64) - 1
_CHUNK = 1 << 15  # values that stay in a core's own cache through all steps


class Role(IntEnum):
    """As what a value enters a hash; terms of one hash have roles of their own."""

    OWN = 0
    FACET = 1
    COFACET = 2
    SHARED = 3  # the cofacet through which upper neighbours meet
    SIBLING = 4  # a lower neighbour
    MEETING = 5  # the facet in which lower neighbours meet
    PART = 6  # of the histogram of a part
    MARK = 7  # a marked copy among those of a complex
    COPY = 8  # a simplex of a copy, beside the histogram of the copy


def key_of(round: int, role: Role, k: int = 0) -> int:
    """The key of the words of a role in a round, for tables of degree k, as a signed integer."""
    x = _mixed(_mixed(round * GAMMA) + (k << 8 | role) * GAMMA)
    return _signed(x)


def words(values: Tensor, key: int) -> Tensor:
    """A random 64-bit word for each value, (n,) int64; equal values, equal words.

    Word v of key s is the v-th output of the generator SplitMix64 started at s, so that it can be
    had for any value alone. Different values have different words.
    """
    result = torch.empty_like(values)
    size = _CHUNK if values.device.type == "cpu" else max(len(values), 1)
    for block, x in zip(torch.split(values, size), torch.split(result, size), strict=True):
        torch.mul(block, _signed(GAMMA), out=x).add_(key)
        x.bitwise_xor_((x >> 30).bitwise_and_((1 << 34) - 1)).mul_(_signed(MIX_1))
        x.bitwise_xor_((x >> 27).bitwise_and_((1 << 37) - 1)).mul_(_signed(MIX_2))
        x.bitwise_xor_((x >> 31).bitwise_and_((1 << 33) - 1))
    return result


def _mixed(x: int) -> int:
    x &= _MASK
    x = (x ^ (x >> 30)) * MIX_1 & _MASK
    x = (x ^ (x >> 27)) * MIX_2 & _MASK
    return x ^ (x >> 31)


def _signed(x: int) -> int:
    return x - (1 << 64) if x >> 63 else x
