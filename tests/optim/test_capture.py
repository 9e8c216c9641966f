"""What is captured is what the gradient came from: Zᵀ g = grad, and nothing else is kept."""

import copy
import gc
import io
import pickle
import weakref
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from optim.capture import Capture
from optim.maps import find_maps
from tests.optim.layers import LAYERS, BiasFirst, Propagation, as_rows


pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
DOUBLE = torch.float64


def watch(model: nn.Module) -> tuple[Capture, dict]:
    maps, _ = find_maps(model)
    return Capture(maps), {found.name: found for found in maps}


class Recorder:
    """Keeps the gradient of each output of a module, in the order of the calls."""

    def __init__(self, module: nn.Module) -> None:
        self.module, self.gradients = module, {}
        self.calls = 0
        module.register_forward_hook(self)

    def __call__(self, module: nn.Module, inputs: tuple, output: Tensor) -> None:
        if output.requires_grad:
            call, self.calls = self.calls, self.calls + 1
            output.register_hook(lambda grad: self.gradients.__setitem__(call, grad.clone()))

    def rows(self) -> Tensor:
        gradients = [self.gradients[call] for call in sorted(self.gradients)]
        return torch.cat([as_rows(self.module, g) for g in gradients], dim=-2)


def assert_explains_gradient(
    capture: Capture, found, recorder: Recorder, name: str = "layer"
) -> None:
    explained = found.moving_columns(capture.rows(found)).mT @ recorder.rows()
    torch.testing.assert_close(
        explained, found.gradient(), rtol=0, atol=1e-10, msg=lambda text: f"{name}: {text}"
    )


@pytest.mark.parametrize("seed", [0, 1])
def test_rows_times_output_gradient_is_grad(seed: int) -> None:
    for name, (make, shape) in LAYERS.items():
        torch.manual_seed(seed)
        module, x = make().double(), torch.randn(shape, dtype=DOUBLE)
        capture, maps = watch(module)
        recorder = Recorder(module)
        torch.tanh(module(x)).square().sum().backward()
        assert_explains_gradient(capture, maps[""], recorder, name)
        rows = capture.rows(maps[""])
        assert rows.shape[:-1] == recorder.rows().shape[:-1], name
        assert rows.dtype == DOUBLE, name


@pytest.mark.parametrize("shape", [(5, 4), (2, 5, 4)])
def test_outputs_are_the_pre_activations(shape: tuple[int, ...]) -> None:
    module = nn.Linear(4, 3).double()
    capture, maps = watch(module)
    capture.keeps_outputs = True
    for _ in range(2):  # two calls, one after the other
        torch.tanh(module(torch.randn(shape, dtype=DOUBLE))).sum().backward()
    pre = capture.pre(maps[""])
    assert pre is not None
    expected = capture.rows(maps[""]) @ maps[""].weights()
    torch.testing.assert_close(pre, expected, rtol=0, atol=1e-12)
    capture.clear()
    assert capture.pre(maps[""]) is None


def test_outputs_that_are_no_pre_activations_are_not_used() -> None:
    def kept(follow: Callable[[Tensor], Tensor], prepare: Callable[[nn.Module], object]) -> bool:
        module = nn.Linear(4, 3)
        prepare(module)
        capture, maps = watch(module)
        capture.keeps_outputs = True
        follow(module(torch.randn(5, 4))).sum().backward()
        assert maps[""] in capture
        return capture.pre(maps[""]) is not None

    def doubled(module: nn.Module, **options: bool) -> object:
        hook = module.register_forward_hook(lambda module, inputs, output: 2 * output, **options)
        return hook

    def doubled_before(module: nn.Module) -> object:
        return module.register_forward_pre_hook(
            lambda module, inputs: doubled(module, prepend=True) and None
        )

    assert kept(torch.relu, id)
    assert not kept(torch.relu_, id)
    assert kept(torch.relu, doubled)  # the map's own output is seen first
    assert not kept(torch.relu, doubled_before)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert not kept(torch.relu, id)


