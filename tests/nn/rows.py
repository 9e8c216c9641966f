"""A row of the tables of layers and networks: what is said of one, and how most are made."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import torch
from torch import nn

from simplex.nn import EachDegree
from simplex.testing import random_cochains
from tests.tables import COMPLEXES


IN, OUT, TOP = 2, 6, 3
ALL = ("boundary", "coboundary", "lower", "upper")
EVERY = tuple(COMPLEXES)
FLAT = tuple(name for name, K in COMPLEXES.items() if K.dim <= TOP)
SMALL = tuple(name for name in FLAT if sum(COMPLEXES[name].f_vector) < 14)  # slow formulas
RANDOM = ("random 0", "random 1", "random 2")
AWKWARD = ("empty", "isolated vertices", "house", "torus", "random 0", "random 1")
CHUNKED = ("torus", "house", "union")


class Row(NamedTuple):
    """How a layer or network is made, what it computes, and its symmetry.

    Attributes:
        make: a layer from (in_channels, out_channels, max_dim), a network from (in_channels,
            hidden_channels, out_channels, num_layers, max_dim); and options.
        oracle: the formula, in float64: see ``tests.nn.oracles``.
        max_dim: the top dimension of the cochains.
        symmetry: ``"turns"`` with the orientation of the complex and the cochains; ``"blind"`` to
            the orientation of the complex, which refutes the former; or ``"none"``.
        broken_by: options with which a row that turns does so no longer.
        exact: the complexes on which it is compared with its formula.
        laws: those on which the laws are checked.
        parts: those that a batch holds besides.
        variant: held to formula and laws alone.
        mixed: whether each dimension may have a width of its own, in the formula too.
        lazy: whether a width may be -1.
        places: how many of the features of the vertices are positions.
        width: in_channels, where no other is asked for.
        keeps_width: whether what comes out is as wide as what goes in.
        few: options for where many steps would only cost time.
        rough: how far from the exact values bfloat16 may be, relative to the largest.
        signals: whether a layer of one degree takes many signals at once.
        idle: parameters that no complex ever uses.
        coarse: the complexes on which float32 does not suffice.
        tolerance: of float32, relative to the largest value.
    """

    make: Callable[..., nn.Module]
    oracle: Callable[..., Any] | None = None
    max_dim: int = TOP
    symmetry: Literal["turns", "blind", "none"] = "turns"
    broken_by: tuple[dict[str, Any], ...] = ()
    exact: tuple[str, ...] = FLAT
    laws: tuple[str, ...] = AWKWARD
    parts: tuple[str, ...] = ("one vertex", "filled tetrahedron", "4-simplex")
    variant: bool = False
    mixed: bool = True
    lazy: bool = True
    places: int = 0
    width: int = IN
    keeps_width: bool = False
    few: Mapping[str, Any] = MappingProxyType({})
    rough: float = 0.05
    signals: bool = True
    idle: tuple[str, ...] = ()
    coarse: tuple[str, ...] = ()
    tolerance: float = 1e-4

    def cochains(self, K, width=None, max_dim=None, dtype=torch.float64, seed=0):
        """Random cochains that the row takes; ``width`` for all, or one for each dimension."""
        top = self.max_dim if max_dim is None else max_dim
        width = self.width if width is None else width
        widths = [width] * (top + 1) if isinstance(width, int) else list(width)
        widths[0] += self.places
        return random_cochains(K, channels=widths, max_dim=top, dtype=dtype, seed=seed)


def each_degree(conv, **fixed):
    """A layer on one degree, as a layer on all."""

    def make(in_channels, out_channels, max_dim, **options):
        widths = [in_channels] * (max_dim + 1) if isinstance(in_channels, int) else in_channels
        options = fixed | options
        return EachDegree([conv(w, out_channels, k, **options) for k, w in enumerate(widths)])

    return make


def on_vertices(conv):
    return lambda i, o, max_dim, **options: EachDegree([conv(i, o, **options)])
