"""Every layer and network under the transforms of ``torch.func``: one row of the tables each."""

import pytest
import torch
from torch.func import functional_call, grad, hessian, jacrev, jvp, stack_module_state, vmap

from simplex import SimplicialComplex
from simplex.nn import SATConv, SimplexBatchNorm, SINConv
from simplex.operators import heat_flow
from tests.cases import over
from tests.nn.contract import outputs, union
from tests.nn.networks import HIDDEN, NETWORKS
from tests.nn.table import LAYERS, OUT, each_degree
from tests.tables import COMPLEXES


PLACE = "triangle with tail"
LAYER_ROWS = {name: row for name, row in LAYERS.items() if not row.variant} | {
    "SAT in chunks": LAYERS["SAT"]._replace(make=each_degree(SATConv, max_pairs=5), max_dim=1)
}
NO_VMAP = {"GraphNetwork gps"}  # PyG's dense batches are written in place
NETWORK_ROWS = {
    name: row for name, row in NETWORKS.items() if not row.variant and name not in NO_VMAP
}


def make_layer(name):
    """The layer in float64, and two sets of cochains."""
    row = LAYER_ROWS[name]
    top = min(row.max_dim, 2)
    layer = row.make(row.width, OUT, top, **row.few).double()
    return layer, [row.cochains(COMPLEXES[PLACE], max_dim=top, seed=seed) for seed in (0, 1)]


def dotted(module, x, K):
    """A number that every entry of every output goes into, by a factor of its own."""
    total = 0
    for y in outputs(module(x, K)):
        factors = torch.linspace(0.5, 1.5, y.numel(), dtype=y.dtype).view(y.shape)
        total = total + (factors * y).sum() + y.square().sum()
    return total


def slopes(number, leaves):
    """What autograd says, with zeros where nothing depends on the leaf."""
    known = torch.autograd.grad(number, leaves, allow_unused=True)
    return [torch.zeros_like(v) if g is None else g for v, g in zip(leaves, known, strict=True)]


def slopes_of_cochains(module, x, K):
    leaves = [values.clone().requires_grad_() for values in x]
    return slopes(dotted(module, leaves, K), leaves)


def assert_near(values, expected, what):
    for one, other in zip(values, expected, strict=True):
        torch.testing.assert_close(one, other, msg=lambda text: f"{what}: {text}")


def assert_slopes(module, batch):
    """A vmap of grad, on a complex that has no tables yet; what autograd says is returned."""
    K = union(PLACE)
    stacked = [torch.stack(each) for each in zip(*batch, strict=True)]
    together = vmap(grad(lambda x: dotted(module, x, K)))(stacked)
    known = [slopes_of_cochains(module, x, K) for x in batch]
    assert_near(together, map(torch.stack, zip(*known, strict=True)), "vmap of grad")
    return known


@pytest.mark.parametrize("name", LAYER_ROWS)
def test_layers(name):
    """Derivatives in both directions; batches of cochains with parameters of their own."""
    layer, batch = make_layer(name)
    known, K = assert_slopes(layer, batch), union(PLACE)
    _, rate = jvp(lambda *x: dotted(layer, x, K), tuple(batch[0]), tuple(batch[1]))
    along = sum((g * t).sum() for g, t in zip(known[0], batch[1], strict=True))
    assert_near([rate], [along], "jvp")
    others = [layer, make_layer(name)[0]]
    state, buffers = stack_module_state(others)

    def call(state, buffers, *x):
        return tuple(outputs(functional_call(layer, (state, buffers), (x, K))))

    stacked = [torch.stack(each) for each in zip(*batch, strict=True)]
    together = vmap(call)(state, buffers, *stacked)
    one_by_one = [outputs(one(x, K)) for one, x in zip(others, batch, strict=True)]
    assert_near(together, map(torch.stack, zip(*one_by_one, strict=True)), "ensemble")
    loss = lambda state: sum(y.square().sum() for y in vmap(call)(state, buffers, *stacked))  # noqa: E731
    by_name = grad(loss)(state)
    for number, (one, x) in enumerate(zip(others, batch, strict=True)):
        names, parameters = zip(*one.named_parameters(), strict=True)
        known = slopes(sum(y.square().sum() for y in outputs(one(x, K))), parameters)
        assert_near([by_name[key][number] for key in names], known, "grad of an ensemble")


