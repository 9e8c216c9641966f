"""Shared, wide and grouped maps against dense formulas; what is captured of packed layers."""

import copy
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from optim import Exact, Iterate, LocoProp, Majorise
from optim.capture import Capture
from optim.inner import SGD
from optim.maps import find_maps
from optim.splits import Split
from optim.tables import TableProblem
from tests.cases import over


DOUBLE = torch.float64


def with_ones(x: Tensor) -> Tensor:
    return torch.cat([x, x.new_ones(*x.shape[:-1], 1)], -1)


class Tied(nn.Module):
    """A table of tokens, a hidden map, and a head that is the table."""

    def __init__(self, *, bias: bool, padding: int | None = None) -> None:
        super().__init__()
        self.embed = nn.Embedding(7, 4, padding_idx=padding)
        self.hidden, self.head = nn.Linear(4, 4), nn.Linear(4, 7, bias=bias)
        self.head.weight = self.embed.weight

    def forward(self, tokens: Tensor) -> Tensor:
        self.seen = torch.tanh(self.hidden(self.embed(tokens)))
        return self.head(self.seen)


TOKENS = torch.tensor([[0, 1, 1, 3], [3, 3, 5, 2]])


def curvature(rows: Tensor, columns: int, outputs: int) -> Tensor:
    """Of the squared loss of Z W: on the entries of W (n, d), row by row."""
    return torch.kron(rows.mT @ rows, torch.eye(outputs, dtype=rows.dtype)) / columns


@over("bias, padding", [(False, None), (True, None), (True, 1)])
def test_a_table_and_its_head_are_one_least_squares_problem(bias: bool, padding: Any) -> None:
    model = Tied(bias=bias, padding=padding).double()
    opt = LocoProp(model, "M", lr=0.7, prox=0.3)
    functional.cross_entropy(model(TOKENS).flatten(0, 1), TOKENS.flatten().roll(1)).backward()
    rows = 2 * TOKENS.numel()
    one_hot = functional.one_hot(TOKENS.flatten(), 7).double()
    if padding is not None:
        one_hot[:, padding] = 0
    seen = model.seen.detach().flatten(0, 1)
    # W' (n, V) = [Eᵀ; b]: the head is Z W', the table the transpose of its first rows.
    head = curvature(with_ones(seen) if bias else seen, rows, 7)
    table = torch.kron(torch.eye(4).double(), one_hot.mT @ one_hot / rows)
    whole = head + functional.pad(table, (0, 7 * bias, 0, 7 * bias))
    gradients = [model.head.weight.grad.T] + ([model.head.bias.grad[None]] if bias else [])
    damped = whole + 0.3 * whole.diagonal().mean() * torch.eye(len(whole)).double()
    step = -0.7 * torch.linalg.solve(damped, torch.cat(gradients).flatten()).reshape(-1, 7)
    expected = model.embed.weight.detach() + step[:4].T
    opt.step()
    torch.testing.assert_close(model.embed.weight.detach(), expected)
    line = opt.report().lines[0]
    assert (line.name, line.transfer) == ("embed + head", "identity")
    assert line.reason == "found a table of rows and its head"


def test_a_table_that_others_read_is_refused() -> None:
    """A head that is no module: the gradient of the table is not that of the rows looked up."""

    class Functional(Tied):
        def forward(self, tokens: Tensor) -> Tensor:
            return functional.linear(self.hidden(self.embed(tokens)), self.embed.weight)

    model = Functional(bias=False)
    del model.head
    for exclude in ((), ("embed",)):
        opt = LocoProp(model, exclude=exclude)
        model(TOKENS).square().mean().backward()
        if exclude:
            opt.step()
            continue
        with pytest.raises(RuntimeError, match=r"got 2 uses in 1 calls.*exclude=\('embed',\)"):
            opt.step()
        opt.close()
    twice = nn.Sequential(nn.Embedding(7, 4), nn.Linear(4, 2))
    opt = LocoProp(twice)
    (twice(TOKENS) + twice(TOKENS.flip(0))).square().mean().backward()
    opt.step()


