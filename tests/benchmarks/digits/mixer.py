"""Mixer, a CNN of as many parameters, and logistic regression on small images, whole and shuffled.

``python -m tests.benchmarks.digits.mixer run --data digits mnist --out DIR`` trains and appends one
line of JSON per run to DIR/runs.jsonl; runs that are there are not computed again.
``… report --out DIR`` prints the tables, ``… picture --out DIR`` draws the token-mixing filters of
a trained network.

Images are whole, or shuffled in one of the two ways of section 3.4 of arXiv:2105.01601, the same
for all images: "patches", one permutation of the patches and one of the pixels inside a patch; or
"pixels", one permutation of all pixels. Networks are trained anew on what they are tested on.
"""

import argparse
import gzip
import json
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from optim import LocoProp
from simplex.nn import MLPMixer, PatchGrid, from_patches, to_patches


# Image, patch; widths and blocks of the Mixer; images for training; epochs.
SETTINGS: dict[str, dict[str, int]] = {
    "digits": {"size": 8, "patch": 2, "width": 32, "blocks": 4, "train": 1297, "epochs": 60},
    "mnist": {"size": 28, "patch": 4, "width": 48, "blocks": 3, "train": 8500, "epochs": 10},
}
BATCH = 64
VARIANTS = ("whole", "patches", "pixels")


