"""HeatNet: its symmetries, and that it sees what it is said to see."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.datasets import surfaces
from simplex.nn import HeatNet
from simplex.transforms import random_cochains
from tests.tables import COMPLEXES, random_orientation


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("name", COMPLEXES)
def test_laws_on_every_complex(name, dtype):
    K = COMPLEXES[name]
    model = HeatNet(-1, 8, 2, num_layers=3, max_dim=3).to(dtype).eval()
    x = [each.to(dtype) for each in random_cochains(K, max_dim=3, channels=4, generator=seeded())]
    before = [each.clone() for each in x]
    out = model(x, K)
    assert out.shape == (K.num_parts, 2)
    assert out.dtype == dtype
    assert all(map(torch.equal, x, before))
    signs = random_orientation(K, 2)
    turned = [signs[k][:, None] * each if k in signs else each for k, each in enumerate(x)]
    torch.testing.assert_close(model(turned, K.reorient(signs)), out)
    U = SimplicialComplex.disjoint_union([K, COMPLEXES["torus"]])
    y = [
        each.to(dtype)
        for each in random_cochains(COMPLEXES["torus"], max_dim=3, channels=4, generator=seeded(1))
    ]
    both = model([torch.cat(pair) for pair in zip(x, y, strict=True)], U)
    torch.testing.assert_close(both[-1:], model(y, COMPLEXES["torus"]))
    if K.num_parts == 1:  # in a union each argument is one part
        torch.testing.assert_close(both[:-1], out)


def test_it_learns_orientability_of_surfaces_of_equal_counts():
    """Torus against Klein bottle, genus 2 against four crosscaps: counting is blind there."""
    names = ["torus", "Klein bottle", "genus 2", "non-orientable genus 4"]
    torch.manual_seed(0)
    batch = surfaces(400, names, generator=seeded()).to_batch()
    K, label = batch.complex, batch.orientable.float()
    model = HeatNet(-1, 32, 1, num_layers=8, max_dim=2)
    energies = model.energies(random_cochains(K, max_dim=2, channels=16, generator=seeded()), K)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            model.classify(energies[:250])[:, 0], label[:250]
        )
        loss.backward()
        optimizer.step()
    model.eval()
    right = (model.classify(energies[250:])[:, 0] > 0) == (label[250:] > 0)
    assert float(right.float().mean()) > 0.95


def test_parameters_can_be_drawn_anew():
    model = HeatNet(-1, 8, 2, num_layers=3, max_dim=2)
    before = [p.clone() for p in model.parameters()]
    model.reset_parameters()
    assert any(not torch.equal(p, q) for p, q in zip(before, model.parameters(), strict=True))
    with pytest.raises(ValueError, match="num_layers"):
        HeatNet(-1, 8, 2, num_layers=0, max_dim=2)
