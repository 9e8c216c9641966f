"""Pictures: what is drawn, and what is refused."""

from io import BytesIO

import networkx as nx
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from simplex import SimplicialComplex
from simplex.lifting import clique_complex
from simplex.persistence import persistence
from simplex.plot import draw_barcode, draw_complex, draw_diagram, draw_flow, spring_layout
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


def test_every_class_is_drawn_and_those_that_stay_are_marked():
    K = COMPLEXES["house"]
    K = K.with_filtration([torch.full((n,), float(k)) for k, n in enumerate(K.f_vector)])
    D = persistence(K)
    bars, points = draw_barcode(D, ax=axes()), draw_diagram(D, ax=axes())
    assert sum(len(c.get_paths()) for c in bars.collections) == len(D)
    assert sum(len(c.get_offsets()) for c in points.collections) == len(D)
    arrows = [line for line in bars.lines if line.get_marker() == ">"]
    assert sum(len(line.get_xdata()) for line in arrows) == len(D.essential()) > 0
    assert draw_diagram(D[:0], ax=axes()).collections[:] == []


@over("draw", [draw_barcode, draw_diagram])
def test_diagrams_that_are_refused(draw):
    with pytest.raises(TypeError, match="D must be a Diagram"):
        draw(COMPLEXES["house"], ax=axes())
    two = SimplicialComplex.disjoint_union([SimplicialComplex(1).with_filtration([[0.0]])] * 2)
    with pytest.raises(ValueError, match="of one part, got 2"):
        draw(persistence(two), ax=axes())


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
    for call, error, message in (
        (lambda: draw_flow(K, None, "flow"), TypeError, "flow must be a tensor, an array or lists"),
        (lambda: draw_flow(K, None, 1j * torch.ones(6)), TypeError, "flow must be real"),
        (lambda: draw_flow(K, [[0.0, 1.0], [2.0]], [0.0] * 6), TypeError, "positions must be a"),
        (lambda: draw_complex(K, {0: (0, 1), 2: (1, 1)}), ValueError, "none for 1 and 2 others"),
        (lambda: draw_complex(nx.path_graph(2)), TypeError, "K must be a SimplicialComplex"),
        (lambda: draw_flow(nx.path_graph(2), None, [1.0]), TypeError, "K must be a Simplicial"),
        (lambda: spring_layout(K, seed=0.5), TypeError, "seed must be an integer"),
        (lambda: spring_layout([(0, 1)]), TypeError, "K must be a SimplicialComplex"),
    ):
        with pytest.raises(error, match=message):
            call()
    with pytest.raises(ValueError, match="at most 5000 vertices"):
        spring_layout(SimplicialComplex.from_simplices([], num_vertices=5001))


def test_flows_and_places_come_as_tensors_arrays_lists_and_layouts():
    K = COMPLEXES["house"]
    place, flow = torch.randn(5, 2, dtype=torch.float64), torch.randn(6, dtype=torch.float64)
    expected = draw_flow(K, place, flow, ax=axes()).collections[-1]
    array = np.ascontiguousarray(flow.numpy()[::-1])[::-1]
    assert array.strides[0] < 0
    for places, values in (
        (place.numpy(), array),
        (place.tolist(), flow.tolist()),
        (place.numpy()[::-1].copy()[::-1], flow.clone().requires_grad_()),
        (dict(enumerate(place.numpy())), flow.numpy()),
        ({v: tuple(place[v].tolist()) for v in (4, 2, 0, 1, 3)}, flow),
    ):
        made = draw_flow(K, places, values, ax=axes()).collections[-1]
        for part in ("U", "V", "X", "Y"):
            assert getattr(made, part).tolist() == getattr(expected, part).tolist()
    ints = draw_flow(K, np.eye(5, 2, dtype=np.int8), np.ones(6, dtype=np.uint16), ax=axes())
    assert len(ints.collections[-1].U) == 6


def test_a_layout_of_networkx_is_taken_by_the_labels():
    graph = nx.Graph([("c", "a"), ("a", (1, 2)), ((1, 2), "c"), ("c", 0)])
    layout = nx.circular_layout(graph)
    K = clique_complex(graph)
    vertices = draw_complex(K, layout | {"further": [0, 0]}, ax=axes()).collections[-1]
    expected = np.array([layout[label] for label in K.vertex_labels])
    assert np.array_equal(vertices.get_offsets(), expected)
    swapped = clique_complex(nx.Graph([(1, 0)]))
    assert swapped.vertex_labels == (1, 0)
    drawn = draw_complex(swapped, {0: (5, 5), 1: (7, 7)}, ax=axes()).collections[-1]
    assert np.asarray(drawn.get_offsets()).tolist() == [[7, 7], [5, 5]]
    assert len(draw_complex(COMPLEXES["empty"], {}, ax=axes()).collections) == 3


@over("name", ["$a_$", "$x^{$", "a$", "$\\alpha$", "50% & #1_2 \\ ~ {x}", "ü"])
def test_labels_are_written_letter_by_letter(name):
    K = COMPLEXES["edge"].with_vertex_labels([name, "b"])
    ax = draw_complex(K, [[0, 0], [1, 1]], ax=axes(), labels=True)
    written = ax.texts[0]
    assert written.get_text() == name
    assert not written.get_parse_math()
    ax.figure.savefig(BytesIO(), format="png")


def test_a_picture_of_a_million_edges_is_refused_before_the_layout():
    many = SimplicialComplex(2000, [torch.zeros(1_000_001, 2, dtype=torch.int64)])
    with pytest.raises(ValueError, match=r"at most 1000000 edges .* got 1000001. Draw K.skeleton"):
        draw_complex(many, ax=axes())
