"""The sums and the base layer: golden vectors of the authors' tests, and the definitions."""

from functools import partial

import networkx as nx
import pytest
import torch

from simplex import SimplicialComplex
from simplex.nn import (
    SIN,
    SimplicialMessagePassing,
    neighbor_counts,
    neighbor_pairs,
    segment_softmax,
)
from simplex.operators import (
    apply_boundary,
    apply_coboundary,
    apply_down_laplacian,
    apply_hodge_laplacian,
    apply_random_walk_laplacian,
    apply_up_laplacian,
    boundary_adjacency,
    boundary_matrix,
    boundary_sum,
    coboundary_adjacency,
    coboundary_sum,
    down_laplacian,
    gather_facets,
    hodge_laplacian,
    lower_adjacency,
    normalized_laplacian,
    scatter_to_facets,
    segments,
    up_laplacian,
    upper_adjacency,
)
from simplex.testing import random_complex, random_orientation
from tests.nn.contract import on_each
from tests.nn.oracles.matrices import boundary, neighbors
from tests.tables import COMPLEXES, house


ADJACENCY = {
    "boundary": boundary_adjacency,
    "coboundary": coboundary_adjacency,
    "lower": lower_adjacency,
    "upper": upper_adjacency,
}
TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-10}


def cochains(complex_, dtype=torch.float64, width=2, top=None, seed=0):
    generator = torch.Generator().manual_seed(seed)
    top = complex_.dim + 1 if top is None else top
    sizes = [complex_.num_simplices(k) for k in range(top + 1)]
    return [
        torch.randn(n, width + k, dtype=dtype, generator=generator) for k, n in enumerate(sizes)
    ]


class Dummy(SimplicialMessagePassing):
    """x + Σ messages: the parameter-free layer of the authors' tests."""

    def __init__(self, used):
        for adjacency in used:
            setattr(self, f"message_{adjacency}", getattr(self, f"_{adjacency}"))
        super().__init__()

    def _boundary(self, sender):
        return sender

    _coboundary = _boundary

    def _upper(self, sender, shared):
        return sender + shared

    _lower = _upper

    def update(self, k, x, messages):
        return x + sum(messages.values())


def test_golden_vectors_of_the_house():
    complex_, x, expected = house()
    for used, sums in expected.items():
        assert all(map(torch.equal, Dummy(used)(x, complex_), sums)), sorted(used)


# --- linear maps ----------------------------------------------------------------------------------


@pytest.mark.parametrize("signed", [True, False])
@on_each(COMPLEXES)
def test_linear_maps_are_their_matrices(name, signed, dtype):
    complex_ = COMPLEXES[name]
    for k in range(complex_.dim + 1):
        x = torch.randn(2, complex_.num_simplices(k), 3, dtype=dtype)
        for apply, matrix in (
            (apply_boundary, boundary_matrix(complex_, k, signed=signed, dtype=dtype)),
            (apply_coboundary, boundary_matrix(complex_, k + 1, signed=signed, dtype=dtype).t()),
            (apply_down_laplacian, down_laplacian(complex_, k, signed=signed, dtype=dtype)),
            (apply_up_laplacian, up_laplacian(complex_, k, signed=signed, dtype=dtype)),
            (apply_hodge_laplacian, hodge_laplacian(complex_, k, signed=signed, dtype=dtype)),
        ):
            expected = matrix.to_dense() @ x
            y = apply(complex_, x, k, signed=signed)
            torch.testing.assert_close(y, expected, atol=TOLERANCE[dtype], rtol=0)
            one = apply(complex_, x[0, :, 0], k, signed=signed)
            torch.testing.assert_close(one, expected[0, :, 0], atol=TOLERANCE[dtype], rtol=0)


@on_each(COMPLEXES)
def test_random_walk_laplacian_is_the_matrix(name, dtype):
    complex_ = COMPLEXES[name]
    for k in range(max(complex_.dim, 0) + 1):
        x = torch.randn(complex_.num_simplices(k), 2, dtype=dtype)
        matrix = normalized_laplacian(complex_, k, "random_walk", dtype=dtype).to_dense()
        applied = apply_random_walk_laplacian(complex_, x, k)
        torch.testing.assert_close(applied, matrix @ x, atol=TOLERANCE[dtype], rtol=1e-4)


