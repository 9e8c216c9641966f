"""Training and sampling of the experiment on planted flows: chains, flow matching, oracles."""

import copy
import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from simplex.complexes import SimplicialComplex
from simplex.datasets import PlantedFlows, planted_flows
from simplex.diffusion import (
    ExponentialAverage,
    GaussianMixture,
    HeatFlow,
    HodgeNoise,
    LinearPath,
    Noise,
    WhiteNoise,
    convert_prediction,
    cosine_schedule,
    dpmpp_2m,
    fitted_hodge_noise,
    heun_flow,
    log_snr_times,
    ot_coupling,
    q_sample,
)
from simplex.nn import HodgeDenoiser, TimeEmbedding


SCHEDULE = cosine_schedule(1000)
TIMES = log_snr_times(SCHEDULE, 49)  # 49 evaluations and those of the flows 50
BATCH = 64
RATES = {"mlp": 3e-3, "simplicial": 5e-3}
Network = Callable[[Tensor, Tensor], Tensor]


class ResidualMLP(nn.Module):
    """The usual network on vectors: it may learn any function, and knows nothing of the complex."""

    def __init__(self, size: int, width: int = 256, num_blocks: int = 2, dropout: float = 0.1):
        super().__init__()
        self.time = nn.Sequential(TimeEmbedding(64, scale=0.02), nn.Linear(64, width), nn.SiLU())
        self.enter = nn.Linear(size, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width),
                nn.Linear(width, width),
                nn.SiLU(),
                nn.Dropout(dropout),
                nn.Linear(width, width),
            )
            for _ in range(num_blocks)
        )
        self.shifts = nn.ModuleList(nn.Linear(width, width) for _ in range(num_blocks))
        self.leave = nn.Linear(width, size)
        nn.init.zeros_(self.leave.weight)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        c, h = self.time(t), self.enter(x[..., 0])  # (batch, width)
        for block, shift in zip(self.blocks, self.shifts, strict=True):
            h = h + block(h + shift(c))
        result: Tensor = self.leave(nn.functional.silu(h))
        return result[..., None]


class OnComplex(nn.Module):
    """A Hodge denoiser on one complex with its harmonic fields."""

    def __init__(self, K: SimplicialComplex, fields: Tensor) -> None:
        super().__init__()
        self.denoiser = HodgeDenoiser(4, num_fields=fields.shape[1], time_scale=0.02)
        self.complex, self.fields = K, fields.float()

    def __deepcopy__(self, memo: dict[int, Any]) -> "OnComplex":
        other = OnComplex(self.complex, self.fields)
        other.load_state_dict(self.state_dict())
        return other.train(self.training)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        result: Tensor = self.denoiser(x, t, self.complex, self.fields)
        return result


class Task(NamedTuple):
    """Data, fresh draws of the same law, and noises to choose from."""

    made: PlantedFlows
    validation: Tensor
    fresh: Tensor
    noises: dict[str, Noise]


def set_up(domain: str, num_train: int, seed: int) -> Task:
    """The data of a seed; the Hodge noise has the energies of the training flows."""
    generator = torch.Generator().manual_seed(1000 + seed)
    made = planted_flows(domain, num_train, 1000, generator=generator)  # type: ignore[arg-type]
    noises = {"white": WhiteNoise(), "hodge": fitted_hodge_noise(made.complex, made.train)}
    return Task(
        made, made.draw(500, generator=generator), made.draw(1000, generator=generator), noises
    )


class Method(NamedTuple):
    """What to learn, (x_t, times of the network, target), and a sampler of (network, noise)."""

    pairs: Callable[[Tensor, torch.Generator], tuple[Tensor, Tensor, Tensor]]
    sample: Callable[[Network, Tensor], Tensor]