@pytest.mark.parametrize("frozen", ["weight", "bias"])
def test_one_frozen_parameter(frozen: str) -> None:
    for name in ("linear", "linear-3d", "conv2d-groups", "conv1d"):
        make, shape = LAYERS[name]
        module = make().double()
        getattr(module, frozen).requires_grad_(False)
        capture, maps = watch(module)
        recorder = Recorder(module)
        torch.tanh(module(torch.randn(shape, dtype=DOUBLE))).sum().backward()
        assert_explains_gradient(capture, maps[""], recorder, name)


def test_a_frozen_map_is_not_captured_until_it_thaws() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3)).requires_grad_(False)
    model[2].requires_grad_()
    capture, maps = watch(model)
    model(torch.randn(5, 3)).sum().backward()
    assert maps["0"] not in capture
    assert maps["2"] in capture
    model[0].requires_grad_()
    model(torch.randn(5, 3)).sum().backward()
    assert maps["0"] in capture


@pytest.mark.parametrize("shape", [(5, 3), (2, 5, 3)])
@pytest.mark.parametrize("times", [2, 3])
def test_a_module_used_several_times_stacks_its_rows(shape: tuple, times: int) -> None:
    layer = nn.Linear(3, 3).double()
    capture, maps = watch(layer)
    recorder = Recorder(layer)
    x = torch.randn(shape, dtype=DOUBLE)
    for _ in range(times):
        x = torch.tanh(layer(x))
    x.square().sum().backward()
    design, target = capture.rows(maps[""]), recorder.rows()
    assert len(design) == len(target) == times * x.numel() // 3
    order = sorted(recorder.gradients, reverse=True)  # backward meets the last call first
    target = torch.cat([as_rows(layer, recorder.gradients[call]) for call in order])
    torch.testing.assert_close(design.mT @ target, maps[""].gradient(), rtol=0, atol=1e-10)


def test_micro_batches_are_the_full_batch() -> None:
    layer, x = nn.Linear(3, 3).double(), torch.randn(8, 3, dtype=DOUBLE)
    capture, maps = watch(layer)
    torch.tanh(layer(x)).sum().backward()
    full, gradient = capture.rows(maps[""]), maps[""].gradient()
    capture.clear()
    layer.zero_grad()
    for part in x.split(3):
        torch.tanh(layer(part)).sum().backward()
    torch.testing.assert_close(capture.rows(maps[""]), full, rtol=0, atol=0)
    torch.testing.assert_close(maps[""].gradient(), gradient, rtol=0, atol=1e-10)


@pytest.mark.parametrize("shape", [(5, 3), (2, 5, 3)])
@pytest.mark.parametrize("passes", [1, 2])
def test_in_place_activations(shape: tuple, passes: int) -> None:
    """Also on the second pass, when transfers are known and views are no longer cloned."""
    model = nn.Sequential(
        nn.Linear(3, 4), nn.ReLU(inplace=True), nn.Linear(4, 4), nn.Sigmoid()
    ).double()
    capture, maps = watch(model)
    for _ in range(passes):
        model.zero_grad()
        x = torch.randn(shape, dtype=DOUBLE)
        out = model[0](x)
        kept = model[1](out)
        model[3](model[2](kept)).sum().backward()
    first = capture.rows(maps["0"])
    torch.testing.assert_close(first[:, :-1], x.reshape(-1, 3), rtol=0, atol=0)
    g = torch.autograd.grad(
        model[3](model[2](functional.relu(out_again := model[0](x)))).sum(), out_again
    )[0]
    torch.testing.assert_close(
        first.mT @ g.reshape(-1, 4), maps["0"].gradient(), rtol=0, atol=1e-10
    )


