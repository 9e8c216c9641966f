"""A data set of single points and a model that answers by a script: what a protocol does, bare."""

from collections.abc import Callable, Iterator

import torch
from torch import nn

from simplex import SimplicialComplex
from simplex.data import SimplicialDataset


def points(labels):
    """One vertex for each label; its features are its number and its label."""
    y = torch.as_tensor(labels)
    parts = torch.arange(len(y) + 1)
    union = SimplicialComplex.from_simplices([], num_vertices=len(y)).with_parts(parts)
    features = torch.stack([torch.arange(len(y)), y], dim=1).float()
    return SimplicialDataset.from_union(union, [features], max_dim=0, fields={"y": y})


class Scripted(nn.Module):
    """The share of right answers and their margin, evaluation by evaluation, as the script says.

    In training all answers are right, with one margin, so that the loss stays the same.

    Args:
        script: yields the share and the margin of each evaluation; ``None`` for the margin 0.
        watch: called with the model and the numbers of the points at every call.
    """

    def __init__(
        self,
        script: Iterator[tuple[float, float]] | None = None,
        watch: Callable[[nn.Module, list[int]], None] | None = None,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(1))
        self.script = script
        self.watch = watch

    def forward(self, x, complex):
        number, label = x[0].long().T
        if self.watch is not None:
            self.watch(self, number.tolist())
        share, margin = 1.0, 0.0
        if self.script is not None and not self.training:
            share, margin = next(self.script)
        right = torch.arange(len(label)) < round(share * len(label))
        answer = torch.where(right, label, 1 - label)
        return margin * nn.functional.one_hot(answer, 2) + 0.0 * self.weight
