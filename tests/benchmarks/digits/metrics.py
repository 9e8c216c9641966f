"""What is said of generated digits: distance of features, copies, classes, use for training."""

from typing import NamedTuple

import torch
from sklearn.datasets import load_digits
from torch import Tensor

from tests.benchmarks.digits.networks import CLASSES, Classifier, train_classifier
from tests.benchmarks.sample_metrics import frechet_distance, neighbor_ratio


class Digits(NamedTuple):
    """Images in [-1, 1] and their classes."""

    train: Tensor
    train_y: Tensor
    test: Tensor
    test_y: Tensor


def digits(seed: int, development: bool) -> Digits:
    """A split into 1297 and 500; in development the 1297 are split again and the 500 unseen."""
    x, y = load_digits(return_X_y=True)
    images, classes = torch.tensor(x / 8 - 1).float().view(-1, 1, 8, 8), torch.tensor(y)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    train, test = order[:1297].split([897, 400]) if development else order.split([1297, 500])
    return Digits(images[train], classes[train], images[test], classes[test])


def left_out_ratio(images: Tensor, data: Digits) -> float:
    """The neighbour ratio of training images, each to the nearest of the others."""
    train, test = data.train, data.test

    def distances(points: Tensor) -> Tensor:
        return torch.cdist(points.flatten(1).double(), train.flatten(1).double()).sort(1).values

    return float(distances(images)[:, 1].median() / distances(test)[:, 0].median())


def class_distance(classes: Tensor, other: Tensor) -> float:
    """Total variation between the histograms of two lists of classes."""
    ours, theirs = (
        torch.bincount(c, minlength=CLASSES).double() / len(c) for c in (classes, other)
    )
    return float((ours - theirs).abs().sum()) / 2


def described(images: Tensor, data: Digits, classifier: Classifier) -> dict[str, float]:
    """Fréchet distance of the features, neighbour ratio, total variation of the classes."""
    return {
        "frechet": frechet_distance(classifier.features(images), classifier.features(data.test)),
        "neighbours": neighbor_ratio(images, data.train, data.test),
        "classes": class_distance(classifier.classes(images), data.test_y),
    }


def agreement(images: Tensor, labels: Tensor, classifier: Classifier) -> float:
    """The share of images that the classifier takes for what they are said to be."""
    return float((classifier.classes(images) == labels).double().mean())


def trained_on(images: Tensor, labels: Tensor, data: Digits, seed: int) -> float:
    """Accuracy on real test images of a classifier that saw only these."""
    return agreement(data.test, data.test_y, train_classifier(images, labels, seed=100 + seed))
