"""Dense answers: eigenvectors of both halves, and what functions of them do."""

import numpy as np
import torch

from simplex.lifting import random_clique_complex
from tests.operators.oracles import ALL as SMALL, dense_boundary


LARGER = random_clique_complex(16, 0.3, generator=torch.Generator().manual_seed(7))
ALL = {**SMALL, "random": LARGER}
CASES = [(name, k) for name, K in ALL.items() for k in range(max(K.dim, 0) + 1)]
NAMES = (
    "edge and isolated vertices",
    "4-simplex",
    "three triangles on an edge",
    "projective plane, turned",
    "union, turned",
    "random",
)
FEW = [(name, k) for name, k in CASES if name in NAMES]


def halves(K, k):
    """∂ᵀ∂ and ∂∂ᵀ, dense."""
    down, up = dense_boundary(K, k), dense_boundary(K, k + 1)
    return down.T @ down, up @ up.T


def dense_filter(K, k, gradient, curl, harmonic):
    """The matrix of a filter, by eigenvectors."""
    result, rest = 0.0, np.eye(K.num_simplices(k))
    for half, response in zip(halves(K, k), (gradient, curl), strict=True):
        values, vectors = np.linalg.eigh(half)
        kept = values > 1e-9
        V = vectors[:, kept]
        factors = np.array([float(response(torch.tensor(v))) for v in values[kept]])
        result = result + (V * factors) @ V.T
        rest = rest - V @ V.T
    return result + harmonic * rest


def signal(K, k, channels=2, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(K.num_simplices(k), channels, generator=generator, dtype=dtype)
