"""Networks by declaration: layers of one class, their options read off its constructor."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Unpack

from torch import nn

from simplex.complexes import require_int, require_word
from simplex.nn._checks import require_flags
from simplex.nn._frame.encoder import make_encoder, wants_encoder
from simplex.nn._frame.options import StackOptions
from simplex.nn._layer import DegreeConv, EachDegree
from simplex.nn._modules import Widths, widths_of
from simplex.nn._network import SimplicialNetwork


_SIZES = ("in_channels", "hidden_channels", "out_channels", "num_layers", "max_dim", "k")


class StackedNetwork(SimplicialNetwork):
    r"""Layers of one class, each on what the one before returns: a network by declaration.

    .. math:: h^{(l+1)} = a\big( \text{conv}_l(h^{(l)}, K) \big), \qquad
              y = \text{Readout}(h^{(L)}, K)

    A subclass names its layer, and what differs from the defaults. The options of the network are
    those of the layer and those of :class:`SimplicialNetwork`; which is which is read off the
    constructor of the layer. A layer on one degree (:class:`DegreeConv`) stands once in each.

    Three options concern both. ``activation`` goes where ``activates`` says. Of a layer with
    batch norms of its own, ``norm="batch"`` means these; any other norm comes after the layer.
    ``oriented`` is that of the class, or of a layer with the option ``signed`` whether that is on
    and no ``bias`` is; ``oriented=False`` gives it up, and with it what it refuses.

    Attributes:
        conv: the class of the layers, made as ``conv(in_channels, out_channels, max_dim, …)``, or
            with a degree in the place of ``max_dim``.
        defaults: of options, where they are not those of the layer and the frame.
        activates: what ``activation`` is for: ``"layer"``, ``"network"`` (after each layer) and
            ``"readout"``.

    Args:
        in_channels: width of the cochains; or one per dimension; or -1, taken from the first input.
        hidden_channels: width of the layers.
        out_channels: width of the result.
        num_layers: number of layers.
        max_dim: the top dimension of the cochains.
        options: as said above.

    Raises:
        TypeError: an option of neither the layer nor the frame.
        ValueError: ``oriented=True`` where the layers are not equivariant; or as the frame has it.

    Example:
        >>> import torch, simplex
        >>> from simplex.nn import SCNNConv
        >>> class Flow(StackedNetwork):
        ...     conv, defaults = SCNNConv, {"activation": torch.tanh, "down_order": 2}
        >>> K = simplex.SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> Flow(1, 8, 2, 2, 2)([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv: ClassVar[type[nn.Module]]
    defaults: ClassVar[Mapping[str, Any]] = {}
    activates: ClassVar[tuple[str, ...]] = ("network",)

    def __init_subclass__(cls, **options: Any) -> None:
        """Show the options of layer and frame in the signature of the class."""
        super().__init_subclass__(**options)
        if hasattr(cls, "conv"):
            cls.__signature__ = _signature(cls)  # type: ignore[attr-defined]

    def __init__(
        self,
        in_channels: Widths,
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        **options: Unpack[StackOptions],
    ) -> None:
        for_layer, for_frame = self._split(dict(options))
        require_int("num_layers", num_layers, 1)
        require_int("hidden_channels", hidden_channels, 1)
        all_widths = widths_of(in_channels, max_dim)
        top = max_dim if self.sees is None else min(max_dim, self.sees)
        seen = in_channels if isinstance(in_channels, int) else all_widths[: top + 1]
        embed = for_frame.pop("embed", None)
        embeds = wants_encoder(embed, seen, hidden_channels, top)
        first = hidden_channels if embeds else seen
        widths: list[Widths] = [first, *[hidden_channels] * (num_layers - 1)]
        convs = [
            self._layer(width, hidden_channels, top, self._of_layer(number, for_layer))
            for number, width in enumerate(widths)
        ]
        super().__init__(convs, hidden_channels, out_channels, max_dim, **for_frame)
        if embeds:
            oriented = for_frame["oriented"]
            self.embed = make_encoder(embed, seen, hidden_channels, top, oriented)

    def _of_layer(self, number: int, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """The options of the layer of this number: those of all."""
        return options

    def _layer(
        self, in_channels: Widths, out_channels: int, max_dim: int, options: Mapping[str, Any]
    ) -> nn.Module:
        """One layer on the cochains of all dimensions."""
        if not issubclass(self.conv, DegreeConv):
            return self.conv(in_channels, out_channels, max_dim, **options)
        widths = widths_of(in_channels, max_dim)
        return EachDegree([self.conv(w, out_channels, k, **options) for k, w in enumerate(widths)])

    @classmethod
    def _split(cls, options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The options of the layers, and those of the frame."""
        layer, frame = _options(cls.conv), _options(SimplicialNetwork)
        unknown = sorted(options.keys() - layer.keys() - frame.keys())
        if unknown:
            raise TypeError(
                f"options of {cls.__name__} must be among {', '.join(_options(cls))}, got "
                f"{', '.join(unknown)}."
            )
        given = {**cls.defaults, **options}
        for_layer = {name: given[name] for name in layer if name in given}
        for_frame = {name: given[name] for name in frame if name in given}
        if "norm" in layer:
            require_word("norm", given.get("norm"), ("batch", "layer", "rms", "graph", None))
            batch = given.get("norm") == "batch"
            for_layer["norm"] = "batch" if batch else None
            for_frame["norm"] = None if batch else given.get("norm")
        if "activation" in layer and "layer" not in cls.activates:
            for_layer["activation"] = None
        if "network" not in cls.activates:
            for_frame["activation"] = None
        if "readout" in cls.activates:
            for_frame.setdefault("readout_activation", given["activation"])
        require_flags(**{k: v for k, v in options.items() if k in ("oriented", "signed", "bias")})
        oriented = _is_oriented(cls, given)
        if options.get("oriented") and not oriented:
            raise ValueError(
                f"oriented must be False, as {cls.conv.__name__} with these options is not "
                "equivariant under reorientation, got True."
            )
        for_frame["oriented"] = oriented and options.get("oriented", True)
        return for_layer, for_frame


def _is_oriented(cls: type[StackedNetwork], given: Mapping[str, Any]) -> bool:
    """Whether layers with these options are equivariant under reorientation."""
    layer = _options(cls.conv)
    if "signed" not in layer:
        return bool(cls.defaults.get("oriented", False))
    bias = given.get("bias", layer["bias"].default) if "bias" in layer else False
    return bool(given.get("signed", layer["signed"].default)) and not bias


def _options(kind: Callable[..., object]) -> dict[str, inspect.Parameter]:
    """The keyword arguments of a constructor, without sizes that a network gives by position."""
    return {
        name: parameter
        for name, parameter in inspect.signature(kind).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name not in _SIZES
    }


def _signature(cls: type[StackedNetwork]) -> inspect.Signature:
    """The sizes, options of the class itself, those of its layer, and those of the frame."""
    sizes = list(inspect.signature(StackedNetwork).parameters.values())[:-1]
    defaults = {**cls.defaults, "oriented": _is_oriented(cls, cls.defaults)}
    if "readout" in cls.activates:
        defaults["readout_activation"] = cls.defaults["activation"]
    options = _options(cls.__init__)
    for name, parameter in (_options(cls.conv) | _options(SimplicialNetwork)).items():
        default = defaults.get(name, parameter.default)
        options[name] = parameter.replace(default=default)
    return inspect.Signature([*sizes, *options.values()])