def test_another_orientation_starts_anew():
    complex_ = COMPLEXES["house"]
    x = torch.randn(complex_.num_simplices(1), 2)
    neighbor_pairs(complex_, 1, "upper")
    before = apply_hodge_laplacian(complex_, x, 1)
    signs = random_orientation(complex_, seed=1)
    T = signs[1].float()[:, None]
    turned = complex_.reorient(signs)
    torch.testing.assert_close(apply_hodge_laplacian(turned, T * x, 1), T * before)
    fresh = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 3), (2, 3, 4)]).reorient(signs)
    for old, new in zip(
        neighbor_pairs(turned, 1, "upper"), neighbor_pairs(fresh, 1, "upper"), strict=True
    ):
        assert torch.equal(old, new)


@on_each(["house", "reoriented", "isolated vertices"])
def test_gradients_of_the_linear_maps(name):
    complex_ = COMPLEXES[name]
    for k in range(1, complex_.dim + 1):
        below, own = (
            torch.randn(complex_.num_simplices(j), 2, dtype=torch.float64, requires_grad=True)
            for j in (k - 1, k)
        )
        table = torch.randn(complex_.num_simplices(k), k + 1, 2, dtype=torch.float64)
        table.requires_grad_()
        for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck):
            assert check(partial(boundary_sum, complex_, k=k, signed=True), below)
            assert check(partial(coboundary_sum, complex_, k=k - 1, signed=True), own)
            assert check(partial(gather_facets, complex_, k=k), below)
            assert check(partial(scatter_to_facets, complex_, k=k), table)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision(dtype):
    complex_ = COMPLEXES["torus"]
    x = torch.randn(complex_.num_simplices(1), 4)
    y = apply_hodge_laplacian(complex_, x.to(dtype), 1)
    assert y.dtype == dtype
    torch.testing.assert_close(
        y.float(), apply_hodge_laplacian(complex_, x, 1), atol=0.3, rtol=0.05
    )


# --- pairs ----------------------------------------------------------------------------------------


def sign(K, k, adjacency, s, t, shared):
    """The entry of ∂ for a facet or cofacet, the product of two for a shared one."""
    if adjacency == "boundary":
        return boundary(K, k)[t, s]
    if adjacency == "coboundary":
        return boundary(K, k + 1)[s, t]
    if adjacency == "lower":
        return boundary(K, k)[shared, s] * boundary(K, k)[shared, t]
    return boundary(K, k + 1)[s, shared] * boundary(K, k + 1)[t, shared]


@pytest.mark.parametrize("adjacency", ADJACENCY)
@on_each(COMPLEXES)
def test_pairs_are_the_adjacency(name, adjacency):
    complex_ = COMPLEXES[name]
    for k in range(complex_.dim + 1):
        near = neighbors(complex_, k)[adjacency]
        wanted = sorted(
            (s, t, t if shared is None else shared, sign(complex_, k, adjacency, s, t, shared))
            for s, found in enumerate(near)
            for t, shared in found
        )
        pairs = neighbor_pairs(complex_, k, adjacency)
        sender, receiver = pairs.index
        between = sender if pairs.shared is None else pairs.shared
        columns = [receiver, sender, between, pairs.sign]
        assert sorted(zip(*(column.tolist() for column in columns), strict=True)) == wanted
        assert receiver.tolist() == sorted(receiver.tolist())
        count = complex_.num_simplices(k)
        counts = neighbor_counts(complex_, k, adjacency)
        assert torch.equal(counts, receiver.bincount(minlength=count))
        middle = count // 2
        halves = [
            neighbor_pairs(complex_, k, adjacency, receivers=rows)
            for rows in (range(middle), range(middle, count))
        ]
        for whole, first, second in zip(pairs, *halves, strict=True):
            assert whole is None or torch.equal(whole, torch.cat([first, second], dim=-1))


# --- the base -------------------------------------------------------------------------------------


class Incident(SimplicialMessagePassing):
    """φ(sender, shared), not linear."""

    def message_boundary(self, k, sender):
        return torch.tanh(sender[..., :2]) * (k + 1)

    def message_coboundary(self, sender):
        return sender[..., :2].square()

    def message_lower(self, sender, shared):
        return torch.tanh(sender[..., :2] * shared[..., :2])

    message_upper = message_lower

    def update(self, k, x, messages):
        return torch.cat([x, *messages.values()], dim=1)


class Paired(Incident):
    """The same messages, and the receiver in the signature: over pairs."""

    def message_boundary(self, k, receiver, sender):
        return super().message_boundary(k, sender) + 0 * receiver[..., :2]

    def message_coboundary(self, receiver, sender):
        return super().message_coboundary(sender) + 0 * receiver[..., :2]

    def message_lower(self, sender, shared, receiver):
        return super().message_lower(sender, shared) + 0 * receiver[..., :2]

    message_upper = message_lower


