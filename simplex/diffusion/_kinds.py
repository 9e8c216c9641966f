"""What a network predicts, said once: by the network itself, or by the loss that trained it."""

from contextlib import suppress
from functools import partial
from typing import Literal, TypeVar, cast

import torch
from torch import Tensor, nn

from simplex.complexes import require_word
from simplex.diffusion._noise import Noise, name_of_noise


Target = Literal["eps", "x0", "v", "score"]
TARGETS: tuple[Target, ...] = ("eps", "x0", "v", "score")

# Other things that models answer with here, and where a model that does so belongs.
VELOCITY, DENOISED = "the velocity of a flow", "the denoised data"
SCALED, CONTROL = "the scaled output of EDM", "the control of a heat flow"
_PLACES = {
    VELOCITY: "euler_flow, heun_flow and denoiser_from_flow",
    DENOISED: "heun_edm, flow_from_denoiser, flow_of_levels and chain_from_denoiser",
    SCALED: "EDMPreconditioner.denoiser, whose result heun_edm takes",
    CONTROL: "HeatFlow.sample, or in any solver of flows as HeatFlow.velocity(network)",
}
_RECORD, _NOISE = "_predicts", "_learned_noise"
_M = TypeVar("_M")


def known_kind(model: object) -> str | None:
    """What a model predicts as far as it is known: its own word, else that of the last loss."""
    network = _network_of(model)
    for name in ("prediction", _RECORD):
        word = getattr(network, name, None)
        if isinstance(word, str):
            return word
    return None


def target_of(model: object, prediction: Target | None) -> Target:
    """As what a sampler takes the output of a model: what is said, else what is known, else ε."""
    known = known_kind(model)
    if prediction is not None:
        require_word("prediction", prediction, TARGETS)
    if known in _PLACES:
        _refuse(" or ".join(map(repr, TARGETS)), known)
    if prediction is None:
        require_word("prediction, an attribute of the network,", known or "eps", TARGETS)
        return cast(Target, known or "eps")
    if known in TARGETS and known != prediction:
        raise ValueError(
            f"prediction must be {known!r}, which the network says or was trained for, got "
            f"{prediction!r}. Leave it out; if the network has changed, set its attribute "
            f"prediction = {prediction!r}."
        )
    return prediction


def target_to_learn(model: object, prediction: Target | None) -> Target:
    """What a loss compares the output with; the last loss's word does not bind the next."""
    said = getattr(_network_of(model), "prediction", None)
    if prediction is None or said in TARGETS:
        return target_of(model, prediction)
    require_word("prediction", prediction, TARGETS)
    return prediction


def require_kind(model: object, kind: str) -> None:
    """Refuse a network that is known to predict something else."""
    known = known_kind(model)
    if known != kind and (known in _PLACES or known in TARGETS):
        _refuse(kind, known)


def require_same_kind(first: object, second: object) -> None:
    """Refuse to combine models that are known to predict different things."""
    one, two = known_kind(first), known_kind(second)
    if one is not None and two is not None and one != two:
        raise ValueError(f"both models must predict the same, got {one} and {two}.")


def record_kind(model: object, output: Tensor, kind: str, schedule: object = None) -> None:
    """Let a network that a loss trains remember for what, and the noise that its chain carries."""
    if output.requires_grad and not torch.compiler.is_compiling():
        network, noise = _network_of(model), getattr(schedule, "noise", None)
        _remember(network, kind)
        _remember(network, None if noise is None else name_of_noise(noise), _NOISE)


def require_learned_noise(model: object, noise: Noise) -> None:
    """Refuse to sample with another kind of noise than that of the chain of training."""
    learned = getattr(_network_of(model), _NOISE, None)
    if isinstance(learned, str) and learned != name_of_noise(noise):
        raise ValueError(
            f"noise must be a {learned}, which the network was trained with, got "
            f"{name_of_noise(noise)}. Sample with the chain of training, "
            "schedule.with_noise(noise)."
        )


def carry_kind(source: object, to: object) -> None:
    """Let a copy or an adapter say what its network says."""
    known, noise = known_kind(source), getattr(_network_of(source), _NOISE, None)
    if known is not None:
        _remember(to, known)
    if noise is not None:
        _remember(to, noise, _NOISE)


def saying(model: _M, kind: str) -> _M:
    """An adapter that says what it predicts."""
    _remember(model, kind)
    return model


def _refuse(wanted: str, known: object) -> None:
    place = _PLACES.get(str(known), "ddpm, ddim, dpmpp_2m and denoiser_from_chain")
    raise ValueError(
        f"the network must predict {wanted} here, got one that says or was trained to give "
        f"{known}. It belongs in {place}."
    )


def _remember(network: object, word: str | None, name: str = _RECORD) -> None:
    if getattr(network, name, None) != word:
        with suppress(AttributeError, TypeError, RuntimeError):  # no room for attributes
            setattr(network, name, word)


def _network_of(model: object) -> object:
    """The network inside of what passes its output on as it is."""
    while True:
        if isinstance(model, partial):
            model = model.func
        elif getattr(model, "__name__", "") == "forward" and hasattr(model, "__self__"):
            model = model.__self__
        elif isinstance(model, nn.Module) and _wraps(model):
            (model,) = model.children()
        else:
            return model


def _wraps(model: nn.Module) -> bool:
    """Whether a module averages, compiles or distributes another one."""
    return [name for name, _ in model.named_children()] in (["module"], ["_orig_mod"])
