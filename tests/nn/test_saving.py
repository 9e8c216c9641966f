"""Networks as folders: every one comes back, by its name; what no file can hold is refused."""

import json
from functools import partial

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import simplex
from simplex.nn import (
    GIN,
    SCNN,
    SIN,
    CandidateNetwork,
    CochainEncoder,
    EachDegree,
    HodgeDenoiser,
    MLPMixer,
    OperatorMixerConv,
    SCCNNConv,
    SimplicialMixer,
    SimplicialNetwork,
    SINConv,
    SNNConv,
    StackedNetwork,
    StructuralCodes,
    expand_resolution,
    from_pretrained,
)
from tests.cases import over
from tests.nn.contract import outputs
from tests.nn.networks import HIDDEN, NETWORKS, OUT, OnEdges, PlacedNetwork, graph_network, inner
from tests.tables import COMPLEXES


K = COMPLEXES["house"]
GRAPH_GIN = [name for name in NETWORKS if name == "GCCN GIN"]  # its layers are made by a function


class Flows(StackedNetwork):
    """A network of one's own."""

    conv, defaults = SCCNNConv, {"activation": torch.tanh, "norm": "rms"}


def wrapped(like, model):
    """The network, called as the one that it is a copy of."""
    if isinstance(like, PlacedNetwork):
        return PlacedNetwork(model)
    return OnEdges(model) if isinstance(like, OnEdges) else model


@over("name", [name for name in NETWORKS if name not in GRAPH_GIN])
def test_every_network_comes_back(name, tmp_path):
    row = NETWORKS[name]
    level = {"level": 1} if len(name) % 2 else {}
    like = row.make(row.width, HIDDEN, OUT, 2, row.max_dim, **level).eval()
    with torch.no_grad():
        for value in like.parameters():
            value += 0.1 * torch.randn_like(value)
    inner(like).save_pretrained(tmp_path)
    others = [type(inner(like)).from_pretrained(tmp_path), from_pretrained(tmp_path)]
    x = row.cochains(K, dtype=torch.float32)
    for other in others:
        assert type(other) is type(inner(like))
        assert other.made_with == inner(like).made_with
        assert torch.equal(wrapped(like, other).eval()(x, K), like(x, K))


@over(
    "make",
    [
        lambda: SIN(2, 4, 3, 2, 2, activation=nn.LeakyReLU(0.3), norm=None).double(),
        lambda: SIN((1, 2, 3), 4, 3, num_layers=1, max_dim=2, readout_dims={0, 2}, eps=1e-3),
        lambda: SCNN(2, 4, 3, 2, 2, activation=nn.Softshrink(0.1), level=1, signed_output=True),
        lambda: SIN(2, 4, 3, 1, 2, activation=nn.PReLU(init=0.5)).half(),
        lambda: SIN(2, 4, 3, 1, 1, embed=CochainEncoder(2, 4, 1, categories={0: (3, 2)})),
        lambda: SimplicialMixer(2, 4, 3, 1, 2, mixing=partial(OperatorMixerConv, up_order=4)),
        lambda: SimplicialNetwork([SINConv(2, 4, 2), SINConv(4, 4, 2)], 4, 3, 2, skip=True),
        lambda: SimplicialNetwork([EachDegree([SNNConv(2, 4, k) for k in (0, 1)])], 4, 3, 1),
        lambda: SINConv(2, 4, 2, train_eps=True),
        lambda: HodgeDenoiser(2, num_fields=1),
        lambda: MLPMixer(3, 8, 5, num_layers=1, image_size=(16, 8), patch_size=4),
        lambda: expand_resolution(MLPMixer(3, 8, 5, 1, (16, 8), 4), 2),
    ],
)
def test_arguments_of_every_kind_come_back(make, tmp_path):
    model = make()
    if isinstance(model, MLPMixer):
        model.reset_classifier(7)
    model.save_pretrained(tmp_path)
    other = from_pretrained(tmp_path)
    assert not other.training
    assert other.made_with == model.made_with
    assert repr(other) == repr(model)
    mine, theirs = model.state_dict(), other.state_dict()
    assert mine.keys() == theirs.keys()
    for key, value in mine.items():
        assert torch.equal(value, theirs[key]), key
        assert value.dtype == theirs[key].dtype, key
    assert [p.requires_grad for p in model.parameters()] == [
        p.requires_grad for p in other.parameters()
    ]


def test_widths_of_the_first_input_are_kept(tmp_path):
    model = SIN(-1, 4, 3, 2, 2, embed=True)
    with pytest.raises(ValueError, match=r"in_channels=-1 and no input yet\. Call it once"):
        model.save_pretrained(tmp_path)
    x = [torch.randn(n, 5) for n in K.f_vector]
    expected = model.eval()(x, K)
    model.save_pretrained(tmp_path)
    assert torch.equal(from_pretrained(tmp_path)(x, K), expected)


def test_networks_within_a_network_come_back(tmp_path):
    inside = SCNN(1, 4, 2, 2, 2, embed=CochainEncoder(1, 4, 2, oriented=True))
    model = CandidateNetwork(inside, 8, 1, k=1).eval()
    x, candidates = [torch.randn(n, 1) for n in K.f_vector], torch.tensor([[0, 1], [0, 4]])
    expected = model(x, K, candidates)
    model.save_pretrained(tmp_path)
    assert torch.equal(from_pretrained(tmp_path)(x, K, candidates), expected)


def test_a_network_of_ones_own_comes_back_by_its_class(tmp_path):
    model = Flows(1, 4, 2, 2, 2, down_order=2).eval()
    model.save_pretrained(tmp_path)
    x = [torch.randn(n, 1) for n in K.f_vector]
    assert torch.equal(Flows.from_pretrained(tmp_path)(x, K), model(x, K))
    with pytest.raises(ValueError, match=r"a network of this library.*Flows\.from_pretrained"):
        from_pretrained(tmp_path)