class SignedIncident(Incident):
    signed = True


class SignedPaired(Paired):
    signed = True


@pytest.mark.parametrize("kinds", [(Incident, Paired), (SignedIncident, SignedPaired)])
@pytest.mark.parametrize("aggr", ["sum", "mean"])
@on_each(COMPLEXES)
def test_both_kinds_of_message_agree(name, aggr, kinds, dtype):
    complex_ = COMPLEXES[name]
    x = cochains(complex_, dtype)
    first = kinds[0](aggr)(x, complex_)
    for max_pairs in (1 << 20, 5):
        second = kinds[1](aggr, max_pairs=max_pairs)(x, complex_)
        for y, z in zip(first, second, strict=True):
            assert y.dtype == dtype
            torch.testing.assert_close(y, z, atol=TOLERANCE[dtype], rtol=1e-4)


class Full(SimplicialMessagePassing):
    """φ(receiver, sender, shared, sign), with an attention over the pairs."""

    def message_upper(self, receiver, sender, shared, sign, segment):
        score = (receiver[:, :2] * sender[:, :2]).sum(1, keepdim=True)
        return segment_softmax(score, segment) * sign * shared[:, :2]

    message_lower = message_upper

    def update(self, k, x, messages):
        return torch.cat([x[:, :2], *messages.values()], dim=1)


@pytest.mark.parametrize("max_pairs", [1 << 20, 4])
@on_each(["house", "torus", "random 0", "reoriented", "union"])
def test_messages_of_pairs_from_the_definition(name, max_pairs):
    complex_ = COMPLEXES[name]
    x = cochains(complex_, top=complex_.dim)
    result = Full(max_pairs=max_pairs)(x, complex_)
    for k, y in enumerate(result):
        expected = [x[k][:, :2]]
        for adjacency, other in (("lower", k - 1), ("upper", k + 1)):
            if not 0 <= other <= complex_.dim:
                continue
            pairs = ADJACENCY[adjacency](complex_, k)
            total = torch.zeros_like(expected[0])
            for s in range(len(x[k])):
                mine = pairs.index[1] == s
                sender, shared = pairs.index[0][mine], pairs.shared[mine]
                score = (x[k][s, :2] * x[k][sender, :2]).sum(1).softmax(0)
                signed = (score * pairs.sign[mine])[:, None]
                total[s] = (signed * x[other][shared, :2]).sum(0)
            expected.append(total)
        torch.testing.assert_close(y, torch.cat(expected, dim=1), atol=1e-10, rtol=0)


@pytest.mark.parametrize("aggr", ["max", "min", "median", "std", "softmax", "powermean"])
@pytest.mark.parametrize("max_pairs", [1 << 20, 5])
def test_aggregations_of_pyg(aggr, max_pairs):
    complex_ = random_complex(1)
    x = [values.abs() + 0.1 for values in cochains(complex_, top=complex_.dim)]
    layer = Incident(aggr, max_pairs=max_pairs).double()
    result = layer.propagate("upper", 1, x, complex_)
    adjacency = upper_adjacency(complex_, 1)
    message = torch.tanh(x[1][adjacency.index[0], :2] * x[2][adjacency.shared, :2])
    order = adjacency.index[1].sort(stable=True).indices
    expected = layer.aggr(message[order], adjacency.index[1][order], dim_size=len(x[1]))
    torch.testing.assert_close(result, expected)


@pytest.mark.parametrize("kind", [Incident, Paired, Full])
@pytest.mark.parametrize("max_pairs", [1 << 20, 7])
def test_gradients_through_the_base(kind, max_pairs):
    complex_ = COMPLEXES["triangle with tail"]
    layer = kind(max_pairs=max_pairs)
    x = [values.requires_grad_() for values in cochains(complex_, top=2)]
    assert torch.autograd.gradcheck(lambda *x: tuple(layer(x, complex_)), x)


@pytest.mark.parametrize(
    "kind",
    [Incident, *(pytest.param(kind, marks=pytest.mark.slow) for kind in (Paired, Full))],
)
def test_the_base_traces_as_one_graph_with_dynamic_sizes(kind):
    layer = kind()
    compiled = torch.compile(layer, fullgraph=True, dynamic=True, backend="eager")
    for seed in range(3):
        complex_ = random_complex(seed, num_vertices=8 + seed, max_dim=2).with_parts(None)
        x = cochains(complex_, top=2)
        expected = layer(x, complex_)  # lists the lower pairs, whose number depends on the data
        for y, z in zip(compiled(x, complex_), expected, strict=True):
            torch.testing.assert_close(y, z)