@pytest.mark.parametrize("use_reentrant", [False, True])
def test_checkpointing(use_reentrant: bool) -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3), nn.ReLU())
            self.head = nn.Linear(3, 2)

        def forward(self, x: Tensor, save: bool) -> Tensor:
            inner = (
                checkpoint(self.inner, x, use_reentrant=use_reentrant) if save else self.inner(x)
            )
            return self.head(inner)

    model, x = Model().double(), torch.randn(5, 3, dtype=DOUBLE, requires_grad=True)
    capture, maps = watch(model)
    rows, gradients = [], []
    for save in (False, True):
        model.zero_grad()
        capture.clear()
        model(x, save).sum().backward()
        rows.append([capture.rows(found) for found in maps.values()])
        gradients.append([found.gradient() for found in maps.values()])
    for plain, saved in zip(*rows, strict=True):
        torch.testing.assert_close(saved, plain, rtol=0, atol=0)
    for plain, saved in zip(*gradients, strict=True):
        torch.testing.assert_close(saved, plain, rtol=0, atol=1e-10)


def test_a_module_inside_and_outside_of_a_reentrant_checkpoint() -> None:
    layer, x = nn.Linear(3, 3).double(), torch.randn(5, 3, dtype=DOUBLE, requires_grad=True)
    capture, maps = watch(layer)
    layer(checkpoint(layer, x, use_reentrant=True).tanh()).sum().backward()
    assert len(capture.rows(maps[""])) == 10


def nothing_captured(capture: Capture) -> bool:
    return not any(found in capture for found in capture.maps) and not capture._arrived


@pytest.mark.parametrize("training", [True, False])
def test_passes_without_backward_leave_nothing(training: bool) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(), nn.Linear(4, 2)).train(training)
    capture, maps = watch(model)
    x = torch.randn(5, 3)
    alive = weakref.ref(x)
    with torch.no_grad():
        model(x)
    with torch.inference_mode():
        model(x)
    model(x)
    del x
    gc.collect()
    assert alive() is None
    assert nothing_captured(capture)
    with pytest.raises(RuntimeError, match=r"map '0' must have a captured forward pass"):
        capture.rows(maps["0"])


def test_a_model_in_eval_mode_can_be_trained() -> None:
    model = nn.Sequential(nn.Linear(3, 2)).eval()
    capture, maps = watch(model)
    model(torch.randn(5, 3)).sum().backward()
    assert capture.rows(maps["0"]).shape == (5, 4)


def test_gradients_by_autograd_grad_leave_nothing() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    capture, _ = watch(model)
    x = torch.randn(5, 3, requires_grad=True)
    alive = weakref.ref(x)
    torch.autograd.grad(model(x).sum(), x)
    assert nothing_captured(capture)
    torch.autograd.grad(model(x).sum(), list(model.parameters()))
    assert nothing_captured(capture)
    del x
    gc.collect()
    assert alive() is None


def test_a_gradient_penalty_does_not_lose_the_call() -> None:
    """autograd.grad passes the outputs first, the backward that counts comes later."""
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    capture, maps = watch(model)
    x = torch.randn(5, 3, requires_grad=True)
    out = model(x).sum()
    (slope,) = torch.autograd.grad(out, x, create_graph=True)
    (out + slope.square().sum()).backward()
    assert [len(capture.rows(found)) for found in maps.values()] == [5, 5]


