"""Networks on 8 × 8 digits: two denoisers of one size, and a classifier for its features."""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from simplex.diffusion import DiscreteSchedule
from simplex.nn import MixerDenoiser, TimeEmbedding


CLASSES = 10
NULL = CLASSES  # the label that stands for none
FEATURES = 32


def one_hot(labels: Tensor) -> Tensor:
    """(rows, 10); the null label is a row of zeros."""
    return F.one_hot(labels, CLASSES + 1)[:, :CLASSES].float()


class Residual(nn.Module):
    """Two convolutions around a shift and a scale by the condition, added to the input."""

    def __init__(self, in_channels: int, channels: int, cond_channels: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(4, in_channels)
        self.conv1 = nn.Conv2d(in_channels, channels, 3, padding=1)
        self.modulation = nn.Linear(cond_channels, 2 * channels)
        self.norm2 = nn.GroupNorm(4, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.skip = (
            nn.Identity() if in_channels == channels else nn.Conv2d(in_channels, channels, 1)
        )
        nn.init.zeros_(self.conv2.weight)  # the block begins as its skip

    def forward(self, x: Tensor, cond: Tensor) -> Tensor:
        h = self.norm2(self.conv1(F.silu(self.norm1(x))))
        shift, scale = self.modulation(cond)[..., None, None].chunk(2, dim=1)
        return self.skip(x) + self.conv2(F.silu(torch.addcmul(shift, h, 1 + scale)))


class UNet(nn.Module):
    """8 × 8 and 4 × 4 with one skip; takes the arguments of a :class:`MixerDenoiser`."""

    def __init__(self, channels: int, *, label_channels: int, time_scale: float) -> None:
        super().__init__()
        cond = 2 * channels
        self.time = nn.Sequential(
            TimeEmbedding(cond, scale=time_scale), nn.Linear(cond, cond), nn.SiLU(),
            nn.Linear(cond, cond),
        )  # fmt: skip
        self.label = nn.Linear(label_channels, cond, bias=False)
        self.stem = nn.Conv2d(1, channels, 3, padding=1)
        self.fine = Residual(channels, channels, cond)
        self.down = nn.Conv2d(channels, 2 * channels, 2, stride=2)
        self.coarse = nn.ModuleList(Residual(2 * channels, 2 * channels, cond) for _ in range(2))
        self.up = nn.ConvTranspose2d(2 * channels, channels, 2, stride=2)
        self.join = Residual(2 * channels, channels, cond)
        self.norm = nn.GroupNorm(4, channels)
        self.head = nn.Conv2d(channels, 1, 3, padding=1)
        nn.init.zeros_(self.head.weight)

    def forward(self, x: Tensor, time: Tensor, label: Tensor) -> Tensor:
        cond = F.silu(self.time(time) + self.label(label))
        fine = self.fine(self.stem(x), cond)
        h = self.down(fine)
        for block in self.coarse:
            h = block(h, cond)
        h = self.join(torch.cat([fine, self.up(h)], dim=1), cond)
        return self.head(F.silu(self.norm(h)))


def denoiser(name: str, schedule: DiscreteSchedule) -> nn.Module:
    """A Mixer (patch 2, 16 tokens) or a U-Net; each of about 143,000 parameters."""
    common: dict[str, Any] = {"label_channels": CLASSES, "time_scale": 1000 / schedule.num_steps}
    if name == "mixer":
        return MixerDenoiser(1, 56, 1, 4, 8, 2, channels_mlp_dim=112, **common)
    return UNet(24, **common)


def parameters(model: nn.Module) -> int:
    """Their number."""
    return sum(p.numel() for p in model.parameters())


class Classifier(nn.Module):
    """Three convolutions; distances are taken between the 32 values before the last map."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.GELU(),
            nn.Conv2d(width, width, 3, padding=1), nn.GELU(), nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1), nn.GELU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Dropout(0.3), nn.Linear(8 * width, FEATURES), nn.GELU(),
        )  # fmt: skip
        self.head = nn.Linear(FEATURES, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))

    @torch.no_grad()
    def features(self, x: Tensor) -> Tensor:
        """(rows, 32)."""
        return self.eval().body(x)

    @torch.no_grad()
    def classes(self, x: Tensor) -> Tensor:
        """(rows,) the likeliest ones."""
        return self.eval()(x).argmax(1)


def warm_cosine(step: int, total: int) -> float:
    """A linear rise for a twentieth of the steps, then half a cosine down to 0."""
    rise = max(total // 20, 1)
    if step < rise:
        return (step + 1) / rise
    return (1 + math.cos(math.pi * (step - rise) / (total - rise))) / 2


def train_classifier(x: Tensor, y: Tensor, *, seed: int, steps: int = 400) -> Classifier:
    """Cross entropy on labelled images, batches of 64, shifted by up to a pixel."""
    torch.manual_seed(seed)
    model = Classifier().train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.02)
    decay = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i: warm_cosine(i, steps))
    for _ in range(steps):
        batch = torch.randint(len(x), (64,))
        down, right = (int(shift) for shift in torch.randint(-1, 2, (2,)))
        # The images are rolled on a canvas with an empty margin, so nothing comes back inside.
        canvas = F.pad(x[batch], (1, 1, 1, 1), value=-1.0).roll((down, right), (2, 3))
        loss = F.cross_entropy(model(canvas[..., 1:-1, 1:-1]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        decay.step()
    return model.eval()
