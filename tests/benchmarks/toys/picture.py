"""The picture of the toys: data, a chain, and the samples of each method, as densities."""

from pathlib import Path

from torch import Tensor


COLUMNS = {
    "data": "data",
    "frame 0": "chain, noise",
    "frame 1": "level 1",
    "frame 2": "level 0.3",
    "ddpm: ddpm, 1000 steps": "DDPM 1000",
    "ddpm: dpmpp_2m, 20 steps": "DPM++ 20",
    "edm: heun_edm, 18 steps": "EDM 18",
    "flow: euler, 4 steps": "flow 4",
    "flow, OT: euler, 4 steps": "flow OT 4",
    "flow, OT: heun, 20 steps": "flow OT 20",
}
BINS, REACH = 72, 2.3


def draw(samples: dict[str, dict[str, Tensor]], path: Path) -> None:
    """One row per toy; 700 pixels wide it is still legible."""
    import matplotlib.pyplot as plt
    from PIL import Image

    figure, axes = plt.subplots(
        len(samples), len(COLUMNS), figsize=(len(COLUMNS), len(samples) + 0.25), squeeze=False
    )
    figure.subplots_adjust(0.004, 0.01, 0.996, 0.92, 0.05, 0.05)
    for axis, title in zip(axes[0], COLUMNS.values(), strict=True):
        axis.set_title(title, fontsize=10, pad=3)
    for row, columns in zip(axes, samples.values(), strict=True):
        for axis, key in zip(row, COLUMNS, strict=True):
            points = columns[key].clamp(-REACH, REACH).numpy()
            window = [[-REACH, REACH]] * 2
            axis.hist2d(*points.T, bins=BINS, range=window, cmap="magma", vmax=6)
            axis.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=120)
    plt.close(figure)
    image = Image.open(path).convert("RGB")
    image.quantize(48).save(path, optimize=True)