def test_a_table_problem_is_least_where_its_solution_is() -> None:
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(6, 3, generator=generator).double()
    problem = TableProblem(
        counts=torch.tensor([0.0, 0.5, 0.1, 0.2]).double(),
        gram=z.mT @ z / 6,
        looked_up=torch.tensor([True, True, False]),
        gradient=torch.randn(3, 4, generator=generator).double(),
        rows=10,
        gamma=0.4,
    )
    for units in ("mean", "sum"):
        posed = problem.posed(units, 0.1)
        least = posed.solution().requires_grad_()
        posed.objective(least).backward()
        assert least.grad is not None
        assert float(least.grad.abs().max()) < 1e-12
        other = torch.randn(3, 4, generator=generator).double().requires_grad_()
        posed.objective(other).backward()
        torch.testing.assert_close(posed.slope()(other.detach()), other.grad)
        far = -9 * least.detach()
        assert float(posed.objective(far)) > 0 >= float(posed.objective(posed.backtrack(far)))


class Shared(nn.Module):
    """One weight with two biases: an encoder and a decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(6, 6), nn.Linear(6, 6)
        self.two.weight = self.one.weight

    def forward(self, x: Tensor) -> Tensor:
        self.seen = self.one(x).sin()
        return self.two(self.seen)


def test_a_weight_with_two_biases_is_one_problem() -> None:
    model, x = Shared().double(), torch.randn(9, 6).double()
    opt = LocoProp(model, "S", lr=0.7, prox=0.3)
    model(x).square().mean().backward()
    ones, none = torch.ones(9, 1).double(), torch.zeros(9, 1).double()
    z = torch.cat([torch.cat([x, ones, none], 1), torch.cat([model.seen.detach(), none, ones], 1)])
    c = z.mT @ z / 18
    c.diagonal().add_(0.3 * c.diagonal().mean())
    gradients = [model.one.weight.grad, model.one.bias.grad[:, None], model.two.bias.grad[:, None]]
    step = -0.7 * torch.linalg.solve(c, torch.cat(gradients, 1).mT).mT
    expected = [model.one.weight + step[:, :6], model.one.bias + step[:, 6]]
    expected += [model.two.bias + step[:, 7]]
    opt.step()
    torch.testing.assert_close([*model.parameters()], expected)


@over("largest, blocks", [(40, 1), (20, 2), (9, 5)])
def test_wide_maps_are_solved_in_blocks_of_columns(largest: int, blocks: int) -> None:
    layer, x = nn.Linear(36, 3).double(), torch.randn(50, 36).double()
    model = nn.Sequential(layer, nn.Tanh())
    opt = LocoProp(model, "S", lr=0.7, prox=0.3, largest_gram=largest)
    model(x).square().mean().backward()
    gradient = torch.cat([layer.weight.grad, layer.bias.grad[:, None]], 1).mT
    z, side, step = with_ones(x), math.ceil(37 / blocks), []
    for piece, part in zip(z.split(side, 1), gradient.split(side), strict=True):
        c = piece.mT @ piece / 50
        c.diagonal().add_(0.3 * c.diagonal().sum() / side)
        step.append(-0.7 * torch.linalg.solve(c, part))
    moved = torch.cat(step).mT
    expected = [layer.weight + moved[:, :-1], layer.bias + moved[:, -1]]
    opt.step()
    torch.testing.assert_close([*layer.parameters()], expected)


def test_blocks_of_columns_leave_out_the_transfer_and_few_rows() -> None:
    reasons = []
    for rows, solver in ((50, Majorise()), (6, Majorise()), (6, Majorise(gram_ema=0.5))):
        model = nn.Sequential(nn.Linear(36, 3), nn.Tanh())
        opt = LocoProp(model, solver=solver, largest_gram=20)
        model(torch.randn(rows, 36)).square().mean().backward()
        opt.step()
        line = opt.report().lines[0]
        reasons.append((line.transfer, line.reason, line.memory))
    blocks = "2 blocks of columns have no common potential"
    assert reasons == [
        ("identity", blocks, 2 * 19 * 19 * 4),
        ("tanh", "found Tanh", 6 * 6 * 4),
        ("identity", blocks, 2 * 19 * 19 * 4),
    ]


@over("split, shape", [(Split(outputs=3), (4, 6)), (Split(blocks=3), (7, 2)), (Split(), (7, 2))])
def test_what_is_split_comes_together(split: Split, shape: tuple[int, int]) -> None:
    matrix, design = torch.randn(shape), torch.randn(5, shape[0])
    apart = split.apart(matrix)
    assert torch.equal(split.together(apart, shape[0]), matrix)
    if split.blocks > 1:
        torch.testing.assert_close((split.rows(design) @ apart).sum(0), design @ matrix)


def test_many_groups_are_as_many_convolutions() -> None:
    """64 groups in one batched problem."""
    grouped = nn.Conv1d(128, 64, 3, padding=1, groups=64).double()
    alone = nn.ModuleList(nn.Conv1d(2, 1, 3, padding=1) for _ in range(64)).double()
    for k, each in enumerate(alone):
        each.weight.data.copy_(grouped.weight[k : k + 1])
        each.bias.data.copy_(grouped.bias[k : k + 1])
    x = torch.randn(3, 128, 10).double()
    one, many = LocoProp(grouped, "S"), LocoProp(alone, "S")
    torch.tanh(grouped(x)).square().mean().backward()
    parts = zip(alone, x.chunk(64, 1), strict=True)
    torch.tanh(torch.cat([each(piece) for each, piece in parts], 1)).square().mean().backward()
    one.step()
    many.step()
    torch.testing.assert_close(grouped.weight, torch.cat([each.weight for each in alone]))
    torch.testing.assert_close(grouped.bias, torch.cat([each.bias for each in alone]))


PACKED: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "attention": (lambda: Self(nn.MultiheadAttention(4, 2)), (5, 3, 4)),
    "LSTM": (lambda: First(nn.LSTM(4, 4, 2)), (5, 3, 4)),
    "LSTM cell": (lambda: First(nn.LSTMCell(4, 4)), (3, 4)),
    "unbatched GRU": (lambda: First(nn.GRU(4, 4, bidirectional=True)), (5, 4)),
    "unbatched attention": (lambda: Self(nn.MultiheadAttention(4, 2)), (5, 4)),
    "GRU cell": (lambda: nn.GRUCell(4, 4), (4,)),
    "RNN cell": (lambda: nn.RNNCell(4, 4, nonlinearity="relu", bias=False), (3, 4)),
    "encoder": (lambda: nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0), (5, 3, 4)),
    "decoder": (lambda: Twice(nn.TransformerDecoderLayer(4, 2, 8, dropout=0.0)), (5, 3, 4)),
    "dropout": (lambda: Self(nn.MultiheadAttention(4, 2, dropout=0.5)), (5, 3, 4)),
}


class First(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)[0]


class Self(First):
    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x, x, x)[0]


class Twice(First):
    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x, x[:3].cos())


@over("name", PACKED)
def test_one_plain_local_step_is_backprop_for_packed_layers(name: str) -> None:
    make, shape = PACKED[name]
    model = make().double()
    twin = copy.deepcopy(model)
    opt = LocoProp(model, solver=Iterate(SGD(), lr=0.5, steps=1), lr=0.2, prox=0.0, fallback=plain)
    sgd = torch.optim.SGD(twin.parameters(), lr=0.1)
    for step in range(2):
        x = torch.randn(shape, dtype=DOUBLE, requires_grad=True)
        for network, optimiser in ((model, opt), (twin, sgd)):
            torch.manual_seed(step)
            optimiser.zero_grad()
            network(x).square().mean().backward()
            optimiser.step()
    torch.testing.assert_close([*model.parameters()], [*twin.parameters()])


def plain(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.1)


@over("name", PACKED)
def test_gradients_of_packed_layers_are_made_of_their_rows(name: str) -> None:
    """G = Zᵀ g for some g: with fewer rows than columns that is a law of Z alone."""
    make, shape = PACKED[name]
    model, few = make().double(), (2, *shape[1:]) if len(shape) > 1 else shape
    maps, _ = find_maps(model)
    capture = Capture(maps)
    x = torch.randn(few if len(few) < 3 else (few[0], 1, few[2])).double()
    model(x.requires_grad_()).square().sum().backward()
    for found in maps:
        z, g = capture.rows(found), found.gradient()
        parts = capture.parts.get(found, 1)
        g = g.unflatten(1, (parts, -1)).movedim(1, 0) if parts > 1 else g
        assert z.shape[-2] < z.shape[-1], found.name
        left = g - z.mT @ torch.linalg.pinv(z.mT) @ g
        assert float(left.abs().max()) < 1e-9 * float(g.abs().max()), found.name


def attended(module: nn.MultiheadAttention, x: Tensor, **options: Any) -> Tensor:
    """The rows of the output projection after a backward pass."""
    maps, _ = find_maps(module)
    capture = Capture(maps)

    def run(y: Tensor) -> Tensor:
        return module(y, y, y, **options)[0]

    out = run(x)
    out.square().sum().backward()
    [found] = [each for each in maps if each.name == "out_proj"]
    torch.testing.assert_close(
        capture.rows(found).mT @ (2 * out.detach()).flatten(0, -2), found.gradient()
    )
    return capture.rows(found)


@pytest.mark.parametrize("bias", [True, False])
def test_the_output_projection_multiplies_what_was_attended(bias: bool) -> None:
    module = nn.MultiheadAttention(4, 2, dropout=0.3, bias=bias).double()
    mask = torch.zeros(3, 5).bool()
    mask[1, 3:] = True
    for options in ({}, {"need_weights": False}, {"key_padding_mask": mask}):
        module.zero_grad()
        attended(module, torch.randn(5, 3, 4).double(), **options)
    for frozen in (True, False):  # a graph that does not keep them: they are made once more
        module.zero_grad()
        module.out_proj.weight.requires_grad_(not frozen)
        if frozen and bias:
            module.dropout = 0.0
            assert attended_again(module)


def attended_again(module: nn.MultiheadAttention) -> bool:
    maps, _ = find_maps(module)
    capture = Capture(maps)
    x = torch.randn(5, 3, 4).double()
    module(x, x, x)[0].sum().backward()
    [found] = [each for each in maps if each.name == "out_proj"]
    out = capture.rows(found) @ found.weights()
    return torch.allclose(out, module(x, x, x)[0].detach().flatten(0, 1))


@over("use_reentrant", [True, False])
def test_attention_in_a_checkpoint(use_reentrant: bool) -> None:
    rows = []
    module = nn.MultiheadAttention(4, 2).double()
    x = torch.randn(5, 3, 4).double().requires_grad_()
    for inside in (False, True):
        module.zero_grad()
        maps, _ = find_maps(module)
        capture = Capture(maps)

        def run(y: Tensor) -> Tensor:
            return module(y, y, y)[0]

        out = checkpoint(run, x, use_reentrant=use_reentrant) if inside else run(x)
        out.square().sum().backward()
        rows.append([capture.rows(found) for found in maps])
        capture.close()
    torch.testing.assert_close(rows[0], rows[1])


def test_evaluation_takes_the_fast_path_of_attention() -> None:
    module, x = nn.MultiheadAttention(4, 2, batch_first=True).eval(), torch.randn(3, 5, 4)
    opt = LocoProp(module)
    with torch.no_grad(), torch.profiler.profile() as profile:
        module(x, x, x)
    assert any(event.name == "aten::_native_multi_head_attention" for event in profile.events())
    opt.close()


class Adapted(nn.Module):
    """A frozen layer with a low-rank addition in two linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(6, 5).requires_grad_(False)
        self.down, self.up = nn.Linear(6, 2, bias=False), nn.Linear(2, 5, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + 0.5 * self.up(self.down(x))


def test_factors_of_a_low_rank_addition_are_maps_of_their_own() -> None:
    model, x = Adapted().double(), torch.randn(9, 6).double()
    opt = LocoProp(model, "M", lr=0.7, prox=0.3)
    kept = copy.deepcopy(model.base.state_dict())
    torch.tanh(model(x)).square().mean().backward()
    expected = []
    for layer, z in ((model.down, x), (model.up, model.down(x).detach())):
        c = z.mT @ z / 9
        c.diagonal().add_(0.3 * c.diagonal().mean())
        expected.append(layer.weight - 0.7 * torch.linalg.solve(c, layer.weight.grad.mT).mT)
    opt.step()
    torch.testing.assert_close([model.down.weight, model.up.weight], expected)
    assert all(torch.equal(kept[name], value) for name, value in model.base.state_dict().items())
    assert [line.solver for line in opt.report()] == ["-", "S Exact", "S Exact"]


def test_exact_states_resume_of_packed_layers() -> None:
    """A saved and resumed run is the uninterrupted one, bit for bit."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(9, 4), nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0))
    model.append(First(nn.LSTM(4, 3)))
    other = copy.deepcopy(model)
    tokens = torch.randint(9, (5, 3))

    def step(network: nn.Module, opt: LocoProp) -> None:
        opt.zero_grad()
        network(tokens).square().mean().backward()
        opt.step()

    options: dict[str, Any] = {"variant": "S", "solver": Exact(gram_ema=0.5), "momentum": 0.5}
    opt = LocoProp(model, **options)
    step(model, opt)
    other.load_state_dict(model.state_dict())
    resumed = LocoProp(other, **options)
    resumed.load_state_dict(opt.state_dict())
    step(model, opt)
    step(other, resumed)
    assert all(map(torch.equal, model.parameters(), other.parameters()))
