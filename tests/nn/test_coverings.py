"""What no message passing sees: two coverings of one surface, one orientable and one not."""

from functools import partial

import pytest
import torch

from simplex import SimplicialComplex
from simplex.datasets import random_surface
from simplex.nn import GIN, SCCNN, SIN, HeatNet, OrientedMPSN
from simplex.operators import betti_numbers, coboundary_matrix
from simplex.transforms import random_cochains
from simplex.wl import compare


def cocycles(K):
    """A basis, over two elements, of the edge labels that sum to 0 around every triangle."""
    rows = [
        sum(1 << int(e) for e in row.nonzero()[:, 0])
        for row in coboundary_matrix(K, 1).to_dense().abs()
    ]
    pivots = {}
    for row in rows:
        for pivot, other in pivots.items():
            if row >> pivot & 1:
                row ^= other
        if row:
            new = row.bit_length() - 1
            pivots = {p: r ^ row if r >> new & 1 else r for p, r in pivots.items()} | {new: row}
    free = [e for e in range(K.num_simplices(1)) if e not in pivots]
    basis = torch.zeros(len(free), K.num_simplices(1), dtype=torch.int64)
    for i, e in enumerate(free):
        basis[i, e] = 1
        for pivot, row in pivots.items():
            basis[i, pivot] = row >> e & 1
    return basis


def double_cover(K, label):
    """Vertices 2v and 2v + 1 above v; an edge with label 1 changes sheets."""
    a, b, c = K.simplices(2).T
    ab, ac = (label[K.index(torch.stack(edge, 1))] for edge in ((a, b), (a, c)))
    sheets = [torch.stack([2 * a + s, 2 * b + (ab ^ s), 2 * c + (ac ^ s)], 1) for s in (0, 1)]
    return SimplicialComplex.from_simplices(torch.cat(sheets))


def two_covers(K, seed):
    """A connected orientable double cover and a connected non-orientable one."""
    basis, generator = cocycles(K), torch.Generator().manual_seed(seed)
    found = {}
    while len(found) < 2:
        choice = torch.randint(0, 2, (1, len(basis)), generator=generator)
        cover = double_cover(K, (choice @ basis)[0] % 2)
        betti = betti_numbers(cover)
        if betti[0] == 1:
            found[betti[2]] = cover
    return found[1], found[0]


CASES = [("Klein bottle", (1, 2, 1), (1, 1, 0)), ("non-orientable genus 3", (1, 4, 1), (1, 3, 0))]
MODELS = {
    "GIN": partial(GIN, 2, 8, 3, 6, 2),
    "SIN": partial(SIN, 2, 8, 3, 6, 2),
    "SCCNN": partial(SCCNN, 2, 8, 3, 6, 2),
    "oriented": lambda: OnTriangles(OrientedMPSN(2, 8, 3, 6, k=2)),
    "heat": partial(HeatNet, 2, 8, 3, 6, 2),
}


class OnTriangles(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x, complex):
        return self.model(x[2], complex)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(("surface", "orientable", "other"), CASES)
def test_features_pulled_back_to_two_coverings_give_one_output(surface, orientable, other, name):
    K = random_surface(surface, 12, generator=torch.Generator().manual_seed(0))
    covers = two_covers(K, 0)
    assert tuple(map(betti_numbers, covers)) == (orientable, other)
    assert covers[0].f_vector == covers[1].f_vector
    assert not compare(*covers)
    x = random_cochains(K, max_dim=2, channels=2, generator=torch.Generator().manual_seed(1))
    model = MODELS[name]().double().eval()
    outputs = []
    for cover in covers:
        below = [K.index(cover.simplices(k) // 2) for k in range(3)]
        outputs.append(model([x[k][below[k]].double() for k in range(3)], cover))
    torch.testing.assert_close(outputs[0], outputs[1], rtol=1e-9, atol=1e-9)


def test_random_features_of_their_own_part_the_coverings():
    covers = two_covers(random_surface("Klein bottle", 12), 0)
    model = HeatNet(-1, 8, 1, 9, 2)
    left = []
    for cover in covers:
        x = random_cochains(
            cover, max_dim=2, channels=64, generator=torch.Generator().manual_seed(2)
        )
        left.append(float(model.energies(x, cover)[0, -1]))
    assert left[0] > 0.4 > 0.2 > left[1]
