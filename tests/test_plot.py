"""Pictures: what is drawn, and what is refused."""

import pytest
import torch
from matplotlib.figure import Figure

from simplex import SimplicialComplex
from simplex.plot import draw_complex, draw_flow, spring_layout
from tests.cases import over
from tests.tables import COMPLEXES


def axes():
    return Figure().add_subplot()


@over("name", COMPLEXES)
def test_every_simplex_is_drawn(name):
    K = COMPLEXES[name]
    triangles, edges, vertices = draw_complex(K, ax=axes(), labels=True).collections
    assert len(triangles.get_paths()) == K.num_simplices(2)
    assert len(edges.get_paths()) == K.num_simplices(1)
    assert len(vertices.get_offsets()) == K.num_simplices(0)


def test_arrows_do_not_depend_on_the_orientation():
    K = COMPLEXES["house"]
    place, flow = torch.randn(5, 2), torch.tensor([1.0, -1.0, 0.0, 0.5, -0.5, 0.0])
    signs = torch.tensor([1, -1, -1, 1, -1, 1])
    arrows = draw_flow(K, place, flow, ax=axes()).collections[-1]
    turned = draw_flow(K.reorient({1: signs}), place, signs * flow, ax=axes()).collections[-1]
    assert len(arrows.U) == 4
    for part in ("U", "V", "X", "Y"):
        assert getattr(arrows, part).tolist() == getattr(turned, part).tolist()
    tail, head = place[K.simplices(1)[0]]
    assert arrows.U[0] == pytest.approx(float(head[0] - tail[0]))


def test_a_zero_flow_has_no_arrow():
    K = COMPLEXES["house"]
    assert len(draw_flow(K, torch.randn(5, 2), torch.zeros(6), ax=axes()).collections) == 3


def test_the_layout_is_reproducible():
    K = COMPLEXES["torus"]
    assert torch.equal(spring_layout(K, seed=1), spring_layout(K, seed=1))
    assert not torch.equal(spring_layout(K, seed=1), spring_layout(K, seed=2))


def test_bad_input_is_refused():
    K = COMPLEXES["house"]
    with pytest.raises(ValueError, match="positions must be"):
        draw_complex(K, torch.zeros(4, 2), ax=axes())
    with pytest.raises(ValueError, match="positions must be"):
        draw_complex(K, torch.full((5, 2), torch.nan), ax=axes())
    with pytest.raises(ValueError, match="flow must be"):
        draw_flow(K, torch.zeros(5, 2), torch.zeros(5), ax=axes())
    with pytest.raises(ValueError, match="at most 5000 vertices"):
        spring_layout(SimplicialComplex.from_simplices([], num_vertices=5001))
