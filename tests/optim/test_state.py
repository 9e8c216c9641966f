"""A run that is saved and resumed is the run that was never stopped, bit for bit."""

import copy
import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from optim import Exact, Iterate, LocoProp, Majorise
from optim.inner import SGD, Adam, Momentum, RMSProp


RECIPES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "exact": {"variant": "S", "momentum": 0.9, "solver": Exact(gram_ema=0.9)},
    "lazy": {"variant": "M", "momentum": 0.5, "solver": Majorise(gram_ema=0.5, gram_every=3)},
    "lazy exact": {"variant": "S", "solver": Exact(gram_every=2)},
    "rmsprop": {"solver": Iterate(RMSProp(), lr=1e-3, reduction="sum"), "lr": 1.0},
    "adam": {"solver": Iterate(Adam(), lr=1e-4), "lr": 1.0},
    "reset": {"solver": Iterate(reset=True), "lr": 1.0},
    "guarded": {
        "variant": "S",
        "solver": Iterate(Momentum()),
        "lr": 1.0,
        "safeguard": "backtrack",
    },
}


def network(dtype: torch.dtype, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Unflatten(1, (2, 6)),
        nn.Conv1d(2, 4, 3, groups=2),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(16, 8),
        nn.LayerNorm(8),
        nn.ReLU(),
        nn.Linear(8, 3),
    ).to(dtype)


def train(
    model: nn.Module, opt: LocoProp, scheduler: Any, steps: range, dtype: torch.dtype
) -> list[float]:
    losses = []
    for step in steps:
        generator = torch.Generator().manual_seed(step)
        x = torch.randn(16, 12, generator=generator).to(dtype)
        y = torch.rand(16, 3, generator=generator).to(dtype)
        opt.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        loss.backward()
        opt.step()
        scheduler.step()
        losses.append(float(loss.detach()))
    return losses


def make(model: nn.Module, options: dict[str, Any]) -> tuple[LocoProp, Any]:
    opt = LocoProp(model, **options)
    return opt, torch.optim.lr_scheduler.LambdaLR(opt, lambda step: 1 / (1 + 0.1 * step))


def through_a_file(state: Any) -> Any:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("recipe", RECIPES)
def test_resumed_run_is_the_uninterrupted_one(recipe: str, dtype: torch.dtype) -> None:
    model = network(dtype)
    opt, scheduler = make(model, RECIPES[recipe])
    train(model, opt, scheduler, range(5), dtype)
    saved = through_a_file(
        [model.state_dict(), opt.state_dict(), {"last": scheduler.state_dict()["last_epoch"]}]
    )
    schedule = scheduler.state_dict()
    losses = train(model, opt, scheduler, range(5, 9), dtype)

    fresh = network(dtype, seed=99)
    again, rescheduler = make(fresh, RECIPES[recipe])
    fresh.load_state_dict(saved[0])
    rescheduler.load_state_dict(schedule)
    again.load_state_dict(saved[1])
    assert saved[2]["last"] == rescheduler.last_epoch
    assert train(fresh, again, rescheduler, range(5, 9), dtype) == losses
    for a, b in zip(model.parameters(), fresh.parameters(), strict=True):
        assert torch.equal(a, b)
    assert len(again.state) == len(opt.state)
    for group in opt.param_groups:
        for p in group["params"]:
            twin = dict(zip(model.parameters(), fresh.parameters(), strict=True))[p]
            assert_same(opt.state.get(p, {}), again.state.get(twin, {}))


def assert_same(a: Any, b: Any) -> None:
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            assert_same(a[key], b[key])
    elif isinstance(a, Tensor):
        assert a.dtype is b.dtype
        assert torch.equal(a, b)
    else:
        assert a == b