def test_backward_twice_over_one_graph_counts_its_rows_once() -> None:
    layer, x = nn.Linear(3, 2).double(), torch.randn(5, 3, dtype=DOUBLE)
    capture, maps = watch(layer)
    out = layer(x)
    out.sum().backward(retain_graph=True)
    out.square().sum().backward()
    design, total = capture.rows(maps[""]), 1 + 2 * out.detach()
    assert len(design) == 5
    torch.testing.assert_close(design.mT @ total, maps[""].gradient(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("times", [1, 2])
def test_calls_before_zero_grad_of_the_model_are_stale(times: int) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    capture, maps = watch(model)
    for _ in range(2):
        model(torch.randn(7, 3)).sum().backward()
    model.zero_grad()
    batches = torch.randn(times, 5, 3)
    for batch in batches:
        model(batch).sum().backward()
    design = capture.rows(maps["0"])
    torch.testing.assert_close(design[:, :-1], batches.reshape(-1, 3), rtol=0, atol=0)


@pytest.mark.parametrize("keep", ["nothing", "loss and output"])
def test_inputs_live_from_backward_to_clear(keep: str) -> None:
    """Even if the loss stays alive, as it does in most loops."""
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    capture, maps = watch(model)
    x = torch.randn(5, 3)
    alive = weakref.ref(x.untyped_storage())
    out = model(x)
    loss = out.sum()
    loss.backward()
    if keep == "nothing":
        del out, loss
    del x
    gc.collect()
    assert capture.rows(maps["0"]).shape == (5, 4)
    capture.clear()
    gc.collect()
    assert alive() is None


def test_paused_passes_are_not_captured() -> None:
    layer = nn.Linear(3, 2)
    capture, maps = watch(layer)
    with capture.paused():
        with capture.paused():
            pass
        layer(torch.randn(7, 3)).sum().backward()
    assert nothing_captured(capture)
    with pytest.raises(ZeroDivisionError), capture.paused():
        raise ZeroDivisionError
    layer(torch.randn(5, 3)).sum().backward()
    assert len(capture.rows(maps[""])) == 5


@pytest.mark.parametrize("end", ["close", "death"])
def test_no_hook_stays(end: str) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    capture, maps = watch(model)
    out = model(torch.randn(5, 3))
    if end == "close":
        capture.close()
        capture.close()
    else:
        alive = weakref.ref(capture)
        del capture, maps
        gc.collect()
        assert alive() is None
    assert not any(module._forward_hooks for module in model.modules())
    out.sum().backward()  # the graph may outlive the capture
    assert all(not p._post_accumulate_grad_hooks for p in model.parameters())


def copies(model: nn.Module) -> list[nn.Module]:
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return [
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        torch.load(file, weights_only=False),
    ]


def test_copies_of_the_model_carry_hooks_that_do_nothing() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    capture, maps = watch(model)
    model(torch.randn(5, 3)).sum().backward()
    capture.clear()
    for twin in copies(model):
        twin(torch.randn(7, 3)).sum().backward()
        assert nothing_captured(capture)
        mine, theirs = watch(twin)
        twin(torch.randn(6, 3)).sum().backward()
        assert len(mine.rows(theirs["0"])) == 6
    model(torch.randn(5, 3)).sum().backward()
    assert len(capture.rows(maps["0"])) == 5


def test_a_hook_whose_capture_dies_while_hooks_run_does_nothing() -> None:
    # torch iterates over a snapshot of the hooks: one removed meanwhile is called without options.
    model = nn.Linear(3, 2)
    capture, _ = watch(model)
    holder = [capture]
    del capture

    def collect(module: nn.Module, inputs: object, output: object) -> None:
        holder.clear()
        gc.collect()

    model.register_forward_hook(collect)
    model._forward_hooks.move_to_end(next(iter(model._forward_hooks)))
    model(torch.randn(5, 3)).sum().backward()
    assert len(model._forward_hooks) == 1


def test_a_capture_that_dies_while_hooks_are_looked_at_is_harmless() -> None:
    model = nn.Linear(3, 2)
    capture, maps = watch(model)
    capture.keeps_outputs = True
    holder = [watch(model)]
    kind = type(next(iter(model._forward_hooks.values())))

    class Collects:
        def __call__(self, module: nn.Module, inputs: object, output: object) -> None:
            """Replaces nothing."""

        @property
        def __class__(self) -> type:  # asked for by isinstance
            holder.clear()
            gc.collect()
            return kind

    model.register_forward_hook(Collects())
    model._forward_hooks.move_to_end(next(reversed(model._forward_hooks)), last=False)
    model(torch.randn(5, 3)).sum().backward()
    assert len(capture.rows(maps[""])) == 5


def test_two_captures_of_one_model_do_not_meet() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh())
    one, of_one = watch(model)
    two, of_two = watch(model)
    with two.paused():
        model(torch.randn(5, 3)).sum().backward()
    model(torch.randn(6, 3)).sum().backward()
    assert len(one.rows(of_one["0"])) == 11
    assert len(two.rows(of_two["0"])) == 6
    assert one.detected[of_one["0"]] == two.detected[of_two["0"]]


def test_autocast_solves_in_float32() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    capture, maps = watch(model)
    recorder = Recorder(model[2])
    x = torch.randn(50, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = functional.mse_loss(model(x), torch.zeros(50, 2))
    loss.backward()
    for found in maps.values():
        assert capture.rows(found).dtype == found.gradient().dtype == torch.float32
    assert recorder.rows().dtype == torch.bfloat16
    torch.testing.assert_close(
        capture.rows(maps["2"]).mT @ recorder.rows().float(),
        maps["2"].gradient(),
        rtol=2e-2,
        atol=2e-3,
    )
    assert [capture.detected[found].transfer for found in maps.values()] == ["relu", "identity"]


def test_the_outermost_map_has_the_rows() -> None:
    model = nn.Sequential(BiasFirst(6, 4, 3), nn.Tanh(), Propagation(6, 3, 2)).double()
    capture, maps = watch(model)
    recorders = {"0": Recorder(model[0]), "2": Recorder(model[2])}
    model(torch.randn(6, 4, dtype=DOUBLE)).square().sum().backward()
    for name, recorder in recorders.items():
        assert_explains_gradient(capture, maps[name], recorder)


def test_tied_modules_stack_their_rows() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3)).double()
    model[2].weight, model[2].bias = model[0].weight, model[0].bias
    capture, maps = watch(model)
    last, first = Recorder(model[2]), Recorder(model[0])
    model(torch.randn(5, 3, dtype=DOUBLE)).square().sum().backward()
    design, found = capture.rows(maps["0 + 2"]), maps["0 + 2"]
    target = torch.cat([last.rows(), first.rows()])
    torch.testing.assert_close(design.mT @ target, found.gradient(), rtol=0, atol=1e-10)


