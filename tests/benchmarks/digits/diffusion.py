"""Digits of 8 × 8 pixels by diffusion: a Mixer and a small U-Net as denoisers, beside baselines.

``python -m tests.benchmarks.digits.diffusion run --seeds 0 1 --out DIR`` appends one line of JSON
per seed and model to DIR/digits.jsonl and keeps some images; ``… report --out DIR`` prints the
tables, ``… picture --out DIR`` draws samples and a chain. With ``--development`` a part of the
training images plays the test set: settings were chosen there.

The data are the 1797 images of scikit-learn, 17 grey levels, split anew by each seed. All samples
are rounded to the 17 levels.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.benchmarks.digits import baselines
from tests.benchmarks.digits.denoisers import FRAMES, SHOWN, TRAINING, learned
from tests.benchmarks.digits.metrics import (
    Digits,
    agreement,
    described,
    digits,
    left_out_ratio,
    trained_on,
)
from tests.benchmarks.digits.networks import CLASSES, Classifier, train_classifier
from tests.benchmarks.digits.report import NAME, chain_picture, report, sample_picture
from tests.benchmarks.sample_metrics import frechet_distance, write_down


FITS = {
    "gaussian": baselines.mixture,
    "mixture": baselines.mixture,
    "kernels": baselines.kernels,
}
FULL = [{"directions": 64, "components": 1}]
GRIDS = {"gaussian": FULL, "mixture": baselines.MIXTURES, "kernels": baselines.BANDWIDTHS}
CLASS_GRIDS = {**GRIDS, "mixture": baselines.CLASS_MIXTURES}
Records = list[dict[str, Any]]
Kept = dict[str, Tensor]


def floors(data: Digits, classifier: Classifier, seed: int) -> tuple[Records, Kept]:
    """Ten times some training images, averaged; once with replacement, as a memoriser does."""
    count, began = len(data.test), time.process_time()
    draws = [data.train[torch.randperm(len(data.train))[:count]] for _ in range(10)]
    rows = [described(x, data, classifier) | {"neighbours": left_out_ratio(x, data)} for x in draws]
    apart = {key: sum(row[key] for row in rows) / len(rows) for key in rows[0]}
    drawn = data.train[torch.randint(len(data.train), (count,))]
    fresh = {
        "model": "data",
        "samples": {"": apart | {"agreement": agreement(data.test, data.test_y, classifier)}},
        "trained_on": trained_on(data.train, data.train_y, data, seed),
        "seconds": time.process_time() - began,
    }
    memoriser = {"model": "memoriser", "samples": {"": described(drawn, data, classifier)}}
    return [fresh, memoriser], {"data": data.test[:SHOWN]}


def densities(data: Digits, classifier: Classifier, seed: int) -> tuple[Records, Kept]:
    """Gaussian, mixture and kernels: one for all images, and one per class for labelled ones.

    Settings are chosen by likelihood; the mixture's for samples by the Fréchet distance itself.
    """
    generator = torch.Generator().manual_seed(seed)
    count, records, kept = len(data.test), [], {}
    train, test = (baselines.dequantized(x, generator) for x in (data.train, data.test))

    def looks(fitted: baselines.Fitted, held_out: Tensor) -> float:
        ours, theirs = fitted[0](len(held_out), generator), baselines.images_of(held_out)
        return -frechet_distance(classifier.features(ours), classifier.features(theirs))

    for name, fit in FITS.items():
        began = time.process_time()
        likely = baselines.chosen(fit, train, GRIDS[name], baselines.likelihood)
        alike = baselines.chosen(fit, train, GRIDS[name], looks) if name == "mixture" else likely
        images = fit(train, **alike)[0](count, generator)
        labelled = torch.empty_like(data.train)
        for c in range(CLASSES):
            y = train[data.train_y == c]
            own = baselines.chosen(fit, y, CLASS_GRIDS[name], baselines.likelihood)
            labelled[data.train_y == c] = fit(y, **own)[0](len(y), generator)
        by_class = described(labelled[:count], data, classifier)
        by_class["agreement"] = agreement(labelled, data.train_y, classifier)
        record = {
            "model": name,
            "settings": [likely, alike],
            "samples": {"": described(images, data, classifier), "one per class": by_class},
            "bits": baselines.bits(fit(train, **likely)[1], test),
            "trained_on": trained_on(labelled, data.train_y, data, seed),
            "seconds": time.process_time() - began,
        }
        records.append(record)
        kept[name] = images[:SHOWN]
    for name, grid in (("pixels", baselines.HISTOGRAMS[:1]), ("histograms", baselines.HISTOGRAMS)):
        began = time.process_time()
        best = baselines.chosen(
            baselines.histograms, train, grid, lambda density, y: float(density(y).mean())
        )
        bits = baselines.bits(baselines.histograms(train, **best), test)
        seconds = time.process_time() - began
        records.append({"model": name, "settings": [best], "bits": bits, "seconds": seconds})
    return records, kept


def run(seed: int, development: bool, models: list[str], out: Path) -> None:
    """The rows of one seed: the classifier, floors and densities, and the denoisers asked for."""
    data = digits(seed, development)
    torch.manual_seed(seed)
    began = time.process_time()
    classifier = train_classifier(data.train, data.train_y, seed=seed)
    settings = {"seed": seed, "development": development}
    accuracy = agreement(data.test, data.test_y, classifier)
    seconds = time.process_time() - began
    write_down(
        out, NAME, {**settings, "model": "classifier", "accuracy": accuracy, "seconds": seconds}
    )
    kept: Kept = {}
    parts = [floors(data, classifier, seed), densities(data, classifier, seed)]
    for records, images in parts:
        for record in records:
            write_down(out, NAME, {**settings, **record})
        kept |= images
    for name in models:
        record, images = learned(name, data, classifier, seed)
        write_down(out, NAME, {**settings, **record})
        kept |= images
    torch.save(kept, out / f"{NAME}_{seed}.pt")


def main() -> None:
    """Run, report or draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["run", "report", "picture"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    parser.add_argument("--models", nargs="*", choices=TRAINING, default=list(TRAINING))
    parser.add_argument("--development", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    match arguments.what:
        case "report":
            report(arguments.out)
        case "picture":
            kept = torch.load(arguments.out / f"{NAME}_{arguments.seeds[0]}.pt")
            print(sample_picture(kept, arguments.out), chain_picture(kept, FRAMES, arguments.out))
        case _:
            for seed in arguments.seeds:
                run(seed, arguments.development, arguments.models, arguments.out)


if __name__ == "__main__":
    main()
