"""HeatNet: its symmetries, and that it sees what it is said to see."""

import pytest
import torch

from simplex.datasets import surfaces
from simplex.nn import HeatNet
from simplex.transforms import random_cochains


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


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
