"""The table of encodings: one row gains all laws."""

import torch

from simplex.transforms import (
    Degrees,
    Electrostatics,
    Encodings,
    HeatKernelDiagonals,
    HodgeEigenvectors,
    HopCounts,
    PageRanks,
    PersistenceFeatures,
    RandomWalkReturns,
)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


# Of each: an encoding that is a function of the complex alone (its small parts are exact).
ENCODINGS = {
    "degrees": lambda **o: Degrees(**o),
    "log degrees": lambda **o: Degrees(["boundary", "upper"], form="log", **o),
    "one-hot degrees": lambda **o: Degrees(["coboundary"], form="one_hot", max_degree=3, **o),
    "random walks": lambda **o: RandomWalkReturns([1, 2, 5], **o),
    "heat kernels": lambda **o: HeatKernelDiagonals([2.0, 0.5], parts=["hodge", "curl"], **o),
    "electrostatics": lambda **o: Electrostatics(parts=["hodge", "gradient"], **o),
    "page ranks": lambda **o: PageRanks([0.5, 0.2], **o),
    "hop counts": lambda **o: HopCounts(3, **o),
    "persistence": lambda **o: PersistenceFeatures(["degree", "heat", "closeness"], **o),
    "eigenspaces": lambda **o: HodgeEigenvectors(3, form="squared", **o),
    "curls": lambda **o: HodgeEigenvectors(2, form="squared", part="curl", **o),
    "together": lambda **o: Encodings([Degrees(dims=[0, 2]), RandomWalkReturns([2])], **o),
}
