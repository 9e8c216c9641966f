"""Random numbers within kernels: the source that a compiled function calls."""

import numpy as np


STATE = "uint64[::1]"
"""The type of a state, an array of one number: the seed, and what follows from it."""

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_MIX_AGAIN = np.uint64(0x94D049BB133111EB)
_DRAW_BITS, _S30, _S27, _S31 = np.uint64(11), np.uint64(30), np.uint64(27), np.uint64(31)


def splitmix(state):  # type: ignore[no-untyped-def]
    """The next number in [0, 1) of the SplitMix64 sequence; to be compiled where it is used."""
    state[0] += _GAMMA
    z = state[0]
    z = (z ^ (z >> _S30)) * _MIX
    z = (z ^ (z >> _S27)) * _MIX_AGAIN
    return np.float64((z ^ (z >> _S31)) >> _DRAW_BITS) * 2.0**-53