def test_attention_trains_beside_maps() -> None:
    model = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, dropout=0.0, batch_first=True)
    model = model.double()
    capture, maps = watch(model)
    recorder = Recorder(model.linear1)
    model(torch.randn(2, 5, 8, dtype=DOUBLE)).square().sum().backward()
    assert_explains_gradient(capture, maps["linear1"], recorder)
    assert capture.detected[maps["linear1"]].transfer == "relu"


def test_inputs_by_keyword_and_in_containers() -> None:
    class Sum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(2, 3, dtype=DOUBLE))

        def forward(self, parts: dict[str, list[Tensor]], *, scale: float) -> Tensor:
            return scale * sum(parts["x"]) @ self.weight.T

        def locoprop_rows(self, parts: dict[str, list[Tensor]], *, scale: float) -> Tensor:
            assert not any(x.requires_grad for x in parts["x"])
            return scale * sum(parts["x"])

        def locoprop_weights(self) -> list[nn.Parameter]:
            return [self.weight]

    module = Sum()
    capture, maps = watch(module)
    recorder = Recorder(module)
    parts = [torch.randn(5, 3, dtype=DOUBLE, requires_grad=True) for _ in range(2)]
    module({"x": parts}, scale=2.0).square().sum().backward()
    assert_explains_gradient(capture, maps[""], recorder)


