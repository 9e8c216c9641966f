"""Arguments that mean nothing, at every public function: an answer or our words."""

import inspect
from contextlib import suppress

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st
from torch_geometric.data import Data

import simplex.complexes
import simplex.datasets
import simplex.interop
import simplex.lifting
import simplex.operators
import simplex.plot
import simplex.signals
import simplex.testing
import simplex.train
import simplex.transforms
import simplex.wl
from simplex import SimplicialComplex
from simplex.diffusion import linear_schedule, spaced_times
from tests.fuzz.judge import Refused, call
from tests.fuzz.strategies import JUNK


K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
X = torch.ones(4, 1)
GRAPH = Data(x=X, edge_index=torch.tensor([[0, 1, 2, 0], [1, 2, 0, 3]]), y=torch.tensor([1]))
DATASET = simplex.transforms.lift_dataset([GRAPH, GRAPH])


class SumOfVertices(torch.nn.Module):
    """Two classes of each complex, by one weight."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1, 2))

    def forward(self, x, complex):
        sums = x[0].new_zeros(complex.num_parts, 1).index_add(0, complex.part(0), x[0])
        return sums @ self.weight


GOOD = {  # what an argument of that name is, in a call that works
    "L": K, "vertex_map": [0, 1, 2, 3], "lengths": [1.0] * 3, "max_length": 5,
    "lift": simplex.lifting.neighborhood_complex, "landmarks": [0, 2, 4], "num_landmarks": 3,
    "num_neighbors": 2, "cover": [{0, 1}, {1, 2}], "probabilities": [0.5, 0.5],
    "K": K, "A": K, "B": K, "complex": K, "x": X, "k": 1, "graph": nx.path_graph(4),
    "points": torch.rand(5, 2), "complexes": [K, K], "relation": np.eye(3), "hops": 1,
    "num_vertices": 4, "p": 0.5, "dim": 2, "edge_index": torch.tensor([[0, 1], [1, 2]]),
    "max_dim": 2, "edges": torch.tensor([[0, 1], [1, 2]]), "simplices": [(0, 1)], "signed": True,
    "steps": 2, "vertices": torch.tensor([0, 1]), "matrix": torch.eye(3), "max_alpha": 1.0,
    "max_edge_length": 1.0, "prime": 2, "dtype": torch.float64, "rounds": 2,
    "data": GRAPH, "graphs": [GRAPH, GRAPH], "reduce": "sum", "channels": 2, "num_probes": 2,
    "num_steps": (1, 2), "domain": "annulus", "surface": "torus", "num_surfaces": 2, "n": 5, "q": 5,
    "num_pairs": 3,
    "labels": torch.tensor([0, 1] * 4), "num_folds": 2, "num_complexes": 2, "name": "SR(5,2,0,1)",
    "skip": 2, "seed": 0, "names": torch.arange(4), "positions": torch.rand(4, 2),
    "flow": torch.ones(4), "layer": lambda x, K: [2 * each for each in x], "items": [([X], K)] * 2,
    "records": [simplex.train.EpochRecord(1, 1, 0.0, 0.0, 0.5)], "dataset": DATASET,
    "choices": [simplex.train.FoldChoice(1, 1, 7, 0.9, 0.75)],
    "experiment": simplex.train.Experiment("MUTAG", hidden_channels=4), "count": 20,
    "folds": [(torch.arange(4), torch.arange(4, 6))], "protocol": "topobench",
    "train": torch.arange(3), "validation": torch.arange(3, 5), "test": torch.arange(5, 7),
    "splits": [simplex.train.Split(torch.tensor([0]), torch.tensor([]), torch.tensor([1]))],
    "configurations": [
        simplex.train.Configuration(lambda: SumOfVertices(), simplex.train.TrainSettings(1))
    ],
    "cells": [(0, 1, 2, 3)], "rings": 6, "apex": "mean", "marker": True,
    "candidates": torch.tensor([[0, 3]]), "score": "jaccard",
    "timed": simplex.datasets.timed_simplices([(0, 1), (1, 2), (0, 2), (0, 1, 2)], range(4)),
    "observed": torch.tensor([True, False, True, True]), "band": torch.eye(4)[:, :2], "degree": 3,
    "region": torch.tensor([True, False, True, True]), "bound": 4.0, "y": X,
    "frequencies": torch.tensor([0.0, 1.0]), "values": torch.tensor([0.0, 1.0]),
    "function": lambda at: at, "settings": simplex.train.Experiment("MUTAG", hidden_channels=4),
}  # fmt: skip
ROOMS = (
    simplex.lifting, simplex.operators, simplex.wl, simplex.interop, simplex.complexes,
    simplex.transforms, simplex.datasets, simplex.plot, simplex.testing, simplex.signals,
)  # fmt: skip
PLAIN = {"chang_graphs", "classical_pairs", "csl_graphs", "shrikhande_graph", "latin_square_graph"}
LONG = {  # or of files
    "read_benson", "read_hif", "tu_dataset", "tu_folds", "ocean_drifters", "synthetic_flow",
    "aqsol", "brec", "surface_census",
    "planetoid", "heterophilous", "us_county", "graph_universe", "load_dataset",
}  # fmt: skip
FUNCTIONS = [
    getattr(room, name)
    for room in ROOMS
    for name in room.__all__
    if inspect.isfunction(getattr(room, name)) and name not in PLAIN | LONG
] + [
    simplex.train.make_model, simplex.train.summarize, simplex.train.summarize_choices,
    simplex.train.random_splits, simplex.train.mask_splits, simplex.train.fold_splits,
    simplex.train.run_protocols, simplex.train.Task.of,
]  # fmt: skip
SETTINGS = [
    simplex.train.TrainSettings, simplex.train.Experiment, simplex.transforms.CliqueLift,
    simplex.train.Task, simplex.train.Split,
]  # fmt: skip
METHODS = [
    SimplicialComplex.from_simplices, SimplicialComplex.disjoint_union, K.index, K.simplices,
    K.facets, K.facet_signs, K.num_simplices, K.skeleton, K.reorient, K.with_filtration,
    K.with_parts, K.part, K.to,
]  # fmt: skip


@pytest.mark.parametrize(
    "functions", [FUNCTIONS, METHODS, SETTINGS], ids=["functions", "methods", "settings"]
)
def test_no_call_leaves_our_words(functions):
    """One argument of a call that works, replaced; in the short profile a sample of them."""

    @given(st.sampled_from(functions), st.data())
    def law(function, data):
        signature = inspect.signature(function)
        needed = [
            p.name
            for p in signature.parameters.values()
            if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        many = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        names = sorted(p.name for p in signature.parameters.values() if p.kind not in many)
        victim = data.draw(st.sampled_from(names))
        junk = data.draw(st.sampled_from(JUNK))
        arguments = {name: GOOD.get(name, X) for name in needed} | {victim: junk}
        with suppress(Refused):
            call(function, **arguments)

    law()


@given(st.sampled_from(["ddim", "ddpm", "dpmpp_2m", "euler_flow", "heun_flow"]), st.data())
def test_samplers_refuse_in_our_words(name, data):
    function = getattr(simplex.diffusion, name)
    schedule = linear_schedule(100)
    good = {
        "model": lambda x, t: x,
        "x": torch.zeros(3, 2),
        "schedule": schedule,
        "times": torch.linspace(0, 1, 3) if "flow" in name else spaced_times(schedule, 3),
    }
    names = list(inspect.signature(function).parameters)
    arguments = {key: value for key, value in good.items() if key in names}
    victim = data.draw(st.sampled_from(names))
    with suppress(Refused):
        call(function, **(arguments | {victim: data.draw(st.sampled_from(JUNK))}))
