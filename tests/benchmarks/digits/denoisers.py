"""Training of the denoisers of digits, and their samples, chains and bounds."""

import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from simplex.diffusion import (
    ExponentialAverage,
    convert_prediction,
    cosine_schedule,
    ddim,
    ddpm,
    discretized_gaussian,
    dpmpp_2m,
    drop_labels,
    elbo,
    guided,
    log_snr_times,
    q_sample,
    simple_loss,
    spaced_times,
)
from tests.benchmarks.digits import networks
from tests.benchmarks.digits.baselines import LEVELS, quantised
from tests.benchmarks.digits.metrics import Digits, agreement, described, trained_on


SCHEDULE = cosine_schedule(100)
TRAINING = {"mixer": (3000, 6e-3), "unet": (1500, 5e-3)}  # steps of 64 images, learning rate
DROPPED = 0.3  # share of labels that are dropped in training
Model = Callable[[Tensor, Tensor], Tensor]
ALL, TWENTY, FIFTY = (spaced_times(SCHEDULE, steps) for steps in (100, 20, 50))
BOUND = log_snr_times(SCHEDULE, 40, last=3)
SHOWN = 14
FRAMES = (100, 90, 80, 70, 60, 50, 40, 30, 20, 10, 0)


def given(network: nn.Module, labels: Tensor) -> Model:
    """The network with labels filled in, one per row."""
    condition = networks.one_hot(labels)
    return lambda x, t: network(x, t, condition)


def train(name: str, data: Digits, seed: int) -> nn.Module:
    """The squared error of v at uniform times; the moving average of the parameters."""
    torch.manual_seed(seed)
    steps, rate = TRAINING[name]
    network = networks.denoiser(name, SCHEDULE)
    average = ExponentialAverage(network, decay=0.998)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, betas=(0.9, 0.99), fused=True)
    decay = torch.optim.lr_scheduler.LambdaLR(optimizer, partial(networks.warm_cosine, total=steps))
    for _ in range(steps):
        batch = torch.randint(len(data.train), (64,))
        t = torch.randint(1, SCHEDULE.num_steps + 1, (64,))
        x0 = data.train[batch]
        labels = drop_labels(data.train_y[batch], networks.NULL, DROPPED)
        model = given(network, labels)
        loss = simple_loss(model, x0, t, SCHEDULE, torch.randn_like(x0), prediction="v").mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        decay.step()
        average.update(network)
    return average.eval()


def unexplained(model: Model, x0: Tensor) -> Tensor:
    """Var[x_0 | x_t] per pixel at every time, (T + 1,), by the error of the model on the data."""
    table = torch.zeros(SCHEDULE.num_steps + 1, dtype=torch.float64)
    for t in range(1, len(table)):
        x = q_sample(x0, t, SCHEDULE, torch.randn_like(x0))
        with torch.no_grad():
            v = model(x, torch.full((len(x),), t))
        table[t] = (convert_prediction(v, x, t, SCHEDULE, "v", "x0") - x0).square().mean()
    return table


def chain(model: Model, x0: Tensor, noise: Tensor) -> dict[str, Tensor]:
    """Frames of the chain: data noised, and the way back from other noise, (frames, rows, …)."""
    eps, x = torch.randn_like(x0), noise
    forward = [q_sample(x0, t, SCHEDULE, eps) for t in reversed(FRAMES)]
    backward = [x]
    for t, s in pairwise(FRAMES):
        x = ddpm(model, x, SCHEDULE, list(range(t, s - 1, -1)), prediction="v")
        backward.append(x)
    return {"forward": torch.stack(forward), "backward": torch.stack(backward)}


def sampled(network: nn.Module, labels: Tensor, noise: Tensor) -> dict[str, Tensor]:
    """Images of the 17 levels by every sampler and guidance, from one and the same noise."""
    free, asked = given(network, torch.full_like(labels, networks.NULL)), given(network, labels)
    walk = partial(dpmpp_2m, schedule=SCHEDULE, times=TWENTY, prediction="v")
    samples = {
        "ddpm 100": ddpm(free, noise, SCHEDULE, ALL, prediction="v"),
        "ddim 50": ddim(free, noise, SCHEDULE, FIFTY, prediction="v"),
        "dpmpp 20": walk(guided(asked, free, 0.0), noise),
        "dpmpp 20, guidance 1": walk(guided(asked, free, 1.0), noise),
        "dpmpp 20, guidance 3": walk(guided(asked, free, 3.0), noise),
    }
    return {sampler: quantised(x) for sampler, x in samples.items()}


def learned(
    name: str, data: Digits, classifier: networks.Classifier, seed: int
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Train a denoiser and describe what it generates: the record, and images to keep."""
    began = time.process_time()
    network = train(name, data, seed)
    training = time.process_time() - began
    count = len(data.test)
    labels = data.train_y[torch.randperm(len(data.train))[:count]]
    labels[:SHOWN] = torch.arange(SHOWN) % networks.CLASSES  # those of the picture
    noise = torch.randn(count, 1, 8, 8)
    samples = sampled(network, labels, noise)
    start = torch.randn_like(data.train)
    labelled = dpmpp_2m(given(network, data.train_y), start, SCHEDULE, TWENTY, prediction="v")
    free = given(network, torch.full_like(labels, networks.NULL))
    table = unexplained(free, data.train[:count])
    bound = elbo(
        free, data.test, SCHEDULE, BOUND,
        prediction="v", variance=lambda t: table[t], decoder=discretized_gaussian(LEVELS),
    ).bits_per_dim  # fmt: skip
    record = {
        "model": name,
        "parameters": networks.parameters(network.network),
        "samples": {
            sampler: described(x, data, classifier)
            | {"agreement": agreement(x, labels, classifier)}
            for sampler, x in samples.items()
        },
        "bits": float(bound.mean()),
        "trained_on": trained_on(quantised(labelled), data.train_y, data, seed),
        "training_seconds": training,
        "seconds": time.process_time() - began,
    }
    kept = {f"{name} {sampler}": x[:SHOWN] for sampler, x in samples.items()}
    asked = torch.tensor([2, 5, 8])
    real = torch.stack([data.test[data.test_y == c][0] for c in asked])
    frames = chain(given(network, asked), real, noise[:3])
    return record, kept | {f"{name} {way}": x for way, x in frames.items()}