def chain() -> Method:
    """The variance-preserving chain with predictions of v."""

    def pairs(x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        t = torch.randint(1, SCHEDULE.num_steps + 1, x.shape[:1], generator=generator)
        eps = WhiteNoise().sample(x, generator=generator)
        noisy = q_sample(x, t, SCHEDULE, eps)
        return noisy, t, convert_prediction(eps, noisy, t, SCHEDULE, "eps", "v")

    return Method(pairs, lambda network, z: dpmpp_2m(network, z, SCHEDULE, TIMES, prediction="v"))


def flow(*, coupled: bool = False, heat: HeatFlow | None = None) -> Method:
    """Flow matching: independent or optimally coupled, straight or around the heat drift."""
    times = torch.linspace(0, 1, 26)

    def pairs(x: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        z = WhiteNoise().sample(x, generator=generator)
        if coupled:
            z = z[ot_coupling(x, z)]
        t = torch.rand(len(x), generator=generator)
        if heat is not None:
            return heat.path(x, z, t), 1000 * t, heat.control(x, z, t)
        at, velocity = LinearPath().at(x, z, t)
        return at, 1000 * t, velocity

    def sample(network: Network, z: Tensor) -> Tensor:
        def model(x: Tensor, t: Tensor) -> Tensor:
            return network(x, 1000 * t)

        return heun_flow(model, z, times) if heat is None else heat.sample(model, z, times)

    return Method(pairs, sample)


def mean_square(error: Tensor) -> Tensor:
    """The usual loss; it serves the MLP better than the other one."""
    return error.square().mean()


def by_part(task: Task, noise: str) -> Callable[[Tensor], Tensor]:
    r"""The loss Σ_p |P_p K^{1/2} e|² / tr(P_p K) of errors e in the whitened coordinates.

    Errors count as they will in a flow: the few smooth modes have most of the energy. And no part
    is lost among many coordinates: the harmonic one has one or two.
    """
    made = task.made
    root = _color(task, noise, torch.eye(made.train.shape[1], dtype=torch.float64))
    energies = [float(part.square().sum()) for part in made.parts(root)]
    root = root.float()

    def loss(error: Tensor) -> Tensor:
        squares = (part.square().sum((1, 2)).mean() for part in made.parts((error.mT @ root).mT))
        return sum((s / e for s, e in zip(squares, energies, strict=True)), torch.zeros(())) / 3

    return loss


def _color(task: Task, noise: str, y: Tensor) -> Tensor:
    law = task.noises[noise]
    return law.color(y) if isinstance(law, HodgeNoise) else y


def method_of(name: str, K: SimplicialComplex) -> Method:
    """By name: ``chain``, ``I-CFM``, ``OT-CFM`` or ``I-TFM``."""
    return {
        "chain": chain,
        "I-CFM": flow,
        "OT-CFM": partial(flow, coupled=True),
        "I-TFM": partial(flow, heat=HeatFlow(K)),
    }[name]()


class Trained(NamedTuple):
    network: nn.Module
    facts: dict[str, Any]


def train(task: Task, noise: str, kind: str, method: Method, seconds: float, seed: int) -> Trained:
    """Train for some seconds of one core, in the coordinates in which the noise is white.

    The average network with the least loss on the validation flows is kept.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    K = task.made.complex
    whiten = task.noises[noise].whiten
    data, held_out = whiten(task.made.train), whiten(task.validation)
    network = ResidualMLP(K.num_simplices(1)) if kind == "mlp" else OnComplex(K, task.made.fields)
    optimizer = torch.optim.AdamW(
        network.parameters(), RATES[kind], weight_decay=0.01 if kind == "mlp" else 0.0
    )
    average = ExponentialAverage(network, 0.99)
    loss_of = mean_square if kind == "mlp" else by_part(task, noise)
    best, least, best_step, step, checks = average.network, math.inf, 0, 0, 0
    began = time.process_time()
    while (spent := time.process_time() - began) < seconds:
        share = spent / seconds
        for group in optimizer.param_groups:
            group["lr"] = RATES[kind] * min(1, (step + 1) / 100) * math.cos(math.pi / 2 * share)
        batch = data[torch.randint(len(data), (BATCH,), generator=generator)]
        optimizer.zero_grad()
        noisy, t, target = method.pairs(batch, generator)
        loss_of(network(noisy, t) - target).backward()
        optimizer.step()
        average.update(network)
        step += 1
        if share * 25 > checks:
            checks += 1
            average.eval()
            with torch.no_grad():
                noisy, t, target = method.pairs(held_out, torch.Generator().manual_seed(1))
                value = float(loss_of(average(noisy, t) - target))
            if value < least:
                best, least, best_step = copy.deepcopy(average.network), value, step
    facts = {
        "seconds": round(time.process_time() - began, 1),
        "steps": step,
        "best_step": best_step,
        "parameters": sum(p.numel() for p in network.parameters()),
        "validation": round(least, 4),
    }
    return Trained(best.eval(), facts)


def generate(
    task: Task, noise: str, method: Method, network: Network, count: int, seed: int
) -> Tensor:
    """Flows from white noise, coloured at last."""
    generator = torch.Generator().manual_seed(100 + seed)
    start = torch.randn(count, *task.made.train.shape[1:], generator=generator)
    return _color(task, noise, method.sample(network, start))


def exact(task: Task, noise: str) -> Network:
    """The best prediction of v there is, by the planted law, in the whitened coordinates."""
    made = task.made
    whiten = task.noises[noise].whiten
    sides = torch.cartesian_prod(
        *[torch.tensor([-1.0, 1.0], dtype=torch.float64)] * made.fields.shape[1]
    )
    means = whiten(made.level * made.fields @ sides.view(-1, made.fields.shape[1]).T).T
    width = made.level * made.spread * made.fields
    root = whiten(torch.cat([made.gradient, made.curl, width], dim=1))  # (n_1, modes)
    law = GaussianMixture(means, (root @ root.T).expand(len(means), -1, -1))

    def predict(x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = (c[:, None] for c in SCHEDULE.coefficients(t))
        rows = x[..., 0]
        clean = law.denoise(rows.double() / alpha, (sigma / alpha)[:, 0])
        return ((alpha * rows - clean) / sigma).to(x.dtype)[..., None]  # v = (α x - x₀) / σ

    return predict
