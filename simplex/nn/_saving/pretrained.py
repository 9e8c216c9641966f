"""Modules that remember how they were made, so that they are saved and loaded by name."""

import json
import os
from pathlib import Path
from typing import Any, Self, TypeVar

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from simplex.nn._checks import brief
from simplex.nn._saving.arguments import Arguments, bind, decode, encode, refusals
from simplex.nn._saving.names import name_of, value_of


CONFIG, WEIGHTS = "config.json", "model.safetensors"

Folder = str | os.PathLike[str]


class Pretrained(nn.Module):
    """Base of the modules that a folder can hold: made anew from their arguments, then loaded."""

    made_with: Arguments

    def __new__(cls, *args: Any, **options: Any) -> Self:
        """Note the arguments, whatever the constructor makes of them."""
        module = super().__new__(cls)
        module.__dict__["made_with"] = bind(cls, args, options)
        return module

    def remade_with(self, **arguments: object) -> None:
        """Note arguments that would make the module as it has become since it was made."""
        self.made_with = Arguments(
            self.made_with | {name: encode(value) for name, value in arguments.items()}
        )

    def save_pretrained(self, folder: Folder) -> None:
        """Write the name of the class, its arguments and the weights into a folder.

        ``config.json`` holds the name, the arguments and the version of this library;
        ``model.safetensors`` the weights and buffers. Functions among the arguments are written by
        their names in torch, modules and classes by theirs in torch.nn, torch_geometric.nn or
        simplex. Nothing is pickled. Needs ``safetensors``: ``pip install
        'simplex-networks[train]'``.

        Args:
            folder: is made if it is not there; what it holds of these two files is replaced.

        Raises:
            ValueError: an argument has no such name, as a function of your own has none; or widths
                of the network are still to be taken from its first input; or it is on meta.

        Example:
            >>> from tempfile import TemporaryDirectory
            >>> from simplex.nn import SIN
            >>> model = SIN(1, 8, 2, num_layers=2, max_dim=2)
            >>> with TemporaryDirectory() as folder:
            ...     model.save_pretrained(folder)
            ...     same = SIN.from_pretrained(folder)
            >>> bool((model.readout.classify.weight == same.readout.classify.weight).all())
            True
        """
        files, kind = _safetensors(), type(self)
        for name, value in self.made_with.items():
            if refused := refusals(value):
                raise ValueError(
                    f"{name} must be made of numbers, words, and functions, classes and modules of "
                    f"torch, torch_geometric or simplex with a public name to be saved, got "
                    f"{refused[0]}. Save the weights alone, torch.save(model.state_dict(), file), "
                    "and make the network in code."
                )
        state = self.state_dict()
        if any(is_lazy(value) for value in state.values()):
            raise ValueError(
                "the network must know its widths to be saved, got in_channels=-1 and no input "
                "yet. Call it once."
            )
        if any(value.is_meta for value in state.values()):
            raise ValueError(
                "the network must hold weights to be saved, got meta tensors. Load some, or draw "
                "them: model.to_empty(device='cpu'), then reset_parameters()."
            )
        config = {
            "class": _name(kind),
            "simplex": _version(),
            "arguments": dict(self.made_with),
        }
        place = _place(folder)
        try:
            place.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise ValueError(f"folder must not be a file, got {str(folder)!r}.") from error
        copies = {key: value.detach().cpu().contiguous().clone() for key, value in state.items()}
        files.save_file(copies, place / WEIGHTS)
        text = json.dumps(config, indent=2, ensure_ascii=False, allow_nan=False)
        (place / CONFIG).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def from_pretrained(cls, folder: Folder) -> Self:
        """The network that :meth:`save_pretrained` has written, on the CPU and in evaluation mode.

        Args:
            folder: where it is; of a network of this class. :func:`from_pretrained` takes any.

        Raises:
            FileNotFoundError: one of the two files is not there.
            ValueError: it holds a network of another class, arguments that this class does not
                take, weights of other names or shapes, or a damaged file.
        """
        config = _read_config(folder)
        if config["class"] != _name(cls):
            raise ValueError(
                f"folder must hold a network of the class {_name(cls)}, got one of "
                f"{config['class']}: {str(folder)!r}. Load it by simplex.nn.from_pretrained, or by "
                "its own class."
            )
        return _load(cls, config, folder)