def images(data: str) -> tuple[Tensor, Tensor]:
    """All images (N, 1, size, size) in [0, 1], and their classes."""
    if data == "digits":
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
        return torch.tensor(x / 16, dtype=torch.float32).view(-1, 1, 8, 8), torch.tensor(y)
    folder = Path(os.environ["SIMPLEX_DATA"]) / "mnist"
    with gzip.open(folder / "t10k-images-idx3-ubyte.gz") as file:
        pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    with gzip.open(folder / "t10k-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return torch.tensor(pixels / 255, dtype=torch.float32), torch.tensor(labels, dtype=torch.long)


def shuffled(x: Tensor, variant: str, patch: int, seed: int) -> Tensor:
    """The images, permuted in the same way all."""
    generator = torch.Generator().manual_seed(1000 + seed)
    if variant == "pixels":
        return x.flatten(1)[:, torch.randperm(x[0].numel(), generator=generator)].view_as(x)
    if variant == "patches":
        grid = PatchGrid(x.shape[-1], patch)
        patches = torch.randperm(grid.num_tokens, generator=generator)
        pixels = torch.randperm(grid.patch_volume, generator=generator)
        return from_patches(to_patches(x, grid)[:, patches][..., pixels], grid)
    return x


def split(data: str, variant: str, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Images and classes for training, then for the test; each seed splits anew."""
    x, y = images(data)
    x = shuffled(x, variant, SETTINGS[data]["patch"], seed)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    train, test = order.split([SETTINGS[data]["train"], len(x) - SETTINGS[data]["train"]])
    return x[train], y[train], x[test], y[test]


def the_mixer(data: str) -> MLPMixer:
    """Widths as in the paper: half the channels for tokens, four times for channels."""
    s = SETTINGS[data]
    return MLPMixer(1, s["width"], 10, s["blocks"], s["size"], s["patch"])


def cnn(size: int, width: int) -> nn.Sequential:
    """Three convolutions, two poolings, one affine map."""
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1), nn.GELU(), nn.MaxPool2d(2),
        nn.Conv2d(width, width, 3, padding=1), nn.GELU(), nn.MaxPool2d(2),
        nn.Conv2d(width, 2 * width, 3, padding=1), nn.GELU(),
        nn.Flatten(), nn.Linear(2 * width * (size // 4) ** 2, 10),
    )  # fmt: skip


def count(model: nn.Module) -> int:
    """Number of parameters."""
    return sum(p.numel() for p in model.parameters())


def the_cnn(data: str) -> nn.Sequential:
    """The CNN whose number of parameters is nearest to the Mixer's; within 5 %."""
    aim, size = count(the_mixer(data)), SETTINGS[data]["size"]
    width = min(range(4, 80), key=lambda w: abs(count(cnn(size, w)) - aim))
    model = cnn(size, width)
    assert abs(count(model) / aim - 1) < 0.05
    return model


MODELS: dict[str, Callable[[str], nn.Module]] = {"mixer": the_mixer, "cnn": the_cnn}


def the_optimizer(name: str, model: nn.Module) -> torch.optim.Optimizer:
    """AdamW, or LocoProp with its closed form; both then follow the same schedule."""
    if name == "locoprop":
        return LocoProp(model, "S", lr=1.0, prox=0.1)
    return torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)


def train(model: nn.Module, x: Tensor, y: Tensor, epochs: int, optimizer: str, seed: int) -> float:
    """Warm-up for a twentieth of the steps, then half a cosine; the mean loss of the last epoch."""
    opt = the_optimizer(optimizer, model)
    total = epochs * (len(x) // BATCH)
    rise = max(total // 20, 1)

    def factor(step: int) -> float:
        if step < rise:
            return (step + 1) / rise
        return (1 + math.cos(math.pi * (step - rise) / (total - rise))) / 2

    schedule = torch.optim.lr_scheduler.LambdaLR(opt, factor)
    generator = torch.Generator().manual_seed(seed)
    losses: list[float] = []
    model.train()
    for _ in range(epochs):
        losses.clear()
        order = torch.randperm(len(x), generator=generator)
        for batch in order[: len(x) // BATCH * BATCH].split(BATCH):
            loss = F.cross_entropy(model(x[batch]), y[batch])
            opt.zero_grad()
            loss.backward()
            opt.step()
            schedule.step()
            losses.append(loss.item())
    return mean(losses)


@torch.no_grad()
def accuracy(model: nn.Module, x: Tensor, y: Tensor) -> float:
    """The share of images that are classified right."""
    model.eval()
    parts = zip(x.split(500), y.split(500), strict=True)
    right = [(model(a).argmax(1) == b).sum() for a, b in parts]
    return float(torch.stack(right).sum()) / len(x)


def logistic(x: Tensor, y: Tensor, test: Tensor) -> Tensor:
    """What scikit-learn's logistic regression says of the test images."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=2000).fit(x.flatten(1).numpy(), y.numpy())
    return torch.from_numpy(model.predict(test.flatten(1).numpy()))


def run(key: dict[str, Any], out: Path) -> dict[str, Any]:
    """One run: test accuracy after the last epoch; the Mixer's weights are kept."""
    data, variant, seed = key["data"], key["variant"], key["seed"]
    x, y, test_x, test_y = split(data, variant, seed)
    torch.manual_seed(seed)
    began = time.process_time()
    if key["model"] == "logistic":
        score = float((logistic(x, y, test_x) == test_y).double().mean())
        size = 10 * (x[0].numel() + 1)
        return {**key, "test": score, "parameters": size, "seconds": time.process_time() - began}
    model = MODELS[key["model"]](data)
    loss = train(model, x, y, SETTINGS[data]["epochs"], key["optimizer"], seed)
    spent = time.process_time() - began
    if key["model"] == "mixer" and variant == "whole":
        torch.save(model.state_dict(), out / f"{data}_{key['optimizer']}_{seed}.pt")
    return {
        **key, "test": accuracy(model, test_x, test_y), "train": accuracy(model, x, y),
        "loss": loss, "parameters": count(model), "seconds": spent,
    }  # fmt: skip


def keys(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The runs asked for, seed by seed; to logistic regression all orders are the same."""
    return [
        {"data": data, "model": model, "variant": variant, "optimizer": arguments.optimizer}
        | {"seed": seed}
        for data in arguments.data
        for seed in arguments.seeds
        for model in arguments.models
        for variant in (arguments.variants if model != "logistic" else ["whole"])
    ]


def finished(out: Path) -> list[dict[str, Any]]:
    """The runs in the file."""
    file = out / "runs.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def report(out: Path) -> None:
    """Mean and deviation of the test accuracy, in percent, one row per model."""
    rows: dict[tuple[str, str, str], dict[str, list[dict[str, Any]]]] = {}
    for done in finished(out):
        row = rows.setdefault((done["data"], done["model"], done["optimizer"]), {})
        row.setdefault(done["variant"], []).append(done)
    print("data    model     optimizer  parameters " + "".join(f"{v:>18}" for v in VARIANTS))
    for (data, model, optimizer), row in sorted(rows.items()):
        cells = ""
        for variant in VARIANTS:
            scores = [100 * done["test"] for done in row.get(variant, [])]
            spread = stdev(scores) if len(scores) > 1 else math.nan
            cell = f"{mean(scores):.2f} ± {spread:.2f} ({len(scores)})" if scores else "-"
            cells += f"{cell:>18}"
        size = next(iter(row.values()))[0]["parameters"]
        print(f"{data:7s} {model:9s} {optimizer:9s} {size:11,d} {cells}")


def picture(data: str, optimizer: str, seed: int, out: Path) -> Path:
    """Rows of W_1 of every block on the grid of patches, and below what training added to them."""
    import matplotlib.pyplot as plt

    torch.manual_seed(seed)
    model = the_mixer(data)  # as it was drawn for the run
    drawn = [block.mlp_tokens.fc1.weight.detach().clone() for block in model.blocks]
    model.load_state_dict(torch.load(out / f"{data}_{optimizer}_{seed}.pt"))
    rows: list[tuple[str, Tensor]] = []
    for i, (block, old) in enumerate(zip(model.blocks, drawn, strict=True), start=1):
        weight = block.mlp_tokens.fc1.weight.detach()
        change = weight - old
        order = change.norm(dim=1).argsort(descending=True)[:16]
        rows += [(f"block {i}: $W_1$", weight[order]), ("change", change[order])]
    figure, axes = plt.subplots(len(rows), 16, figsize=(9, 0.58 * len(rows)), squeeze=False)
    for (name, weight), line in zip(rows, axes, strict=True):
        for axis, filter_ in zip(line, weight.view(-1, *model.grid.shape), strict=True):
            bound = filter_.abs().max().item()
            axis.imshow(filter_, cmap="RdBu_r", vmin=-bound, vmax=bound)
            axis.set_xticks([])
            axis.set_yticks([])
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    h, w = model.grid.shape
    figure.suptitle(f"Token mixing, {data}: filters on {h} × {w} patches, those that moved most")
    path = out / f"filters_{data}_{optimizer}.png"
    figure.savefig(path, dpi=150, bbox_inches="tight")
    plt.close(figure)
    return path


def main() -> None:
    """Train, report or draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "report", "picture"])
    parser.add_argument("--data", nargs="+", choices=SETTINGS, default=["digits", "mnist"])
    parser.add_argument("--models", nargs="+", default=["logistic", "mixer", "cnn"])
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--optimizer", choices=["adamw", "locoprop"], default="adamw")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.what == "report":
        report(arguments.out)
    elif arguments.what == "picture":
        for data in arguments.data:
            print(picture(data, arguments.optimizer, arguments.seeds[0], arguments.out))
    else:
        for key in keys(arguments):
            if any(key.items() <= done.items() for done in finished(arguments.out)):
                continue
            done = run(key, arguments.out)
            with (arguments.out / "runs.jsonl").open("a") as file:
                file.write(json.dumps(done) + "\n")
            print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main()
