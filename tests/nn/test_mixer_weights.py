"""Weights of the Mixer in foreign formats: against NumPy on Google's names, and against timm."""

from io import BytesIO

import numpy as np
import pytest
import torch

from simplex.nn import (
    MLPMixer,
    load_google_npz,
    load_timm_state,
    save_google_npz,
    timm_state,
)
from tests.nn.oracles.mlp_mixer import forward, google_names, import_timm
from tests.nn.test_mixer import randomized


def small(gelu="erf", classes=5, **options):
    options = {"tokens_mlp_dim": 7, "channels_mlp_dim": 9, "gelu": gelu, **options}
    return MLPMixer(3, 6, classes, 2, (8, 12), (4, 2), **options)


def arrays(seed=0):
    """Random arrays under Google's names, with Flax's shapes."""
    shapes = {
        "stem/kernel": (4, 2, 3, 6), "head/kernel": (6, 5), "head/bias": (5,),
        "token_mixing/Dense_0/kernel": (12, 7), "token_mixing/Dense_0/bias": (7,),
        "token_mixing/Dense_1/kernel": (7, 12), "token_mixing/Dense_1/bias": (12,),
        "channel_mixing/Dense_0/kernel": (6, 9), "channel_mixing/Dense_0/bias": (9,),
        "channel_mixing/Dense_1/kernel": (9, 6), "channel_mixing/Dense_1/bias": (6,),
    }  # fmt: skip
    generator = np.random.default_rng(seed)
    return {
        name: generator.normal(size=shapes.get(name.partition("/")[2], shapes.get(name, (6,))))
        for name in google_names(2)
    }


@pytest.mark.parametrize("gelu", ["erf", "tanh"])
@pytest.mark.parametrize("seed", [0, 1])
def test_googles_npz_gives_what_numpy_gives(gelu, seed, tmp_path):
    written = arrays(seed)
    np.savez(tmp_path / "mixer.npz", **written)
    model = small(gelu).double()
    load_google_npz(model, tmp_path / "mixer.npz")
    images = np.random.default_rng(seed).normal(size=(3, 8, 12, 3))
    y = model(torch.from_numpy(images).movedim(-1, 1))
    torch.testing.assert_close(
        y, torch.from_numpy(forward(written, images, gelu)), atol=1e-10, rtol=0
    )

    save_google_npz(model, tmp_path / "again.npz")
    with np.load(tmp_path / "again.npz", allow_pickle=False) as again:
        assert set(again) == set(written)
        for name in written:
            assert again[name].dtype == np.float64
            np.testing.assert_array_equal(again[name], written[name])


def test_files_arrays_and_half_precision():
    model = randomized(small()).bfloat16()
    file = BytesIO()
    save_google_npz(model, file)
    with np.load(BytesIO(file.getvalue())) as written:
        assert {written[name].dtype for name in written} == {np.dtype(np.float32)}
        other = small().bfloat16()
        load_google_npz(other, written)
    torch.testing.assert_close(other.state_dict(), model.state_dict(), atol=0, rtol=0)


def test_a_conditioned_network_takes_its_mixer_from_the_file():
    model = small(cond_channels=3).double()
    plain = small().double()
    for target in (model, plain):
        load_google_npz(target, arrays())
    x = torch.randn(2, 3, 8, 12, dtype=torch.float64)
    torch.testing.assert_close(model(x, torch.randn(2, 3).double()), plain(x), atol=1e-10, rtol=0)
    for write in (timm_state, lambda model: save_google_npz(model, BytesIO())):
        with pytest.raises(ValueError, match=r"without a condition.*state_dict"):
            write(model)


def test_the_head_may_be_left_aside():
    model = randomized(small(classes=9))
    before = model.head.weight.clone()
    load_google_npz(model, arrays(), head=False)
    assert torch.equal(model.head.weight, before)
    assert torch.equal(
        model.norm.weight, torch.from_numpy(arrays()["pre_head_layer_norm/scale"]).float()
    )
    model.reset_classifier(0)
    load_google_npz(model, arrays(), head=False)
    load_timm_state(model, timm_state(small()), head=False)
    with pytest.raises(ValueError, match=r"foreign: head/kernel, head/bias.*head=False"):
        load_google_npz(model, arrays())


