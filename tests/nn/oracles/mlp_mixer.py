"""MLP-Mixer from elsewhere: thirty lines of NumPy on Google's names, and timm where it loads."""

from types import ModuleType

import numpy as np
import torch
from scipy.special import erf


def gelu(x, kind):
    if kind == "erf":
        return x * (1 + erf(x / np.sqrt(2))) / 2
    return x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2


def forward(w, images, kind):
    """Logits of images (N, H, W, channels), all in float64; w has the names of the npz files."""

    def dense(x, name):
        return x @ w[f"{name}/kernel"] + w[f"{name}/bias"]

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-6)
        return scaled * w[f"{name}/scale"] + w[f"{name}/bias"]

    def mlp(x, name):
        return dense(gelu(dense(x, f"{name}/Dense_0"), kind), f"{name}/Dense_1")

    p, q, _, width = w["stem/kernel"].shape
    height, breadth = images.shape[1] // p, images.shape[2] // q
    x = np.empty((len(images), height * breadth, width))
    for i in range(height):
        for j in range(breadth):
            patch = images[:, i * p : (i + 1) * p, j * q : (j + 1) * q]
            x[:, i * breadth + j] = np.einsum("nhwc,hwcd->nd", patch, w["stem/kernel"])
    x += w["stem/bias"]
    for i in range(sum(name.endswith("LayerNorm_0/scale") for name in w)):
        block = f"MixerBlock_{i}"
        mixed = mlp(norm(x, f"{block}/LayerNorm_0").swapaxes(1, 2), f"{block}/token_mixing")
        x = x + mixed.swapaxes(1, 2)
        x = x + mlp(norm(x, f"{block}/LayerNorm_1"), f"{block}/channel_mixing")
    return dense(norm(x, "pre_head_layer_norm").mean(1), "head")


def google_names(num_blocks):
    """The names of a published file, written out."""
    names = [f"{m}/{p}" for m in ("stem", "head") for p in ("kernel", "bias")]
    names += ["pre_head_layer_norm/scale", "pre_head_layer_norm/bias"]
    for i in range(num_blocks):
        names += [f"MixerBlock_{i}/LayerNorm_{j}/{p}" for j in (0, 1) for p in ("scale", "bias")]
        names += [
            f"MixerBlock_{i}/{mixing}/Dense_{j}/{p}"
            for mixing in ("token_mixing", "channel_mixing")
            for j in (0, 1)
            for p in ("kernel", "bias")
        ]
    return names


def import_timm() -> ModuleType:
    """Import timm; ``ImportError`` where it is absent.

    timm loads torchvision, which fails to load if built for another torch: two operators that it
    describes are then unknown. A Mixer needs neither, so their names suffice.
    """
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float threshold) -> Tensor")
        KEPT.append(library)
    import timm

    return timm


KEPT: list[torch.library.Library] = []  # names live as long as their library
