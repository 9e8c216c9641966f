"""MPSN: its messages in chunks, and that they see the simplex between two neighbors."""

import torch

from simplex.nn import MPSNConv
from simplex.testing import random_cochains, random_complex
from tests.nn.table import ALL, TOP
from tests.tables import COMPLEXES


def test_messages_in_chunks_are_the_same():
    K = random_complex(5)
    whole = MPSNConv(2, 5, TOP, adjacencies=ALL).double()
    chunked = MPSNConv(2, 5, TOP, adjacencies=ALL, max_pairs=7).double()
    chunked.load_state_dict(whole.state_dict())
    x = random_cochains(K, channels=2, max_dim=TOP, dtype=torch.float64)
    for y, expected in zip(chunked(x, K), whole(x, K), strict=True):
        torch.testing.assert_close(y, expected)


def test_the_shared_simplex_is_seen():
    K = COMPLEXES["filled triangle"]
    x = [torch.ones(3, 1), torch.ones(3, 1), torch.ones(1, 1)]
    conv = MPSNConv(1, 4, 2, adjacencies=("upper",), activation=torch.tanh)
    other = conv([x[0], x[1], 2 * x[2]], K)
    first = conv(x, K)
    assert not torch.allclose(first[1], other[1])
    assert torch.equal(first[0], other[0])
