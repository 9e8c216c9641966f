"""Random cochains and the features made of them."""

import pytest
import torch
from torch_geometric.data import Batch, Data

from simplex import SimplicialComplex, testing
from simplex.data import SimplicialData
from simplex.datasets import random_surface, surfaces
from simplex.operators import betti_numbers
from simplex.testing import random_orientation
from simplex.transforms import (
    HarmonicEnergies,
    RandomCochains,
    clique_lift,
    harmonic_energies,
    random_cochains,
    spread_features,
)
from tests.cases import over
from tests.tables import COMPLEXES


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@over("name", COMPLEXES)
def test_shapes_and_absent_dimensions(name):
    K = COMPLEXES[name]
    for x, channels in (
        (random_cochains(K, max_dim=4, channels=5), 5),
        (harmonic_energies(K, 4, (1, 2), num_probes=3), 2),
    ):
        assert [tuple(each.shape) for each in x] == [
            (K.num_simplices(k), channels) for k in range(5)
        ]


@over("name", ["sphere", "torus", "projective plane", "Klein bottle"])
def test_the_energies_sum_to_the_betti_numbers(name):
    K = random_surface(name, 12, generator=seeded())
    energies = harmonic_energies(K, 2, (700,), num_probes=400, generator=seeded(1))
    for each, betti in zip(energies, betti_numbers(K), strict=True):
        assert abs(float(each.sum()) - betti) < 0.3  # standard error √(2/400) for each hole


def test_the_energies_do_not_turn_with_the_orientation():
    """In law: the same probes, turned with the simplices, give the same energies."""
    K = random_surface("Klein bottle", 12, generator=seeded())
    energies = harmonic_energies(K, 2, num_probes=1000, generator=seeded(1))
    turned = harmonic_energies(
        K.reorient(random_orientation(K, 0)), 2, num_probes=1000, generator=seeded(2)
    )
    for first, second in zip(energies, turned, strict=True):
        torch.testing.assert_close(first, second, atol=0.05, rtol=0.3)


def test_transforms_leave_the_input_and_batch():
    dataset = surfaces(3, ["torus", "sphere"], generator=seeded())
    data = dataset[0]
    before = [x.clone() for x in data.cochains()]
    for transform, widths in ((RandomCochains(4), 4), (HarmonicEnergies((2, 8)), 3)):
        made = transform(data)
        assert [x.shape[1] for x in made.cochains()] == [widths] * 3
        assert made.complex == data.complex
        assert all(map(torch.equal, data.cochains(), before))
        batch = Batch.from_data_list([transform(item) for item in dataset])
        assert len(batch.x_2) == batch.complex.num_simplices(2)
    assert all(
        torch.equal(made, old)
        for made, old in zip(
            (x[:, :1] for x in HarmonicEnergies()(data).cochains()), before, strict=True
        )
    )


def test_the_sizes_of_random_cochains_are_named_so_that_they_cannot_be_swapped():
    with pytest.raises(TypeError, match="positional"):
        random_cochains(COMPLEXES["torus"], 2, 16)


def test_every_call_draws_anew_and_a_seed_repeats():
    data = SimplicialData.from_complex(SimplicialComplex.from_simplices([(0, 1, 2)]))
    transform = RandomCochains(2)
    assert not torch.equal(transform(data).x, transform(data).x)
    first, second = (RandomCochains(2, generator=seeded(3))(data).x_1 for _ in range(2))
    assert torch.equal(first, second)
    assert HarmonicEnergies((1,))(data).x_1.shape == (3, 1)


@over(
    "call",
    [
        lambda K, d: random_cochains(K, max_dim=d, channels=1),
        lambda K, d: testing.random_cochains(K, channels=1, max_dim=d),
        lambda K, d: harmonic_energies(K, d),
        lambda K, d: spread_features(K, torch.ones(3, 1), d),
        lambda K, d: SimplicialData.from_complex(K, max_dim=d),
        lambda K, d: clique_lift(Data(edge_index=K.simplices(1).T, x=torch.ones(3, 1)), d),
    ],
)
def test_dimensions_without_end_are_refused(call):
    with pytest.raises(ValueError, match=r"max_dim must be an integer from [01] to 10000, got 1"):
        call(SimplicialComplex.from_simplices([(0, 1, 2)]), 10**9)
