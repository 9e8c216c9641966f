"""Which transfer the graph shows, for every way of writing it that models use."""

import threading
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from optim.capture import Capture
from optim.detect import Detection, Output, detect_transfers, named_transfer, running_roots
from optim.maps import find_maps
from optim.transfers import TRANSFERS, elu, leaky_relu, softplus


ENTRYWISE: dict[str, tuple[Callable[[Tensor], Tensor], str | None]] = {
    "tanh": (torch.tanh, "tanh"),
    "tanh module": (nn.Tanh(), "tanh"),
    "tanh in place": (torch.tanh_, "tanh"),
    "sigmoid": (torch.sigmoid, "sigmoid"),
    "sigmoid module": (nn.Sigmoid(), "sigmoid"),
    "sigmoid in place": (torch.sigmoid_, "sigmoid"),
    "relu": (functional.relu, "relu"),
    "relu module": (nn.ReLU(), "relu"),
    "relu in place": (functional.relu_, "relu"),
    "relu module in place": (nn.ReLU(inplace=True), "relu"),
    "leaky relu": (functional.leaky_relu, "leaky_relu(0.01)"),
    "leaky relu 0.2": (nn.LeakyReLU(0.2), "leaky_relu(0.2)"),
    "leaky relu in place": (nn.LeakyReLU(0.2, inplace=True), "leaky_relu(0.2)"),
    "elu": (functional.elu, "elu"),
    "elu 0.5": (nn.ELU(0.5), "elu(0.5)"),
    "elu in place": (nn.ELU(inplace=True), "elu"),
    "softplus": (functional.softplus, "softplus"),
    "atan": (torch.atan, "atan"),
    "softplus beta": (nn.Softplus(beta=2.0), "softplus(2)"),
    # not in the table of matching losses, not monotone, or not entry by entry
    "softplus falling": (nn.Softplus(beta=-2.0), None),
    "leaky relu falling": (nn.LeakyReLU(-0.2), None),
    "elu falling": (nn.ELU(-0.5), None),
    "selu": (functional.selu, None),
    "celu": (functional.celu, None),
    "softsign": (functional.softsign, None),
    "gelu": (functional.gelu, None),
    "silu": (functional.silu, None),
    "silu in place": (nn.SiLU(inplace=True), None),
    "mish": (functional.mish, None),
    "hardtanh": (functional.hardtanh, None),
    "prelu": (nn.PReLU(), None),
    "sin": (torch.sin, None),
    "scaled": (lambda pre: torch.tanh(2 * pre), None),
    "gated": (lambda pre: torch.sigmoid(pre) * pre, None),
    "skip connection": (lambda pre: torch.relu(pre + torch.ones(4)), None),
    "skip in place": (lambda pre: pre.add_(1.0).relu(), None),
    "layer norm": (nn.Sequential(nn.LayerNorm(4), nn.Tanh()), None),
    "dropout": (nn.Sequential(nn.Dropout(0.5), nn.ReLU()), None),
    "glu": (functional.glu, None),
    "two functions": (lambda pre: torch.cat([torch.tanh(pre), torch.sigmoid(pre)], -1), None),
    "one function twice": (lambda pre: torch.tanh(pre) + torch.tanh(pre), "tanh"),
    "value and slope": (lambda pre: torch.relu(pre) + pre, None),
    "gates": (lambda pre: torch.tanh(pre[..., :2]) * torch.sigmoid(pre[..., 2:]), None),
    "halves alike": (lambda pre: torch.tanh(pre[..., :2]) * torch.tanh(pre[..., 2:]), "tanh"),
    # through nodes that move, select or cast entries
    "view": (lambda pre: torch.tanh(pre.reshape(-1)), "tanh"),
    "transpose": (lambda pre: torch.relu(pre.transpose(0, -1)), "relu"),
    "permute": (lambda pre: torch.relu(pre.permute(*range(pre.ndim))), "relu"),
    "transposed in place": (lambda pre: pre.mT.relu_(), None),
    "reshaped copy": (lambda pre: torch.relu(pre.mT.reshape(-1)), "relu"),
    "index": (lambda pre: torch.relu(pre[torch.tensor([0, 1])]), "relu"),
    "chunks": (lambda pre: torch.tanh(torch.cat(pre.chunk(2, -1), 0)), "tanh"),
    "cat": (lambda pre: torch.tanh(torch.cat([pre, torch.ones_like(pre)], -1)), "tanh"),
    "cast": (lambda pre: torch.tanh(pre.double()), "tanh"),
    "squeeze": (lambda pre: torch.tanh(pre.unsqueeze(0).squeeze()), "tanh"),
    # linear in the output
    "sum": (lambda pre: pre, "identity"),
    "mean": (lambda pre: pre.mean(0), "identity"),
    "linear": (nn.Linear(4, 2), "identity"),
    "linear without bias": (nn.Linear(4, 2, bias=False), "identity"),
    "matmul": (lambda pre: torch.ones(3, pre.shape[-2]) @ pre, "identity"),
    "sparse aggregation": (
        lambda pre: torch.sparse.mm(torch.eye(4).to_sparse(), pre.reshape(4, -1)),
        "identity",
    ),
}
HEADS: dict[str, tuple[Callable[[Tensor], Tensor], str | None]] = {
    "bce with logits": (
        lambda pre: functional.binary_cross_entropy_with_logits(pre, torch.full_like(pre, 0.5)),
        "sigmoid",
    ),
    "bce with logits, summed": (
        lambda pre: (
            functional.binary_cross_entropy_with_logits(
                pre, torch.full_like(pre, 0.5), reduction="none"
            )
            .sum(-1)
            .mean()
        ),
        "sigmoid",
    ),
    "bce": (
        lambda pre: functional.binary_cross_entropy(torch.sigmoid(pre), torch.full_like(pre, 0.5)),
        "sigmoid",
    ),
    "cross entropy": (
        lambda pre: functional.cross_entropy(
            pre.reshape(-1, 4), torch.zeros(pre.numel() // 4, dtype=torch.int64)
        ),
        "softmax",
    ),
    "cross entropy, weighted and smoothed": (
        lambda pre: functional.cross_entropy(
            pre.flatten(0, -2),
            torch.zeros(pre.numel() // 4, dtype=torch.int64),
            weight=torch.ones(4),
            label_smoothing=0.1,
        ),
        "softmax",
    ),
    "cross entropy on some rows": (
        lambda pre: functional.cross_entropy(
            pre.reshape(-1, 4)[torch.tensor([0, 2])], torch.tensor([1, 3])
        ),
        "softmax",
    ),
    "nll": (
        lambda pre: functional.nll_loss(
            functional.log_softmax(pre.reshape(-1, 4), -1), torch.zeros(pre.numel() // 4).long()
        ),
        "softmax",
    ),
    "softmax": (lambda pre: functional.softmax(pre, -1).square().sum(), "softmax"),
    "softmax over samples": (lambda pre: functional.softmax(pre, 0).square().sum(), None),
    "softmax over some classes": (
        lambda pre: functional.softmax(pre[..., :3], -1).square().sum(),
        None,
    ),
    "mse": (lambda pre: functional.mse_loss(pre, torch.zeros_like(pre)), "identity"),
    "l1": (lambda pre: functional.l1_loss(pre, torch.zeros_like(pre)), None),
}


def detected(layer: nn.Module, x: Tensor, loss: Callable[[Tensor], Tensor]) -> Detection:
    [found], _ = find_maps(layer)
    capture = Capture([found])
    loss(layer(x)).backward()
    return capture.detected[found]


@pytest.mark.parametrize(
    ("bias", "batch"),
    [(True, ()), (True, (2,)), (False, (2,))],
    ids=["Addmm", "View of Addmm", "UnsafeView of Mm"],
)
def test_functions(bias: bool, batch: tuple[int, ...]) -> None:
    for name, (function, expected) in ENTRYWISE.items():
        x = torch.randn(*batch, 4, 3)
        found = detected(nn.Linear(3, 4, bias=bias), x, lambda pre, f=function: f(pre).sum())
        assert found.transfer == expected, (name, found)


@pytest.mark.parametrize("shape", [(5, 3), (2, 5, 3)], ids=["2d", "3d"])
def test_loss_heads(shape: tuple[int, ...]) -> None:
    for name, (loss, expected) in HEADS.items():
        found = detected(nn.Linear(3, 4), torch.randn(shape), loss)
        assert found.transfer == expected, (name, found)


def attention(pre: Tensor, dropout: float = 0.0) -> Tensor:
    heads = pre.unflatten(-1, (2, 2)).transpose(1, 2)
    return functional.scaled_dot_product_attention(heads, heads, heads, dropout_p=dropout).sum()


SCALE = torch.rand(4)
FEATURES = [
    (nn.Linear(3, 4), (2, 5, 3), attention, "identity"),
    (nn.Linear(3, 4), (2, 5, 3), lambda pre: attention(pre, 0.1), "identity"),
    (nn.Linear(3, 4), (5, 3), lambda pre: (pre * SCALE / 2).neg().mean(), "identity"),
    (nn.Linear(3, 4), (5, 3), lambda pre: (functional.dropout(pre) @ SCALE).sum(), "identity"),
    (nn.Linear(3, 4), (5, 3), lambda pre: (2 * pre).tanh().sum(), None),
    (nn.Linear(3, 4), (5, 3), lambda pre: (2 / pre).sum(), None),
    (nn.Linear(3, 4), (5, 3), lambda pre: (pre * pre).sum(), None),
    (nn.Conv2d(2, 4, 3), (2, 2, 5, 5), lambda pre: pre.relu_().sum(), "relu"),
    (nn.Conv2d(2, 4, 3, groups=2), (2, 2, 5, 5), lambda pre: pre.tanh().sum(), "tanh"),
    (nn.Conv1d(2, 4, 3), (2, 2, 5), lambda pre: pre.softmax(1).square().sum(), "softmax"),
    (nn.Conv1d(2, 4, 3), (2, 5), lambda pre: pre.softmax(0).square().sum(), "softmax"),
    (nn.Conv1d(2, 4, 3), (2, 2, 6), lambda pre: pre.softmax(-1).square().sum(), None),
    (nn.Conv1d(2, 4, 3, groups=2), (2, 2, 5), lambda pre: pre.softmax(1).norm(), None),
    (nn.Conv1d(2, 4, 3), (2, 2, 5), lambda pre: pre.mT.softmax(-1).norm(), "softmax"),
    (nn.Conv1d(2, 4, 3), (2, 2, 5), lambda pre: pre.movedim(1, 2).softmax(2).norm(), "softmax"),
    (nn.Conv1d(2, 4, 3), (2, 2, 5), lambda pre: pre.flatten(1).softmax(-1).norm(), None),
    (
        nn.Conv2d(2, 4, 3),
        (2, 2, 5, 5),
        lambda pre: functional.cross_entropy(pre, torch.zeros(2, 3, 3, dtype=torch.int64)),
        "softmax",
    ),
    (
        nn.Conv2d(2, 4, 3),
        (2, 2, 5, 5),
        lambda pre: functional.batch_norm(pre, None, None, training=True).relu().sum(),
        None,
    ),
    (
        nn.Conv2d(2, 4, 3),
        (2, 2, 5, 5),
        lambda pre: functional.max_pool2d(pre, 2).relu().sum(),
        None,
    ),
    (
        nn.Conv2d(2, 4, 3),
        (2, 2, 5, 5),
        lambda pre: functional.adaptive_avg_pool2d(pre, 1).sum(),
        "identity",
    ),
    (nn.Conv1d(2, 4, 3), (2, 2, 5), lambda pre: nn.Conv1d(4, 2, 1)(pre).sum(), "identity"),
    (
        nn.Linear(3, 4),
        (2, 5, 3),
        lambda pre: functional.cross_entropy(pre.transpose(1, 2), torch.zeros(2, 5).long()),
        "softmax",
    ),
    (nn.Linear(3, 4), (2, 4, 3), lambda pre: pre.mT.softmax(-1).norm(), None),
    (nn.Linear(3, 4), (2, 5, 3), lambda pre: pre[:, -1].softmax(-1).norm(), "softmax"),
    (nn.Linear(3, 4), (4, 4, 3), lambda pre: pre[..., -1].softmax(-1).norm(), None),
]


def test_where_the_features_are() -> None:
    """A softmax is a transfer only over all features of a row."""
    for k, (layer, shape, loss, expected) in enumerate(FEATURES):
        found = detected(layer, torch.randn(shape), loss)
        assert found.transfer == expected, (f"row {k}", layer, shape, found)


def test_a_whole_model_is_read_in_one_pass() -> None:
    model = nn.ModuleDict(
        {
            "stem": nn.Linear(3, 4),
            "branch": nn.Linear(4, 4),
            "norm": nn.Linear(4, 4),
            "code": nn.Linear(4, 2),
            "head": nn.Linear(2, 3),
        }
    )
    maps, _ = find_maps(model)
    capture = Capture(maps)
    hidden = torch.tanh(model["stem"](torch.randn(5, 3)))
    hidden = hidden + functional.leaky_relu(model["branch"](hidden), 0.1)
    hidden = functional.layer_norm(model["norm"](hidden), (4,)).relu()
    logits = model["head"](model["code"](hidden))
    functional.cross_entropy(logits, torch.zeros(5, dtype=torch.int64)).backward()
    assert {found.name: capture.detected[found] for found in maps} == {
        "stem": Detection("tanh", "Tanh"),
        "branch": Detection("leaky_relu(0.1)", "LeakyRelu"),
        "norm": Detection(None, "NativeLayerNorm"),
        "code": Detection("identity", "Addmm"),
        "head": Detection("softmax", "LogSoftmax"),
    }


def test_calls_of_one_module_must_agree() -> None:
    layer, x = nn.Linear(3, 3), torch.randn(5, 3)
    assert detected(layer, x, lambda pre: layer(pre.tanh()).tanh().sum()).transfer == "tanh"
    found = detected(layer, x, lambda pre: layer(pre.tanh()).relu().sum())
    assert found == Detection(None, "Relu and Tanh")


def test_a_known_transfer_is_not_looked_for() -> None:
    layer = nn.Linear(3, 2)
    [found], _ = find_maps(layer)
    capture = Capture([found])
    capture.detected[found] = given = Detection("sigmoid", "given")
    torch.tanh(layer(torch.randn(5, 3))).sum().backward()
    assert capture.detected == {found: given}


def test_backward_from_the_output_itself() -> None:
    layer = nn.Linear(3, 2)
    [found], _ = find_maps(layer)
    capture = Capture([found])
    out = layer(torch.randn(5, 3))
    out.backward(torch.ones_like(out))
    assert capture.detected[found] == Detection(None, "an output that nothing known follows")


def test_an_unreadable_graph_gives_no_transfer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optim.capture.running_roots", list)
    found = detected(nn.Linear(3, 2), torch.randn(5, 3), lambda pre: pre.tanh().sum())
    assert found == Detection(None, "a graph that could not be read")


@pytest.mark.parametrize("error", [AttributeError("gone"), KeyError("gone"), RuntimeError("gone")])
def test_training_goes_on_where_torch_has_changed(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def changed() -> None:
        raise error

    monkeypatch.setattr("optim.capture.running_roots", changed)
    layer = nn.Linear(3, 2)
    found = detected(layer, torch.randn(5, 3), lambda pre: pre.tanh().sum())
    assert found.transfer is None
    assert "could not be read: " in found.reason
    assert layer.weight.grad is not None


def test_gradients_by_autograd_grad_decide_nothing() -> None:
    """Their head is not the loss: a sum of logits, say, for a saliency map."""
    layer = nn.Linear(3, 2)
    [found], _ = find_maps(layer)
    capture = Capture([found])
    x = torch.randn(5, 3, requires_grad=True)
    torch.autograd.grad(layer(x).sum(), x)
    assert capture.detected == {}
    torch.sigmoid(layer(x)).sum().backward()
    assert capture.detected[found].transfer == "sigmoid"


@pytest.mark.parametrize("use_reentrant", [False, True])
def test_inside_a_checkpoint(use_reentrant: bool) -> None:
    layer = nn.Linear(3, 2)

    def loss(pre: Tensor) -> Tensor:
        return pre.sum()

    def block(x: Tensor) -> Tensor:
        return torch.tanh(layer(x))

    [found], _ = find_maps(layer)
    capture = Capture([found])
    x = torch.randn(5, 3, requires_grad=True)
    loss(checkpoint(block, x, use_reentrant=use_reentrant)).backward()
    assert capture.detected[found].transfer == "tanh"


def test_roots_are_those_of_the_running_backward() -> None:
    x = torch.ones(2, requires_grad=True)
    left, right, seen = x.tanh(), x.sin(), []
    x.register_hook(lambda grad: seen.extend(running_roots()))
    torch.autograd.backward([left, right], [torch.ones(2), torch.ones(2)])
    assert seen == [left.grad_fn, right.grad_fn]


def test_roots_are_found_from_other_threads() -> None:
    """Where the hooks of accelerators run."""
    x, seen = torch.ones(2, requires_grad=True), []

    def hook(grad: Tensor) -> None:
        thread = threading.Thread(target=lambda: seen.extend(running_roots()))
        thread.start()
        thread.join()

    loss = x.tanh().sum()
    x.register_hook(hook)
    loss.backward()
    assert seen == [loss.grad_fn]


def test_no_roots_outside_of_backward() -> None:
    assert running_roots() == []


def test_a_selu_is_named_in_words() -> None:
    pre = nn.Linear(3, 2)(torch.randn(5, 3))
    Output("layer", features=2, axis=-1).mark(pre.grad_fn)
    root = functional.selu(pre).sum().grad_fn
    assert detect_transfers([root])["layer"] == Detection(None, "a scaled Elu, as SELU")


def test_reading_a_graph_leaves_it_usable() -> None:
    layer = nn.Linear(3, 2)
    pre = layer(torch.randn(5, 3))
    Output("layer", features=2, axis=-1).mark(pre.grad_fn)
    loss = pre.softmax(-1).square().sum()
    for _ in range(2):
        assert detect_transfers([loss.grad_fn]) == {"layer": Detection("softmax", "Softmax")}
    loss.backward()
    assert layer.weight.grad is not None


def test_names_lead_back_to_transfers() -> None:
    pre = torch.linspace(-2, 2, 9)
    named = {f.name: f for f in (*TRANSFERS.values(), leaky_relu(0.25), elu(0.5), softplus(2))}
    for name, expected in named.items():
        found = named_transfer(name)
        assert found.name == name
        assert torch.equal(found.f(pre), expected.f(pre)), name