@pytest.mark.parametrize("layout", [torch.strided, torch.sparse_coo, torch.sparse_csr])
def test_operators_as_inputs(layout: torch.layout) -> None:
    class Aggregate(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 2)

        def forward(self, operator: Tensor, x: Tensor) -> Tensor:
            return operator @ self.linear(x)

        def locoprop_rows(self, operator: Tensor, x: Tensor) -> Tensor:
            return operator @ torch.cat([x, x.new_ones(len(x), 1)], dim=-1)

        def locoprop_weights(self) -> list[nn.Parameter]:
            return [self.linear.weight, self.linear.bias]

    module = Aggregate().double()
    capture, maps = watch(module)
    recorder = Recorder(module)
    operator = torch.eye(5, dtype=DOUBLE).roll(1, 0) + torch.eye(5, dtype=DOUBLE)
    operator = operator if layout == torch.strided else operator.to_sparse(layout=layout)
    module(operator, torch.randn(5, 3, dtype=DOUBLE)).tanh().sum().backward()
    assert_explains_gradient(capture, maps[""], recorder)
    assert capture.detected[maps[""]].transfer == "tanh"


def test_an_input_changed_in_place_is_refused() -> None:
    layer, buffer = nn.Linear(3, 2), torch.randn(5, 3)
    capture, maps = watch(layer)
    layer(buffer).sum().backward()
    buffer.normal_()
    with pytest.raises(RuntimeError, match="got a tensor changed in place"):
        capture.rows(maps[""])


def test_the_output_of_a_map_must_be_a_tensor() -> None:
    class Pair(BiasFirst):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return super().forward(x), x

    module = Pair(6, 4, 3)
    watch(module)  # dies at once: no hook, no complaint
    assert len(module(torch.randn(6, 4))) == 2
    capture, _ = watch(module)
    with pytest.raises(TypeError, match=r"output of the map '' must be a tensor, got tuple"):
        module(torch.randn(6, 4))
    capture.close()


def test_the_forward_pass_is_unchanged() -> None:
    model, x = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True)), torch.randn(2, 5, 3)
    expected = model(x)
    capture, _ = watch(model)
    assert torch.equal(model(x), expected)
    assert torch.equal(model(x), expected)
    capture.close()


def test_an_error_in_backward_leaves_the_next_pass_right() -> None:
    class Fails(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            raise ZeroDivisionError

    model = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
    capture, maps = watch(model)
    with pytest.raises(ZeroDivisionError):
        model[1](Fails.apply(model[0](torch.randn(7, 3)))).sum().backward()
    model.zero_grad()
    model[1](model[0](torch.randn(5, 3))).sum().backward()
    assert [len(capture.rows(found)) for found in maps.values()] == [5, 5]


def test_moving_the_model_to_another_type_keeps_its_hooks() -> None:
    layer = nn.Linear(3, 2)
    capture, maps = watch(layer)
    layer(torch.randn(5, 3)).sum().backward()
    capture.clear()
    layer.zero_grad()
    layer.double()
    layer(torch.randn(5, 3, dtype=DOUBLE)).sum().backward()
    assert capture.rows(maps[""]).dtype == DOUBLE


def test_functional_calls_with_other_weights_leave_nothing() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    capture, _ = watch(model)
    other = {k: v.detach().clone().requires_grad_() for k, v in model.named_parameters()}
    torch.func.functional_call(model, other, torch.randn(5, 3)).sum().backward()
    assert nothing_captured(capture)
    slopes = torch.func.grad(
        lambda weights: torch.func.functional_call(model, weights, torch.randn(5, 3)).sum()
    )(other)
    assert set(slopes) == set(other)
    assert nothing_captured(capture)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_compiled_models_are_captured_as_plain_ones() -> None:
    plain = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    model = copy.deepcopy(plain)
    x = torch.randn(5, 3, dtype=DOUBLE)
    capture, maps = watch(model)
    compiled = torch.compile(model, backend="eager")
    for _ in range(2):
        model.zero_grad()
        compiled(x).square().sum().backward()
    other, of_plain = watch(plain)
    plain(x).square().sum().backward()
    for name, found in maps.items():
        torch.testing.assert_close(
            capture.rows(found), other.rows(of_plain[name]), rtol=0, atol=1e-10
        )
        torch.testing.assert_close(found.gradient(), of_plain[name].gradient(), rtol=0, atol=1e-10)