@pytest.mark.parametrize("way", ["google", "timm"])
def test_all_that_hinders_is_listed_and_nothing_is_changed(way):
    model = randomized(small())
    before = {name: p.clone() for name, p in model.state_dict().items()}
    if way == "google":
        source, load, prefix = (
            arrays(),
            load_google_npz,
            ("MixerBlock_0/LayerNorm_0/scale", "head/bias"),
        )
    else:
        source, load, prefix = (
            timm_state(small()),
            load_timm_state,
            ("blocks.0.norm1.weight", "head.bias"),
        )
    gone, wrong = prefix
    del source[gone]
    second = next(iter(source))
    del source[second]
    source[wrong] = source[wrong][:2]
    source["opt/step"] = source["extra"] = source[wrong]
    with pytest.raises(ValueError, match="missing") as caught:
        load(model, source)
    message = str(caught.value)
    for words in (gone, second, "foreign: opt/step, extra", f"{wrong} (2,) for (5,)"):
        assert words in message
    for name, p in model.state_dict().items():
        assert torch.equal(p, before[name])


def test_another_image_size_is_a_matter_of_shape():
    with pytest.raises(ValueError, match=r"fc1.weight \(7, 12\) for \(7, 24\).*expand_resolution"):
        load_timm_state(
            MLPMixer(3, 6, 5, 2, (16, 12), (4, 2), tokens_mlp_dim=7, channels_mlp_dim=9),
            timm_state(small()),
        )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (lambda x: x.numpy(), "array of float32"),
        (lambda x: x.to(torch.int8), "torch.int8"),
        (lambda x: x.to(torch.complex64), "torch.complex64"),
        (lambda x: x.to_sparse(), "torch.float32, torch.sparse_coo"),
        (lambda x: x.to("meta"), "torch.float32 without memory"),
        (lambda x: x.tolist(), "list"),
    ],
)
def test_values_that_do_not_fit_change_nothing(value, words):
    """The last name is the wrong one, so that a copy on the way would have begun."""
    model = randomized(small())
    before = {name: p.clone() for name, p in model.state_dict().items()}
    state = timm_state(small())
    state["head.bias"] = value(state["head.bias"])
    with pytest.raises(ValueError, match=rf"not of floating point: head.bias \({words}\)\.$"):
        load_timm_state(model, state)
    torch.testing.assert_close(model.state_dict(), before, atol=0, rtol=0)


@pytest.mark.parametrize("kind", ["int8", "complex128", "object", "longdouble"])
def test_arrays_that_do_not_fit_change_nothing(kind):
    model = randomized(small())
    before = {name: p.clone() for name, p in model.state_dict().items()}
    written = arrays()
    written["head/bias"] = written["head/bias"].astype(kind)
    kind = written["head/bias"].dtype
    with pytest.raises(ValueError, match=rf"not of floating point: head/bias \(array of {kind}\)"):
        load_google_npz(model, written)
    torch.testing.assert_close(model.state_dict(), before, atol=0, rtol=0)


def test_arrays_of_any_layout_are_read():
    written = arrays()
    model = small().double()
    load_google_npz(model, written)
    other = small().double()
    odd = {name: x.astype(">f8")[::-1].copy()[::-1] for name, x in written.items()}
    for x in odd.values():
        x.flags.writeable = False
    load_google_npz(other, odd)
    torch.testing.assert_close(other.state_dict(), model.state_dict(), atol=0, rtol=0)


def test_long_lists_are_cut_and_hints_are_to_the_point():
    state = timm_state(small())
    with pytest.raises(ValueError, match=r"… and 24 more.* seem to lie under 'model'") as caught:
        load_timm_state(small(), {"epoch": 3, "model": state})
    assert len(str(caught.value)) < 500
    assert "head=False" not in str(caught.value)
    with pytest.raises(ValueError, match=r"prefix 'module\.': remove it") as caught:
        load_timm_state(small(), {f"module.{name}": x for name, x in state.items()})
    assert len(str(caught.value)) < 800
    del state["norm.bias"]
    with pytest.raises(ValueError, match=r"got missing: norm.bias\.$"):
        load_timm_state(small(), state)