def test_a_hub_costs_its_degree():
    leaves = 20_000
    star = torch.stack([torch.zeros(leaves, dtype=torch.int64), torch.arange(1, leaves + 1)], 1)
    complex_ = SimplicialComplex.from_simplices(star)
    x = [torch.ones(leaves + 1, 2), torch.ones(leaves, 2)]
    y = Dummy(("lower",))(x, complex_)[1]  # 4·10⁸ ordered pairs
    assert torch.equal(y, torch.full((leaves, 2), 1.0 + 2 * (leaves - 1)))


def test_softmax_of_segments_against_torch():
    score = torch.randn(7, 2, dtype=torch.float64)
    index = torch.tensor([0, 0, 0, 2, 3, 3, 3])
    weight = segment_softmax(score, segments(index, 5))
    for row in range(4):
        torch.testing.assert_close(weight[index == row], score[index == row].softmax(0))


def test_wrong_message_functions_and_settings():
    class Wrong(SimplicialMessagePassing):
        def message_boundary(self, sender, shared):
            return sender

    with pytest.raises(TypeError, match=r"message_boundary must be among .* got \['shared'\]"):
        Wrong()
    with pytest.raises(ValueError, match="max_pairs must be at least 1"):
        Incident(max_pairs=0)
    with pytest.raises(ValueError, match="aggr must be the name of an aggregation"):
        Incident("no such thing")
    complex_, x, _ = house()
    with pytest.raises(ValueError, match=r"x\[1\] must have shape"):
        Incident()([x[0], x[0]], complex_)
    with pytest.raises(TypeError, match="SimplicialMessagePassing must define some of message_"):
        SimplicialMessagePassing()

    class Misspelt(Incident):
        def message_uper(self, sender):
            return sender

    with pytest.raises(TypeError, match=r"Misspelt must define some of .*, got .*message_uper"):
        Misspelt()

    class NoUpdate(SimplicialMessagePassing):
        def message_upper(self, sender):
            return sender

    with pytest.raises(TypeError, match="NoUpdate must define update"):
        NoUpdate()(x, complex_)


@pytest.mark.parametrize("lost", [lambda m: m.sum(0), lambda m: m[:2], lambda m: None])
def test_messages_that_lose_their_rows(lost):
    class Loses(SimplicialMessagePassing):
        def message_upper(self, sender):
            return lost(sender)

    class LosesPairs(SimplicialMessagePassing):
        def message_upper(self, receiver, sender):
            return lost(sender)

    complex_ = random_complex(0)
    x = cochains(complex_, top=complex_.dim)
    for layer in (Loses(), LosesPairs()):
        with pytest.raises(ValueError, match="message_upper must return a row for each of its own"):
            layer(x, complex_)


@pytest.mark.parametrize("aggr", ["median", "max", "var"])
def test_receivers_without_a_message_get_zero(aggr):
    complex_ = SimplicialComplex.from_simplices([(0,), (1, 2), (2, 3)])
    x = [torch.rand(4, 2, dtype=torch.float64) + 1, torch.rand(2, 2, dtype=torch.float64) + 1]
    y = Incident(aggr).propagate("upper", 0, x, complex_)
    assert torch.equal(y[0], torch.zeros(2, dtype=torch.float64))
    assert (
        Incident(aggr).propagate("upper", 1, [*x, torch.zeros(0, 2).double()], complex_).sum() == 0
    )


def test_what_is_no_cochain_and_no_complex():
    complex_ = random_complex(0)
    x = cochains(complex_, torch.float32, top=complex_.dim)
    model = SIN((2, 3, 4, 5), 4, 2, num_layers=1, max_dim=3)
    for given, message in (
        ((x, nx.path_graph(3)), r"complex must be a SimplicialComplex, got Graph\. Pass the"),
        ((x[0], complex_), "x must be a list of cochains, .* got one tensor of shape"),
        (([x[0].long(), *x[1:]], complex_), r"x\[0\] must be floating point, got torch.int64"),
    ):
        with pytest.raises(TypeError, match=message):
            model(*given)
    with pytest.raises(ValueError, match=r"x\[1\] must have 3 channels, .* got 2"):
        model([x[0], x[1][:, :2], *x[2:]], complex_)
