"""The generative job of ``simplex demo``: learn to draw edge flows around a hole."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from torch import Tensor

    from simplex.datasets import PlantedFlows


_SEED = 0
_SIZE, _TRAIN, _TEST = (3, 12), 300, 500  # of the annulus: 84 edges
_STEPS, _BATCH, _RATE = 300, 64, 5e-3
_PARTS = ("gradient", "curl", "harmonic")


def sample_edge_flows(out: Path) -> None:
    """Train a Hodge denoiser under Hodge noise, print how near its flows are, draw some."""
    import torch

    from simplex.datasets import planted_flows
    from simplex.diffusion import GaussianMixture

    generator = torch.Generator().manual_seed(_SEED)
    made = planted_flows("annulus", _TRAIN, _TEST, size=_SIZE, generator=generator)
    print(
        f"annulus {made.complex.f_vector}, {_TRAIN} training flows: a smooth gradient, a smooth "
        "curl, and a\ncirculation to the left or to the right. Noise that is smooth too, a network "
        f"that knows\ngradients, curls and holes; {_STEPS} steps, seed {_SEED}."
    )
    generated = _generate(made, generator)
    gaussian = GaussianMixture.fit(made.train[..., 0])  # of rows of n_1 numbers
    flows = {
        "generated": generated,
        "a Gaussian fitted to the data": gaussian.sample(_TEST, generator=generator)[..., None],
        "fresh data: the floor": made.draw(_TEST, generator=generator),
    }
    print(f"\n{'Wasserstein distance to test flows':36}" + "".join(f"{p:>11}" for p in _PARTS))
    for name, each in flows.items():
        distances = _distances(made, each.double(), made.test.double())
        print(f"{name:36}" + "".join(f"{distance:>11.3f}" for distance in distances), flush=True)
    print(
        "Smaller is better. The Gaussian is about as good in the first two columns, which are\n"
        "Gaussian; in the third it puts flows between the two directions, where no data are."
    )
    _draw(made, generated, flows["a Gaussian fitted to the data"], out / "edge_flows.png")


def _generate(made: "PlantedFlows", generator: Any) -> "Tensor":
    """Train in the coordinates in which the noise is white; sample, and colour the result."""
    import torch
    from tqdm import trange

    from simplex.diffusion import (
        ExponentialAverage,
        convert_prediction,
        cosine_schedule,
        dpmpp_2m,
        fitted_hodge_noise,
        log_snr_times,
        q_sample,
    )
    from simplex.nn import HodgeDenoiser

    torch.manual_seed(_SEED)
    noise, schedule = fitted_hodge_noise(made.complex, made.train), cosine_schedule(1000)
    data = noise.whiten(made.train)
    root = noise.color(torch.eye(data.shape[1]))  # (n_1, n_1), symmetric
    energies = [part.square().sum() for part in made.parts(root)]
    network = HodgeDenoiser(4, num_fields=1, time_scale=0.02)
    average = ExponentialAverage(network, 0.99)
    optimizer = torch.optim.Adam(network.parameters(), _RATE)
    for step in trange(_STEPS, desc="training", disable=None, leave=False):
        for group in optimizer.param_groups:
            group["lr"] = _RATE * math.cos(math.pi / 2 * step / _STEPS)
        x0 = data[torch.randint(_TRAIN, (_BATCH,), generator=generator)]
        t = torch.randint(1, 1001, (_BATCH,), generator=generator)
        eps = torch.randn(x0.shape, generator=generator)
        x = q_sample(x0, t, schedule, eps)
        v = convert_prediction(eps, x, t, schedule, "eps", "v")
        # Errors count as they will in a flow, and each part alike: the hole is one coordinate.
        error = network(x, t, made.complex, made.fields) - v
        errors = made.parts((error.mT @ root).mT)
        terms = zip(errors, energies, strict=True)
        loss = torch.stack([error.square().sum((1, 2)).mean() / energy for error, energy in terms])
        optimizer.zero_grad()
        loss.sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        average.update(network)
    start = torch.randn(_TEST, *data.shape[1:], generator=generator)

    def model(x: "Tensor", t: "Tensor") -> "Tensor":
        predicted: Tensor = average(x, t, made.complex, made.fields)
        return predicted

    times = log_snr_times(schedule, 40)
    return noise.color(dpmpp_2m(model, start, schedule, times, prediction="v"))


def _distances(made: "PlantedFlows", x: "Tensor", y: "Tensor") -> list[float]:
    """W_1 of sorted coefficients, mode by mode, over the sum of the deviations, for each part."""

    def distance(first: "Tensor", second: "Tensor") -> float:
        return float((first.sort(0).values - second.sort(0).values).abs().mean(0).sum())

    def along(modes: "Tensor") -> float:
        lengths = modes.norm(dim=0)
        axes = modes / lengths
        return distance(x[..., 0] @ axes, y[..., 0] @ axes) / float(lengths.sum())

    around: Callable[[Tensor], Tensor] = made.circulation
    return [along(made.gradient), along(made.curl), distance(around(x), around(y)) / made.level]


def _draw(made: "PlantedFlows", generated: "Tensor", gaussian: "Tensor", path: Path) -> None:
    from simplex.cli._output import save_picture
    from simplex.plot import draw_flow

    with save_picture(path, 12, 6.5) as figure:
        axes: Any = figure.subplots(2, 4)
        for row, (name, flows) in zip(
            axes, (("data", made.test), ("generated", generated)), strict=True
        ):
            around = made.circulation(flows)[:, 0]
            for ax, which in zip(row, (around > 0, around < 0), strict=False):
                draw_flow(made.complex, made.positions, flows[which][0, :, 0].double(), ax=ax)
                ax.set_title(f"{name}, circulation {around[which][0]:+.1f}", fontsize=9)
        grid = axes[0, 2].get_gridspec()
        for ax in axes[:, 2:].flat:
            ax.remove()
        ax = figure.add_subplot(grid[:, 2:])
        for name, flows, style in (
            ("data", made.test, {"color": "#bbbbbb"}),
            ("generated", generated, {"histtype": "step", "color": "#c44e52", "linewidth": 2}),
            ("Gaussian", gaussian, {"histtype": "step", "color": "#4c72b0"}),
        ):
            ax.hist(made.circulation(flows)[:, 0].numpy(), bins=40, label=name, **style)
        ax.set(
            title="Circulation: to the left, or to the right",
            xlabel="circulation around the hole",
            ylabel="number of flows",
        )
        ax.legend()