def test_other_models_and_sources_are_refused():
    with pytest.raises(TypeError, match=r"state must be a mapping.* got str.*torch\.load"):
        load_timm_state(small(), "weights.pt")
    for call in (
        lambda model: load_timm_state(model, {}),
        lambda model: load_google_npz(model, {}),
        lambda model: save_google_npz(model, BytesIO()),
        timm_state,
    ):
        with pytest.raises(TypeError, match="model must be an MLPMixer, got Linear"):
            call(torch.nn.Linear(2, 3))


@pytest.mark.parametrize("kind", ["garbage", "empty", "truncated", "npy", "pt", "damaged"])
def test_wrong_files_are_refused_by_name(kind, tmp_path):
    path = tmp_path / "weights"
    save_google_npz(small(), path)
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(
        {
            "garbage": b"no weights at all",
            "empty": b"",
            "truncated": whole[:middle],
            "damaged": whole[: middle - 99] + bytes(200) + whole[middle + 101 :],
        }.get(kind, b"")
    )
    if kind == "npy":
        with path.open("wb") as file:
            np.save(file, np.ones(3))
    if kind == "pt":
        torch.save(small().state_dict(), path)
    with pytest.raises(ValueError, match=r"file must be an \.npz of arrays .*, got .*weights"):
        load_google_npz(small(), path)
    with pytest.raises(FileNotFoundError):
        load_google_npz(small(), tmp_path / "absent.npz")


@pytest.mark.parametrize("name", ["w", "w.npz", "w.weights"])
@pytest.mark.parametrize("kind", [str, lambda path: path])
def test_a_file_is_written_to_the_path_given(name, kind, tmp_path):
    model, other = randomized(small()), small()
    save_google_npz(model, kind(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == [name]
    load_google_npz(other, kind(tmp_path / name))
    torch.testing.assert_close(other.state_dict(), model.state_dict(), atol=0, rtol=0)


def test_the_state_is_a_copy_under_timms_names():
    model = randomized(small())
    state = timm_state(model)
    assert len(state) == 12 * 2 + 6
    assert set(state) == set(model.state_dict())
    assert state["stem.proj.weight"].shape == (6, 3, 4, 2)
    state["head.bias"].zero_()
    assert model.head.bias.abs().min() > 0


@pytest.fixture(scope="module")
def timm():
    try:
        return import_timm()
    except ImportError as error:
        pytest.skip(f"install the extra 'test': {error}")


def against_timm(timm, name, config, batch):
    theirs = timm.create_model(name, pretrained=False).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in theirs.parameters():
            spread = 0.5 / max(p[0].numel(), 1) ** 0.5 if p.ndim > 1 else 0.1
            p.add_(spread * torch.randn(p.shape, generator=generator))
    ours = MLPMixer.from_config(config, out_channels=theirs.num_classes).eval()
    load_timm_state(ours, theirs.state_dict())
    x = torch.randn(batch, 3, 224, 224, generator=generator)
    with torch.no_grad():
        y, z = theirs(x), ours(x)
    assert y.std() > 0.1
    torch.testing.assert_close(z, y, atol=1e-5, rtol=1e-5)
    written = timm_state(ours)
    assert all(torch.equal(written[name], p) for name, p in theirs.state_dict().items())
    theirs.load_state_dict(written)


def test_logits_are_timms_small(timm):
    against_timm(timm, "mixer_s32_224", "S/32", 2)


@pytest.mark.slow
def test_logits_are_timms_base(timm):
    against_timm(timm, "mixer_b16_224", "B/16", 2)


def test_every_block_of_timms_is_ours_in_float64(timm):
    theirs = timm.models.mlp_mixer.MlpMixer(
        1000, img_size=64, patch_size=16, num_blocks=2, embed_dim=24
    )
    theirs.double()
    randomized(theirs)
    ours = MLPMixer(3, 24, 1000, 2, 64, 16).double()
    load_timm_state(ours, theirs.state_dict())
    x = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    torch.testing.assert_close(ours(x), theirs(x), atol=1e-10, rtol=0)
    torch.testing.assert_close(
        ours.forward_features(x), theirs.forward_features(x), atol=1e-10, rtol=0
    )
    for model in (ours, theirs):
        model(x).square().sum().backward()
    grads = {name: p.grad for name, p in theirs.named_parameters()}
    for name, p in ours.named_parameters():
        torch.testing.assert_close(p.grad, grads[name].view_as(p), atol=1e-8, rtol=1e-9)
