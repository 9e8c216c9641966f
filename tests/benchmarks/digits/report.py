"""Tables and pictures of the runs on digits."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from tests.benchmarks.sample_metrics import mean_and_spread, read_down


NAME = "digits"
TITLES = {
    "data": "500 training images",
    "memoriser": "memoriser",
    "gaussian": "Gaussian",
    "mixture": "PCA and mixture",
    "kernels": "kernels",
    "pixels": "histogram per pixel",
    "histograms": "mixture of histograms",
    "mixer": "Mixer",
    "unet": "U-Net",
}


def report(out: Path) -> None:
    """One table of samples, one of likelihood and use; mean and deviation over the seeds."""
    records = read_down(out, NAME)
    by_model = {title: [r for r in records if r["model"] == name] for name, title in TITLES.items()}
    print("| samples | Fréchet | over floor | neighbour ratio | classes, TV | as asked |")
    print("|---|---|---|---|---|---|")
    floor = _mean([r["samples"][""]["frechet"] for r in by_model[TITLES["data"]]])
    for title, runs in by_model.items():
        for sampler in runs[0].get("samples", {}) if runs else ():
            rows = [r["samples"][sampler] for r in runs]
            cells = [_cell(rows, "frechet", 1)]
            cells.append(f"{_mean([row['frechet'] for row in rows]) / floor:.1f}")
            cells += [_cell(rows, "neighbours", 2), _cell(rows, "classes", 3)]
            cells.append(_cell(rows, "agreement", 3))
            print(f"| {', '.join(filter(None, (title, sampler)))} | {' | '.join(cells)} |")
    print()
    print("| model | bits per pixel | classifier trained on its images | parameters | "
          "training, s | in all, s |")  # fmt: skip
    print("|---|---|---|---|---|---|")
    print("| uniform | 4.087 | – | – | – | – |")
    for title, runs in by_model.items():
        keys = (("bits", 3), ("trained_on", 3), ("parameters", 0), ("training_seconds", 0))
        cells = [_cell(runs, key, digits) for key, digits in (*keys, ("seconds", 0))]
        print(f"| {title} | {' | '.join(cells)} |")
    accuracies = [r["accuracy"] for r in records if r["model"] == "classifier"]
    print(f"\nThe classifier of the features: {mean_and_spread(accuracies)} on the test images.")
    print(f"Core-seconds in all: {sum(r.get('seconds', 0) for r in records):.0f}")


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _cell(rows: list[dict[str, Any]], key: str, digits: int) -> str:
    values = [row[key] for row in rows if key in row]
    if not values or key == "parameters":
        return f"{values[0]:,d}" if values else "–"
    return mean_and_spread(values, digits)


def sample_picture(kept: dict[str, Tensor], out: Path) -> Path:
    """Rows of 14 images each: data, baselines, both denoisers."""
    rows = {
        "test images": kept["data"],
        "Gaussian": kept["gaussian"],
        "PCA and mixture": kept["mixture"],
        "kernels": kept["kernels"],
        "Mixer": kept["mixer ddpm 100"],
        "U-Net": kept["unet ddpm 100"],
        "Mixer, labels": kept["mixer dpmpp 20, guidance 1"],
        "U-Net, labels": kept["unet dpmpp 20, guidance 1"],
        "Mixer, guidance 3": kept["mixer dpmpp 20, guidance 3"],
        "U-Net, guidance 3": kept["unet dpmpp 20, guidance 3"],
    }
    return _drawn({title: list(x) for title, x in rows.items()}, {}, out / "diffusion_digits.png")


def chain_picture(kept: dict[str, Tensor], times: Sequence[int], out: Path) -> Path:
    """Three digits noised, and three drawn by each denoiser under the same labels."""
    ways = {"noised": "unet forward", "Mixer": "mixer backward", "U-Net": "unet backward"}
    rows = {
        f"{title}, {digit}": list(frames)
        for title, way in ways.items()
        for digit, frames in zip((2, 5, 8), kept[way].unbind(1), strict=True)
    }
    falling = [f"t = {t}" for t in times]
    heads = {"noised, 2": falling[::-1], "Mixer, 2": falling}
    return _drawn(rows, heads, out / "diffusion_digits_chain.png")


def _drawn(rows: dict[str, list[Tensor]], heads: dict[str, list[str]], path: Path) -> Path:
    """One labelled line of images per row, with words above the images of some rows."""
    import matplotlib.pyplot as plt

    width, gap = len(next(iter(rows.values()))), 0.35 if heads else 0.08
    size = 0.55 * width, 0.55 * len(rows) * (1 + gap)
    figure, axes = plt.subplots(len(rows), width, figsize=size)
    for (title, images), line in zip(rows.items(), axes, strict=True):
        words = heads.get(title, [""] * width)
        for image, word, axis in zip(images, words, line, strict=True):
            axis.imshow(image[0], cmap="gray_r", vmin=-1, vmax=1)
            axis.set_xticks([])
            axis.set_yticks([])
            if word:
                axis.set_title(word, fontsize=8, pad=3)
        line[0].set_ylabel(title, rotation=0, ha="right", va="center", fontsize=9)
    figure.subplots_adjust(0, 0, 1, 1, 0.08, gap)
    figure.savefig(path, dpi=100, bbox_inches="tight")
    plt.close(figure)
    return path
