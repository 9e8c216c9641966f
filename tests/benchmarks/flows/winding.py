r"""What noising by heat alone does to the law of the winding, exactly.

The circulation of a flow is a harmonic coordinate, λ = 0: heat does not damp it. A process with
drift -κ L x and noise g leaves a_t = a_0 + g √t ε, and at t = 1 the two modes are still there
where g is small beside their distance. A sampler that starts from a normal law with mean zero
starts from another law than the one it was trained for. In one dimension the probability flow is
the map of quantiles, so what comes out is Q_0(F_1(z)), z ∼ prior, with no network and no solver.
"""

import torch
from torch import Tensor


_GRID = torch.linspace(-12, 12, 48001, dtype=torch.float64)
_SPREAD = 0.15


def _mixture_cdf(at: Tensor, right: float, damping: float, noise: float) -> Tensor:
    """Modes ±1 with weight ``right`` above, shrunk by ``damping``, widened by ``noise``."""
    width = ((_SPREAD * damping) ** 2 + noise**2) ** 0.5
    normal = torch.special.ndtr
    return right * normal((at - damping) / width) + (1 - right) * normal((at + damping) / width)


def winding(right: float, damping: float, noise: float, prior: float) -> tuple[float, float]:
    """(W_1 to the true law in units of the level, probability of a positive circulation)."""
    z = torch.special.ndtri(torch.linspace(0, 1, 20002, dtype=torch.float64)[1:-1]) * prior
    level = _mixture_cdf(z, right, damping, noise)
    table = _mixture_cdf(_GRID, right, 1.0, 0.0)
    index = torch.searchsorted(table, level.clamp(1e-9, 1 - 1e-9)).clamp(max=len(_GRID) - 1)
    got = _GRID[index]  # Q_0(F_1(z)), rising with z as z rises
    even = (torch.arange(len(z), dtype=torch.float64) + 0.5) / len(z)
    true = _GRID[torch.searchsorted(table, even).clamp(max=len(_GRID) - 1)]
    return float((got - true).abs().mean()), float((got > 0).double().mean())


def winding_table() -> str:
    """Heat with noise g and priors N(0, g²) and N(0, Var a_1), beside the chain of the runs."""
    lines = [
        "| process | modes | prior | W1, even modes | W1, 70 : 30 | positive, of 0.70 |",
        "|---|---|---|---|---|---|",
    ]
    variance = 1 + _SPREAD**2
    for noise in (0.25, 0.5, 1.0, 2.0):
        for name, prior in (("g²", noise), ("Var a_1", (variance + noise**2) ** 0.5)):
            even, uneven = winding(0.5, 1.0, noise, prior), winding(0.7, 1.0, noise, prior)
            modes = "two" if noise < 1 else "one"
            lines.append(
                f"| heat, g = {noise:g} c | {modes} | N(0, {name}) | {even[0]:.3f} | "
                f"{uneven[0]:.3f} | {uneven[1]:.2f} |"
            )
    damping = 4.93e-5  # √ᾱ_T of the cosine chain
    even, uneven = winding(0.5, damping, 1.0, 1.0), winding(0.7, damping, 1.0, 1.0)
    lines.append(
        f"| VP chain, coloured | one | N(0, K) | {even[0]:.3f} | {uneven[0]:.3f} | "
        f"{uneven[1]:.2f} |"
    )
    return "\n".join(lines)
