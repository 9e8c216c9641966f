"""Flows from directed edges, and the road networks and rates of exchange of real data."""

import os
from pathlib import Path

import pytest
import torch

from simplex.signals import flow_of, interpolate
from tests.cases import over


def test_both_directions_are_added_up_with_their_signs():
    ends = torch.tensor([[0, 2, 1, 0], [1, 1, 0, 1]])
    flow = flow_of(ends, [3.0, 1.0, 1.0, 0.5], 5)
    assert flow.complex.f_vector == (5, 2)
    assert flow.x.tolist() == [2.5, -1.0]
    turned = flow_of(ends.flip(0), [-3.0, -1.0, -1.0, -0.5], 5)
    assert torch.equal(turned.x, flow.x)


@over(
    "ends, values, message",
    [
        ([[0], [0]], [1.0], "no self-loops, got one at vertex 0"),
        ([[0], [1]], [1.0, 2.0], "values must be of shape"),
        ([[0], [1]], [float("inf")], "values must be finite"),
    ],
)
def test_wrong_flows_are_refused(ends, values, message):
    with pytest.raises(ValueError, match=message):
        flow_of(torch.tensor(ends), values)


def test_roads_of_anaheim_are_filled_in():
    folder = Path(os.environ.get("SIMPLEX_DATA", "")) / "flows"
    if not (folder / "anaheim").is_dir():
        pytest.skip("SIMPLEX_DATA names no folder with flows/anaheim")
    from tests.benchmarks.flows.signals import road_flow

    K, x = road_flow(folder, "anaheim")
    seen = torch.rand(len(x), generator=torch.Generator().manual_seed(0)) < 0.8
    filled = interpolate(K, x, seen, up=0.0)
    assert float((filled - x)[~seen].norm() / x[~seen].norm()) < 0.15