@pytest.mark.parametrize("name", NETWORK_ROWS)
def test_networks(name):
    row = NETWORK_ROWS[name]
    few = {"num_steps": 3} if name == "Dist2Cycle" else {}
    model = row.make(row.width, HIDDEN, OUT, 1, 2, **few).double().eval()
    assert_slopes(model, [row.cochains(COMPLEXES[PLACE], max_dim=2, seed=seed) for seed in (0, 1)])


@over("name", ("SIN", "SAT", "SCNN"))
def test_second_derivatives(name):
    """Reverse over reverse, and forward over reverse."""
    layer, (x, _) = make_layer(name)
    K = union(PLACE)

    def of_edges(values):
        return dotted(layer, [x[0], values, *x[2:]], K)

    known = torch.autograd.functional.hessian(of_edges, x[1])
    assert_near([hessian(of_edges)(x[1]), jacrev(jacrev(of_edges))(x[1])], [known] * 2, name)


def test_heat_flow_is_its_own_derivative():
    K, x = COMPLEXES["house"], torch.randn(2, 6, 1, dtype=torch.float64)
    flow = lambda x: heat_flow(K, x, 1, 5)  # noqa: E731
    matrix = torch.stack([flow(row[:, None])[:, 0] for row in torch.eye(6, dtype=x.dtype)])
    assert_near([vmap(flow)(x)], [torch.stack([flow(x[0]), flow(x[1])])], "vmap")
    assert_near([jvp(flow, (x[0],), (x[1],))[1]], [flow(x[1])], "jvp")
    assert_near([jacrev(flow)(x[0]).squeeze()], [matrix], "jacrev")


def test_what_a_transform_makes_does_not_stay_with_the_complex():
    """A complex first met in a transform, or in inference mode, serves plain training after."""
    torch.manual_seed(0)
    layer, x = SINConv(2, 3, 2), [torch.randn(n, 2) for n in COMPLEXES["house"].f_vector]
    expected = slopes_of_cochains(layer, x, COMPLEXES["house"])
    K, L = union("house"), union("house")
    vmap(grad(lambda x: dotted(layer, x, K)))([values[None] for values in x])
    with torch.inference_mode():
        layer(x, L)
    for complex in (K, L):
        assert_near(slopes_of_cochains(layer, x, complex), expected, "afterwards")
        assert SimplicialComplex.disjoint_union([complex, complex]).num_parts == 2


def test_large_tables_are_transformed_too():
    """Where messages are computed block by block elsewhere: 2²⁰ entries."""
    K = SimplicialComplex.from_simplices(torch.combinations(torch.arange(60), 2))
    K = SimplicialComplex.disjoint_union([K] * 38)
    x = [torch.randn(n, 8, dtype=torch.float64) for n in K.f_vector]
    layer = SINConv(8, 8, 1).double()
    tangents = [torch.randn_like(values) for values in x]
    known = slopes_of_cochains(layer, x, K)
    along = sum((g * t).sum() for g, t in zip(known, tangents, strict=True))
    _, rate = jvp(lambda *x: dotted(layer, x, K), tuple(x), tuple(tangents))
    torch.testing.assert_close(rate, along)


def test_batch_norm_in_training_refuses_a_batch_of_batches():
    norm = SimplexBatchNorm(2)
    x = torch.randn(3, 4, 2)
    with pytest.raises(ValueError, match=r"must be in evaluation mode under torch\.vmap"):
        vmap(norm)(x)
    assert torch.allclose(vmap(norm.eval())(x), torch.stack([norm(each) for each in x]))
