"""How far generated edge flows are from planted ones, part by part."""

from typing import Any

from torch import Tensor

from simplex.datasets import PlantedFlows
from tests.benchmarks.sample_metrics import neighbor_ratio, wasserstein, wasserstein_1d


PARTS = ("gradient", "curl", "harmonic")
_ASSIGNED = 500  # flows of either side in the assignments


def measure(made: PlantedFlows, samples: Tensor, fresh: Tensor) -> dict[str, Any]:
    """All distances of samples (m, n_1, 1) to fresh flows (m, n_1, 1), as plain numbers.

    - ``modes``: Σ_j W_1(⟨u_j, x⟩, ⟨u_j, y⟩) / Σ_j sd_j over the eigenvectors u_j of a part, with
      the planted deviations; for the harmonic part the mean over the holes of W_1 of the
      circulations, in units of their level.
    - ``modulus``: the same of the circulations without their signs, which are coin flips: 1000 of
      them differ by some 2 % from sample to sample, and W_1 with signs by twice that.
    - ``energy``: W_1 of |P x|² / n_1.
    - ``space``: W_1 of P x in R^{n_1}, by assignment. Flows that are too small look near here.
    - ``share``: the mean of |P x|² / n_1; planted 0.3, 0.3, 0.4.
    - ``positive``, ``between``: fractions of circulations above 0, and within half the level of 0.
    - ``nearest``: median distance to the nearest training flow, over that of fresh flows.
    """
    x, y = samples.double(), fresh.double()
    n = x.shape[1]
    record: dict[str, Any] = {name: {} for name in ("modes", "energy", "space", "share")}
    both = zip(PARTS, made.parts(x), made.parts(y), strict=True)
    for part, *pair in both:
        ours, theirs = (flows[..., 0] for flows in pair)  # (m, n_1)
        energies = ours.square().sum(1) / n, theirs.square().sum(1) / n
        record["energy"][part] = wasserstein_1d(*energies)
        record["space"][part] = wasserstein(ours[:_ASSIGNED], theirs[:_ASSIGNED], p=1)
        record["share"][part] = float(energies[0].mean())
    for part, modes in (("gradient", made.gradient), ("curl", made.curl)):
        lengths = modes.norm(dim=0)
        record["modes"][part] = sum(
            wasserstein_1d(x[..., 0] @ mode / length, y[..., 0] @ mode / length)
            for mode, length in zip(modes.T, lengths, strict=True)
        ) / float(lengths.sum())
    winding, expected = (made.circulation(flows) / made.level for flows in (x, y))
    record["modes"]["harmonic"] = (
        sum(wasserstein_1d(*pair) for pair in zip(winding.T, expected.T, strict=True))
        / made.fields.shape[1]
    )
    record["modulus"] = (
        sum(wasserstein_1d(*pair) for pair in zip(winding.T.abs(), expected.T.abs(), strict=True))
        / made.fields.shape[1]
    )
    record["positive"] = (winding > 0).double().mean(0).tolist()
    record["between"] = float((winding.abs() < 0.5).double().mean())
    record["nearest"] = neighbor_ratio(x, made.train, y)
    return record