def test_loading_does_not_alias_the_saved_state() -> None:
    model, twin = network(torch.float64), network(torch.float64)
    opt, scheduler = make(model, RECIPES["exact"])
    train(model, opt, scheduler, range(2), torch.float64)
    saved = opt.state_dict()
    reference = copy.deepcopy(saved)
    again, rescheduler = make(twin, RECIPES["exact"])
    again.load_state_dict(saved)
    train(twin, again, rescheduler, range(3), torch.float64)
    assert_same(saved["state"], reference["state"])


def test_the_fallback_keeps_its_state_in_the_optimiser() -> None:
    model = network(torch.float64)
    opt, scheduler = make(model, {})
    train(model, opt, scheduler, range(2), torch.float64)
    norm = model[5]
    assert set(opt.state[norm.weight]) == {"step", "exp_avg", "exp_avg_sq"}
    assert float(opt.state[norm.weight]["step"]) == 2
    opt.load_state_dict(opt.state_dict())
    train(model, opt, scheduler, range(1), torch.float64)
    assert float(opt.state[norm.weight]["step"]) == 3
    before = norm.weight.detach().clone()
    opt.param_groups[-1]["lr"] = 0.0  # the group of the fallback is the one it reads
    opt.param_groups[-1]["weight_decay"] = 0.0
    train(model, opt, scheduler, range(1), torch.float64)
    assert torch.equal(before, norm.weight)


def test_foreign_states_are_refused() -> None:
    model = network(torch.float64)
    opt, _ = make(model, {})
    adam = torch.optim.Adam(model.parameters())
    with pytest.raises(ValueError, match="parameter groups"):
        opt.load_state_dict(adam.state_dict())

    names = opt.state_dict()
    names["param_groups"][0]["name"] = "encoder"
    with pytest.raises(ValueError, match=r"names of the parameter groups.*encoder"):
        opt.load_state_dict(names)

    other = LocoProp(network(torch.float64), solver=Iterate(Adam()))
    same = LocoProp(network(torch.float64), solver=Iterate(SGD()))
    with pytest.raises(ValueError, match="inner rule Adam, got SGD"):
        same.load_state_dict(other.state_dict())

    words = opt.state_dict()
    words["param_groups"][0]["solver"] = "mm"
    with pytest.raises(ValueError, match="`solver` of a saved group"):
        opt.load_state_dict(words)


def test_states_of_other_shapes_are_refused() -> None:
    def trained(width: int) -> LocoProp:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(12, width), nn.Tanh(), nn.Linear(width, 3))
        opt, scheduler = make(model, {"momentum": 0.5})
        train(model, opt, scheduler, range(2), torch.float32)
        return opt

    state = trained(7).state_dict()
    target = trained(8)
    before = copy.deepcopy(target.state_dict())
    with pytest.raises(ValueError, match=r"shape.*'0'"):
        target.load_state_dict(state)
    assert_same(target.state_dict(), before)  # a refused state changes nothing


def test_loading_restores_the_hyperparameters() -> None:
    options = {"variant": "S", "solver": Exact(0.5, 4), "lr": 0.3, "prox": 0.2}
    opt, _ = make(network(torch.float32), options)
    other, _ = make(network(torch.float32), {"variant": "M"})
    other.load_state_dict(opt.state_dict())
    group = other.param_groups[0]
    assert {name: group[name] for name in options} == options


def test_an_optimiser_is_not_copied() -> None:
    opt, _ = make(network(torch.float32), {})
    with pytest.raises(TypeError, match="state_dict"):
        copy.deepcopy(opt)


def test_a_copied_model_trains_alone() -> None:
    """Copies of a model carry no live hook: training one does not disturb the other."""
    model = network(torch.float64)
    opt, scheduler = make(model, {})
    train(model, opt, scheduler, range(1), torch.float64)
    twin = copy.deepcopy(model)
    untouched = [p.detach().clone() for p in model.parameters()]
    own, own_scheduler = make(twin, {})
    train(twin, own, own_scheduler, range(3), torch.float64)
    assert all(torch.equal(a, b) for a, b in zip(untouched, model.parameters(), strict=True))
    train(model, opt, scheduler, range(1), torch.float64)