def from_pretrained(folder: Folder) -> nn.Module:
    """A network of this library that ``save_pretrained`` has written, by the name in the folder.

    Args:
        folder: with ``config.json`` and ``model.safetensors``.

    Returns:
        The network, on the CPU and in evaluation mode.

    Raises:
        FileNotFoundError: one of the two files is not there.
        ValueError: the class is none of this library; or as of the method of that name.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from simplex.nn import GIN
        >>> with TemporaryDirectory() as folder:
        ...     GIN(1, 8, 2, num_layers=2, max_dim=2).save_pretrained(folder)
        ...     type(from_pretrained(folder)).__name__
        'GIN'
    """
    config = _read_config(folder)
    name = config["class"]
    kind = value_of(name) if name.startswith("simplex.") and "._" not in name else None
    if not isinstance(kind, type) or not issubclass(kind, Pretrained):
        raise ValueError(
            f"folder must hold a network of this library, got one of the class {name}: "
            f"{str(folder)!r}. Load one of your own by its class: {name.split('.')[-1]}"
            ".from_pretrained(folder)."
        )
    return _load(kind, config, folder)


Loaded = TypeVar("Loaded", bound=Pretrained)


def _load(kind: type[Loaded], config: dict[str, Any], folder: Folder) -> Loaded:
    """Make the module and load its weights."""
    files, path = _safetensors(), Path(folder) / WEIGHTS
    if not path.is_file():
        raise FileNotFoundError(_missing(folder, WEIGHTS))
    try:
        # Copies: those of safetensors lie in the file, which may be written anew, and unaligned.
        state: dict[str, Tensor] = {k: v.clone() for k, v in files.load_file(path).items()}
    except Exception as error:  # safetensors has an exception of its own for each damage
        raise ValueError(f"{str(path)!r} must be a safetensors file, got {error}.") from error
    said = f"{str(Path(folder) / CONFIG)!r}, written by version {config['simplex']}"
    try:
        module = kind(**{name: decode(value) for name, value in config["arguments"].items()})
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"the arguments of {said}, must be those of {kind.__name__} in version {_version()}: "
            f"{error}"
        ) from error
    for value in state.values():
        if value.is_floating_point():
            module.to(value.dtype)
            break
    for key, own in module.state_dict().items():
        given = state.get(key, own)
        if given.is_floating_point() != own.is_floating_point():
            raise ValueError(
                f"the weights must be those of {said}: {key} must be {own.dtype}, got "
                f"{given.dtype}."
            )
    try:
        module.load_state_dict(state, assign=True)
    except RuntimeError as error:
        raise ValueError(f"the weights must be those of {said}: {error}") from error
    return module.eval()


def _read_config(folder: Folder) -> dict[str, Any]:
    """The JSON of a folder, with its three fields."""
    path = _place(folder) / CONFIG
    if not path.is_file():
        raise FileNotFoundError(_missing(folder, CONFIG))
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{str(path)!r} must be JSON, got {error}.") from error
    kinds = {"class": str, "simplex": str, "arguments": dict}
    if not isinstance(config, dict) or not all(
        isinstance(config.get(key), kind) for key, kind in kinds.items()
    ):
        raise ValueError(
            f"{str(path)!r} must hold the fields class, simplex and arguments, as save_pretrained "
            "writes them."
        )
    return config


def _place(folder: object) -> Path:
    """The folder as a path."""
    if not isinstance(folder, str | os.PathLike):
        raise TypeError(f"folder must be a path, got {brief(folder)}.")
    return Path(folder)


def _missing(folder: Folder, name: str) -> str:
    run = " A run is read by simplex.train.read_run." if Path(folder, "row.md").exists() else ""
    return (
        f"folder must hold {name}, got {str(folder)!r} without. Write it with "
        f"model.save_pretrained(folder).{run}"
    )


def _name(kind: type) -> str:
    """The name of a class in a folder: the public one of this library's, else where it is."""
    return name_of(kind) or f"{kind.__module__}.{kind.__qualname__}"


def _version() -> str:
    import simplex

    return simplex.__version__


def _safetensors() -> Any:
    try:
        import safetensors.torch
    except ImportError as error:
        raise ImportError(
            "safetensors is needed to save and load networks: "
            "pip install 'simplex-networks[train]'."
        ) from error
    return safetensors.torch