@over(
    "make, name",
    [
        (lambda: SIN(1, 4, 2, 1, 2, activation=lambda x: x), "activation"),
        (lambda: SIN(1, 4, 2, 1, 2, activation=outputs), "activation"),
        (lambda: SIN(1, 4, 2, 1, 2, activation=torch.load), "activation"),
        (lambda: SIN(1, 4, 2, 1, 2, activation=torch.from_file), "activation"),
        (lambda: SIN(1, 4, 2, 1, 2, activation=nn.Sequential(nn.ReLU())), "activation"),
        (lambda: graph_network("GIN")(1, 4, 2, 1, 2), "make_conv"),
    ],
)
def test_what_no_file_can_hold_is_refused_when_it_is_saved(make, name, tmp_path):
    model = make()
    with pytest.raises(ValueError, match=f"(?s){name} must be made of.*Save the weights alone"):
        model.save_pretrained(tmp_path)
    assert not list(tmp_path.iterdir())


def config(**changes):
    """What a change of fields leaves of the JSON file."""

    def change(folder):
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return change


def weights(change):
    def rewrite(folder):
        state = load_file(folder / "model.safetensors")
        save_file(change(state), folder / "model.safetensors")

    return rewrite


def written(name, text):
    return lambda folder: (folder / name).write_bytes(text)


SIZES = {"in_channels": 1, "hidden_channels": 4, "out_channels": 2, "num_layers": 1, "max_dim": 2}


@over(
    "damage, error, message",
    [
        (lambda f: (f / "config.json").unlink(), FileNotFoundError, "must hold config.json"),
        (lambda f: (f / "model.safetensors").unlink(), FileNotFoundError, "must hold model.safe"),
        (written("config.json", b"{"), ValueError, "must be JSON"),
        (written("config.json", b"\xff"), ValueError, "must be JSON"),
        (written("config.json", b"[]"), ValueError, "must hold the fields class, simplex and arg"),
        (written("model.safetensors", b"words"), ValueError, "must be a safetensors file"),
        (config(**{"class": "simplex.nn.GIN"}), ValueError, "of the class simplex.nn.SIN, got one"),
        (config(arguments=SIZES | {"depth": 3}), ValueError, "must be those of SIN .*got depth"),
        (
            config(arguments=SIZES | {"norm": "x"}),
            ValueError,
            "of SIN .*norm must be",
        ),
        (config(arguments=SIZES | {"activation": {"name": "torch.load"}}), ValueError, "may name"),
        (config(arguments=SIZES | {"activation": {"name": "os.system"}}), ValueError, "may name"),
        (config(arguments=SIZES | {"norm": {"name": "torch.from_file"}}), ValueError, "may name"),
        (config(arguments=SIZES | {"norm": {"name": "torch.set_num_threads"}}), ValueError, "name"),
        (config(arguments=SIZES | {"norm": {"name": 3}}), ValueError, "may name"),
        (config(arguments=SIZES | {"norm": {"x": 1}}), ValueError, "no value is written so"),
        (written("config.json", b"[" * 100_000), ValueError, "must be JSON"),
        (weights(lambda s: {k: v.long() for k, v in s.items()}), ValueError, "must be torch.float"),
        (config(arguments=SIZES | {"num_layers": 2}), ValueError, "the weights must be those of"),
        (weights(lambda s: {**s, "more": torch.ones(1)}), ValueError, "Unexpected key"),
        (
            weights(lambda s: {k: v[..., :1].clone() for k, v in s.items()}),
            ValueError,
            "size mismatch",
        ),
    ],
)
def test_a_folder_that_does_not_fit_is_refused(damage, error, message, tmp_path):
    SIN(**SIZES).save_pretrained(tmp_path)
    damage(tmp_path)
    with pytest.raises(error, match=message):
        SIN.from_pretrained(tmp_path)


def test_a_folder_of_another_class_names_it(tmp_path):
    GIN(**SIZES).save_pretrained(tmp_path)
    saved = json.loads((tmp_path / "config.json").read_text())
    expected = {"class": "simplex.nn.GIN", "simplex": simplex.__version__, "arguments": SIZES}
    assert saved == expected
    for name in (
        "os.system",
        "simplex.nn.expand_resolution",
        "simplex.nn._norm.X",
        "torch.nn.ReLU",
    ):
        config(**{"class": name})(tmp_path)
        with pytest.raises(ValueError, match=r"must hold a network of this library|may name"):
            from_pretrained(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="folder must not be a file"):
        GIN(**SIZES).save_pretrained(tmp_path / "file")


def test_what_is_no_folder_and_holds_no_weights_is_refused(tmp_path):
    for call in (SIN(**SIZES).save_pretrained, SIN.from_pretrained, from_pretrained):
        with pytest.raises(TypeError, match="folder must be a path, got 3"):
            call(3)
    with pytest.raises(ValueError, match="must hold weights to be saved, got meta tensors"):
        SIN(**SIZES).to("meta").save_pretrained(tmp_path)


def test_dataclasses_are_written_by_their_fields(tmp_path):
    mixing = partial(simplex.nn.KernelMixerConv, codes=StructuralCodes(steps=2))
    model = SimplicialMixer(2, 4, 3, 1, 2, mixing=mixing)
    model.save_pretrained(tmp_path)
    codes = from_pretrained(tmp_path).convs[0].token_half.mixing.codes
    assert codes == StructuralCodes(steps=2)


def test_without_safetensors_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "safetensors.torch", None)
    with pytest.raises(ImportError, match=r"pip install 'simplex-networks\[train\]'"):
        SIN(**SIZES).save_pretrained(tmp_path)
