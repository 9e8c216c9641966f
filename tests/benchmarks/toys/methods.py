"""The network of the toys, its training by four losses, its samplers and its likelihoods."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from simplex.diffusion import (
    EDMPreconditioner,
    ExponentialAverage,
    cosine_schedule,
    ddim,
    ddpm,
    denoiser_from_chain,
    dpmpp_2m,
    edm_loss,
    edm_sigmas,
    euler_flow,
    flow_matching_loss,
    flow_of_levels,
    heun_edm,
    heun_flow,
    log_likelihood,
    noise_levels,
    ot_coupling,
    simple_loss,
    spaced_times,
    times_at_levels,
)
from simplex.nn import TimeEmbedding


SCHEDULE = cosine_schedule(1000)
PRECONDITIONER = EDMPreconditioner(sigma_data=1.0)  # the standard deviation of all toys
TOP = 20.0  # the first noise level of EDM, of DDIM and of DPM-Solver++
LEVELS = {"ddpm": float(noise_levels(SCHEDULE, 1)), "edm": 0.002}  # the last before the data
BATCH = 128

Network = Callable[[Tensor, Tensor], Tensor]


class PointNetwork(nn.Module):
    """Three hidden layers of 128 on a point and sines and cosines of a time.

    Args:
        scale: of the time, so that it runs over a few units.
    """

    def __init__(self, scale: float = 1.0, width: int = 128) -> None:
        super().__init__()
        self.time = TimeEmbedding(32, scale=10 * scale, max_period=100.0)
        self.layers = nn.Sequential(
            nn.Linear(2 + 32, width), nn.SiLU(),
            nn.Linear(width, width), nn.SiLU(),
            nn.Linear(width, width), nn.SiLU(),
            nn.Linear(width, 2),
        )  # fmt: skip
        # Torch's small initial weights make the network nearly linear. EDM's preconditioner has
        # taken the linear part away, and training then rests at zero for thousands of steps.
        for layer in self.layers[:-1:2]:
            nn.init.kaiming_normal_(layer.weight)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """(rows, 2) and (rows,) to (rows, 2)."""
        output: Tensor = self.layers(torch.cat([x, self.time(time).to(x.dtype)], dim=1))
        return output


def _chain_loss(network: Network, x: Tensor, z: Tensor, generator: torch.Generator) -> Tensor:
    t = torch.randint(1, SCHEDULE.num_steps + 1, (len(x),), generator=generator)
    return simple_loss(network, x, t, SCHEDULE, z)


def _edm_loss(network: Network, x: Tensor, z: Tensor, generator: torch.Generator) -> Tensor:
    sigma = PRECONDITIONER.sigmas(len(x), like=x, generator=generator)
    return edm_loss(network, x, sigma, z, PRECONDITIONER)


def _flow_loss(network: Network, x: Tensor, z: Tensor, generator: torch.Generator) -> Tensor:
    return flow_matching_loss(network, x, z, torch.rand(len(x), generator=generator))


def _coupled_loss(network: Network, x: Tensor, z: Tensor, generator: torch.Generator) -> Tensor:
    return _flow_loss(network, x, z[ot_coupling(x, z)], generator)


def _chain_walk(steps: int | None, sampler: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """DDPM walks the whole chain; the few steps of the others start at level 20.

    At the end of the cosine chain the level is 20,000, and so is the factor by which an error of ε
    enters x₀: a deterministic step of finite length from there never recovers.
    """
    times = (
        spaced_times(SCHEDULE, SCHEDULE.num_steps)
        if steps is None
        else times_at_levels(SCHEDULE, edm_sigmas(steps, LEVELS["ddpm"], TOP))
    )

    def walk(network: Network, z: Tensor, generator: torch.Generator) -> Tensor:
        options = {"generator": generator} if steps is None else {}
        return sampler(network, z, SCHEDULE, times, **options)

    return walk


def _edm_walk(network: Network, z: Tensor, generator: torch.Generator) -> Tensor:
    sigmas = edm_sigmas(18, LEVELS["edm"], TOP)
    return heun_edm(PRECONDITIONER.denoiser(network), TOP * z, sigmas)


def _flow_walk(steps: int, solver: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def walk(network: Network, z: Tensor, generator: torch.Generator) -> Tensor:
        return solver(network, z, torch.linspace(0, 1, steps + 1))

    return walk


@dataclass(frozen=True)
class Method:
    """A loss, the scale of its times, and the samplers that its network is walked with."""

    loss: Callable[..., Tensor]
    scale: float
    samplers: dict[str, Callable[..., Tensor]]


_FLOWS = {
    "heun, 20 steps": _flow_walk(20, heun_flow),
    "euler, 20 steps": _flow_walk(20, euler_flow),
    "euler, 4 steps": _flow_walk(4, euler_flow),
}
METHODS = {
    "ddpm": Method(
        _chain_loss,
        1 / SCHEDULE.num_steps,
        {
            "ddpm, 1000 steps": _chain_walk(None, ddpm),
            "ddim, 50 steps": _chain_walk(50, ddim),
            "dpmpp_2m, 20 steps": _chain_walk(20, dpmpp_2m),
        },
    ),
    "edm": Method(_edm_loss, 1.0, {"heun_edm, 18 steps": _edm_walk}),
    "flow": Method(_flow_loss, 1.0, _FLOWS),
    "flow, OT": Method(_coupled_loss, 1.0, _FLOWS),
}


def train(
    name: str, data: Tensor, steps: int, seed: int, lr: float = 5e-3
) -> tuple[Network, float]:
    """The average of a network over its training, and the core-seconds that took."""
    spent = time.process_time()
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network = PointNetwork(METHODS[name].scale)
    average = ExponentialAverage(network, decay=0.999)
    optimizer = torch.optim.Adam(network.parameters(), lr=lr, fused=True)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = lr * (1 + math.cos(math.pi * step / steps)) / 2
        x = data[torch.randint(len(data), (BATCH,), generator=generator)]
        z = torch.randn(x.shape, generator=generator)
        optimizer.zero_grad()
        METHODS[name].loss(network, x, z, generator).mean().backward()
        optimizer.step()
        average.update(network)
    return average.network, time.process_time() - spent


def chain_frames(network: Network, z: Tensor) -> dict[str, Tensor]:
    """x_t of one walk of DDPM at its start and at levels 1 and 0.3."""
    times, frames, x = spaced_times(SCHEDULE, SCHEDULE.num_steps), {"frame 0": z}, z
    cuts = [0, *(int((noise_levels(SCHEDULE, times) > level).sum()) for level in (1.0, 0.3))]
    for number, (start, stop) in enumerate(pairwise(cuts), 1):
        x = ddpm(network, x, SCHEDULE, times[start : stop + 1])
        frames[f"frame {number}"] = x
    return frames


def log_density(name: str, network: nn.Module, x: Tensor, steps: int = 40) -> Tensor:
    """By the probability flow, exact divergence, in float64."""
    exact = copy.deepcopy(network).double()
    if name.startswith("flow"):
        return log_likelihood(exact, x.double(), torch.linspace(1, 0, steps + 1))
    denoise = (
        denoiser_from_chain(exact, SCHEDULE) if name == "ddpm" else PRECONDITIONER.denoiser(exact)
    )
    levels = torch.logspace(math.log10(LEVELS[name]), math.log10(TOP), steps + 1)
    prior = torch.distributions.Normal(torch.zeros((), dtype=torch.float64), math.hypot(TOP, 1.0))
    return log_likelihood(
        flow_of_levels(denoise), x.double(), levels, log_prior=lambda y: prior.log_prob(y).sum(1)
    )
