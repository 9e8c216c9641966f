"""Maps are what they say: output = Z W, and add_ moves the output by Z D."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm
from torch.nn.utils.parametrize import register_parametrization

from optim import MapAdapter, register_map
from optim.linear_map import LinearMap
from optim.maps import find_maps
from tests.cases import over
from tests.optim.layers import LAYERS, BiasFirst, Propagation, as_rows


pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-10}


def the_map(module: nn.Module):
    [found], _ = find_maps(module)
    return found, found.members[0]


def assert_close(actual: Tensor, expected: Tensor, name: str, tolerance: float) -> None:
    torch.testing.assert_close(
        actual, expected, rtol=0, atol=tolerance, msg=lambda text: f"{name}: {text}"
    )


@pytest.mark.parametrize("seed", [0, 1])
def test_output_is_design_times_weights(seed: int, dtype: torch.dtype) -> None:
    for name, (make, shape) in LAYERS.items():
        torch.manual_seed(seed)
        module, x = make().to(dtype), torch.randn(shape, dtype=dtype)
        found, member = the_map(module)
        design = found.rows(member, x)
        expected = as_rows(module, module(x).detach())
        assert_close(design @ found.weights(), expected, name, TOLERANCE[dtype])


def add_(found: LinearMap, displacement: Tensor) -> None:
    for parameter, weights in found.moved(displacement):
        parameter.data.copy_(weights)


def test_adding_a_displacement_moves_the_output_by_its_rows(dtype: torch.dtype) -> None:
    for name, (make, shape) in LAYERS.items():
        module, x = make().to(dtype), torch.randn(shape, dtype=dtype)
        found, member = the_map(module)
        design, before = found.rows(member, x), as_rows(module, module(x).detach())
        module(x).sum().backward()
        displacement = torch.randn_like(found.weights())
        add_(found, displacement)
        after = as_rows(module, module(x).detach())
        assert_close(after - before, design @ displacement, name, TOLERANCE[dtype])


def test_blocks_unpack_what_they_pack() -> None:
    for name, (make, _) in LAYERS.items():
        for block in the_map(make())[0].blocks:
            tensor = torch.randn_like(block.parameter)
            assert torch.equal(block.unpack(block.pack(tensor)), tensor), name


@pytest.mark.parametrize("frozen", ["weight", "bias"])
def test_frozen_parameters_stay_and_have_no_columns(frozen: str) -> None:
    for name in ("linear", "conv1d", "conv2d-groups"):
        make, shape = LAYERS[name]
        module, x = make().double(), torch.randn(shape, dtype=torch.float64)
        getattr(module, frozen).requires_grad_(False)
        kept = getattr(module, frozen).clone()
        found, member = the_map(module)
        module(x).sum().backward()
        design = found.rows(member, x)
        moving, before = found.moving_columns(design), as_rows(module, module(x).detach())
        displacement = torch.randn_like(found.gradient())
        add_(found, displacement)
        after = as_rows(module, module(x).detach())
        assert_close(after - before, moving @ displacement, name, 1e-10)
        assert torch.equal(getattr(module, frozen), kept), name


def test_half_precision_parameters_are_solved_in_float32() -> None:
    module = nn.Linear(4, 3).bfloat16()
    found, member = the_map(module)
    x = torch.randn(5, 4).bfloat16()
    module(x).sum().backward()
    design = found.rows(member, x)
    assert {design.dtype, found.weights().dtype, found.gradient().dtype} == {torch.float32}
    before = module.weight.clone()
    add_(found, torch.ones_like(found.weights()))
    assert module.weight.dtype == torch.bfloat16
    assert not torch.equal(module.weight, before)


def test_columns_must_match_the_weights() -> None:
    class Forgetful(Propagation):
        def locoprop_rows(self, x: Tensor) -> Tensor:
            return super().locoprop_rows(x)[:, :-1]

    found, member = the_map(Forgetful(6, 4, 3))
    with pytest.raises(ValueError, match=r"must have 9 columns.*Mind the bias column"):
        found.rows(member, torch.randn(6, 4))


def test_the_outermost_map_claims_what_is_inside() -> None:
    maps, left = find_maps(nn.Sequential(BiasFirst(6, 4, 3), nn.Linear(3, 2)))
    assert [found.name for found in maps] == ["0", "1"]
    assert left == {}


def test_parameters_in_a_map_that_are_no_weights_are_named() -> None:
    class Gated(BiasFirst):
        def __init__(self) -> None:
            super().__init__(6, 4, 3)
            self.gate = nn.Linear(4, 6)

    maps, left = find_maps(nn.Sequential(Gated()))
    assert [found.name for found in maps] == ["0"]
    assert left == {"0.gate": "in the map '0', but none of its weights"}


def test_a_map_can_be_the_whole_model() -> None:
    for model in (BiasFirst(6, 4, 3), nn.Linear(3, 2)):
        [found], left = find_maps(model)
        assert found.name == "", model
        assert left == {}, model


def own_forward(base: type[nn.Module]) -> type[nn.Module]:
    return type(f"My{base.__name__}", (base,), {"forward": lambda self, x: base.forward(self, x)})


class LowRank(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Parameter(torch.zeros(4, 2)), nn.Parameter(torch.randn(2, 3))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.up @ self.down


def low_rank(layer: nn.Module) -> nn.Module:
    register_parametrization(layer, "weight", LowRank())
    return layer


PARTED: dict[str, tuple[Callable[[], nn.Module], list[str], dict[str, str]]] = {
    "attention": (lambda: nn.MultiheadAttention(4, 2), ["m.in_proj", "m.out_proj"], {}),
    "added keys": (
        lambda: nn.MultiheadAttention(4, 2, add_bias_kv=True),
        ["m.in_proj", "m.out_proj"],
        {"m": "added keys"},
    ),
    "unequal widths": (
        lambda: nn.MultiheadAttention(4, 2, kdim=3),
        ["m.q_proj", "m.k_proj", "m.v_proj", "m.out_proj"],
        {"m": "the bias of projections of unequal widths"},
    ),
    "attention of one's own": (
        lambda: own_forward(nn.MultiheadAttention)(4, 2),
        [],
        {"m": "attention reads its weights", "m.out_proj": "attention reads its weights"},
    ),
    "LSTM cell": (lambda: nn.LSTMCell(3, 4), ["m"], {}),
    "GRU cell": (lambda: nn.GRUCell(3, 4), ["m.ih", "m.hh"], {}),
    "two layers": (
        lambda: nn.GRU(3, 4, 2),
        [f"m.{p}_l{k}" for k in "01" for p in ("ih", "hh")],
        {},
    ),
    "both directions": (lambda: nn.RNN(3, 4, bidirectional=True), ["m.l0", "m.l0_reverse"], {}),
    "behind a dropout": (
        lambda: nn.LSTM(3, 4, 2, dropout=0.1),
        ["m.l0"],
        {"m": "behind a dropout"},
    ),
    "a projection": (lambda: nn.LSTM(3, 4, proj_size=2), [], {"m": "a projection hide"}),
    "recurrence of one's own": (
        lambda: own_forward(nn.GRU)(3, 4),
        [],
        {"m": "MyGRU has a forward of its own"},
    ),
    "table": (lambda: nn.Embedding(5, 4), ["m"], {}),
    "scaled by frequency": (
        lambda: nn.Embedding(5, 4, scale_grad_by_freq=True),
        [],
        {"m": "scaled by frequency"},
    ),
    "bags": (lambda: nn.EmbeddingBag(5, 4), [], {"m": "EmbeddingBag is no linear map"}),
    "weight norm": (lambda: weight_norm(nn.Linear(3, 4)), ["m"], {}),
    "spectral norm": (
        lambda: spectral_norm(nn.Linear(3, 4)),
        [],
        {"m": "parametrised", "m.parametrizations.weight": "parametrised"},
    ),
    "a norm inside": (
        lambda: weight_norm(nn.LSTM(3, 4), "weight_hh_l0"),
        [],
        {"m": "parametrised", "m.parametrizations.weight_hh_l0": "parametrised"},
    ),
    "attention with a norm": (
        lambda: spectral_norm(nn.MultiheadAttention(4, 2), "in_proj_weight"),
        ["m.out_proj"],
        {"m": "no map", "m.parametrizations.in_proj_weight": "none of its weights"},
    ),
    "a low-rank parametrization": (
        lambda: low_rank(nn.Linear(3, 4)),
        [],
        {
            "m": "parametrised",
            "m.parametrizations.weight": "parametrised",
            "m.parametrizations.weight.0": "parametrised",
        },
    ),
    "a norm of the bias": (
        lambda: weight_norm(nn.Linear(3, 4), "bias"),
        [],
        {"m": "parametrised", "m.parametrizations.bias": "parametrised"},
    ),
    "excluded in part": (
        lambda: nn.MultiheadAttention(4, 2),
        ["m.in_proj"],
        {"m.out_proj": "excluded"},
    ),
}
EXCLUDE = {"excluded in part": ["m.out_proj"]}


@over("name", PARTED)
def test_modules_that_are_several_maps_or_in_part(name: str) -> None:
    make, names, reasons = PARTED[name]
    maps, left = find_maps(nn.ModuleDict({"m": make()}), EXCLUDE.get(name, ()))
    assert [found.name for found in maps] == names
    assert left.keys() == reasons.keys()
    assert all(reason in left[module] for module, reason in reasons.items())


def test_names_in_exclude_close_their_subtree() -> None:
    model = nn.Sequential(nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)), nn.Linear(3, 2))
    maps, left = find_maps(model, exclude=["0"])
    assert [found.name for found in maps] == ["1"]
    assert left == {"0.0": "excluded", "0.1": "excluded"}
    with pytest.raises(ValueError, match=r"`exclude` must name modules.*'1\.bias'"):
        find_maps(model, exclude=["1.bias"])


def test_lazy_parameters_are_refused() -> None:
    model = nn.Sequential(nn.Flatten(), nn.LazyLinear(3))
    with pytest.raises(ValueError, match=r"must be initialised, got lazy.*'1'"):
        find_maps(model)
    model(torch.randn(2, 5))
    assert [found.name for found in find_maps(model)[0]] == ["1"]


def test_a_changed_forward_is_no_map() -> None:
    class Scaled(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            return 2 * super().forward(x)

    class Same(nn.Linear):
        """Inherits forward."""

    maps, left = find_maps(nn.Sequential(Scaled(3, 3), Same(3, 3)))
    assert [found.name for found in maps] == ["1"]
    assert left == {"0": "Scaled has a forward of its own"}


def test_a_complex_weight_is_no_map() -> None:
    maps, left = find_maps(nn.Sequential(nn.Linear(3, 3, dtype=torch.complex64), nn.Linear(3, 3)))
    assert [found.name for found in maps] == ["1"]
    assert left == {"0": "its weight is complex"}


def test_a_foreign_class_of_a_known_name_is_named_with_its_module() -> None:
    foreign = type("Linear", (nn.Bilinear,), {"__module__": "elsewhere.nn"})
    _, left = find_maps(nn.Sequential(foreign(2, 3, 4)))
    assert left == {"0": "elsewhere.nn.Linear is no linear map known here"}


def test_modules_with_the_same_parameters_are_one_map() -> None:
    model = nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.Linear(3, 3), "c": nn.Linear(3, 2)})
    model["b"].weight, model["b"].bias = model["a"].weight, model["a"].bias
    maps, left = find_maps(model)
    assert [found.name for found in maps] == ["a + b", "c"]
    assert left == {}


def tie(first: nn.Module, second: nn.Module, third: nn.Module | None = None) -> nn.ModuleDict:
    for other in (second, third):
        if other is not None:
            other.weight = first.weight
    return nn.ModuleDict({k: m for k, m in zip("abc", (first, second, third), strict=True) if m})


TIED: dict[str, tuple[Callable[[], nn.Module], list[str]]] = {
    "weights alone": (lambda: tie(nn.Linear(3, 3), nn.Linear(3, 3)), ["a + b"]),
    "one without a bias": (lambda: tie(nn.Linear(3, 3), nn.Linear(3, 3, bias=False)), ["a + b"]),
    "kernels": (lambda: tie(nn.Conv1d(4, 4, 3, groups=2), nn.Conv1d(4, 4, 3, groups=2)), ["a + b"]),
    "other groups": (lambda: tie(nn.Conv1d(2, 4, 3, groups=2), nn.Conv1d(1, 4, 3)), []),
    "a head": (lambda: tie(nn.Embedding(7, 3), nn.Linear(3, 7, bias=False)), ["a + b"]),
    "two heads": (
        lambda: tie(nn.Linear(3, 7), nn.Embedding(7, 3), nn.Linear(3, 7)),
        ["a + b + c"],
    ),
    "a head that is no map": (lambda: tie(nn.Embedding(7, 3), nn.Bilinear(1, 3, 7)), ["a"]),
}


@over("name", TIED)
def test_modules_that_share_parameters_are_one_map(name: str) -> None:
    make, names = TIED[name]
    maps, left = find_maps(make())
    assert [found.name for found in maps] == names
    assert all("otherwise" in why or "Bilinear" in why for why in left.values())
    assert len(left) == {0: 2, 1: 0}[len(names)] or "Bilinear" in left["b"]


def test_a_type_can_be_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    class Foreign(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.kernel = nn.Parameter(torch.randn(3, 4))

        def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
            return scale * x @ self.kernel.T

    monkeypatch.setattr("optim.maps._ADAPTERS", {})
    assert find_maps(Foreign())[0] == []
    register_map(
        Foreign,
        MapAdapter(
            rows=lambda module, x, scale=1.0: scale * x, weights=lambda module: [module.kernel]
        ),
    )
    module, x = Foreign(), torch.randn(5, 4)
    found, member = the_map(module)
    torch.testing.assert_close(
        found.rows(member, x, scale=2.0) @ found.weights(), module(x, scale=2.0).detach()
    )


def test_finding_maps_leaves_the_model_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.Conv1d(1, 2, 2))
    state = copy.deepcopy(model.state_dict())
    find_maps(model)
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
