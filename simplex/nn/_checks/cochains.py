"""What layers and networks refuse of cochains and complexes."""

from collections.abc import Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.nn._checks.tensors import brief, require_dtype_of, require_tensor_of


def require_cochains(
    K: SimplicialComplex,
    x: Sequence[Tensor] | Tensor,
    max_dim: int,
    in_channels: int | Sequence[int] = -1,
    parameter: Tensor | None = None,
) -> None:
    """Raise unless there is one cochain per dimension 0 … max_dim, a row of floats per simplex.

    The widths are ``in_channels``, -1 for any; dtype and device those of the parameter, if there
    is one. What is no list of floating-point tensors, or no complex, is a ``TypeError``.
    """
    require_list(K, x, max_dim)
    widths = [in_channels] * len(x) if isinstance(in_channels, int) else in_channels
    for k, (values, width) in enumerate(zip(x, widths, strict=True)):
        if values.ndim != 2 or values.shape[0] != K.num_simplices(k):
            raise ValueError(
                f"x[{k}] must have shape (n_{k}, channels) with n_{k} = "
                f"{K.num_simplices(k)}, got {tuple(values.shape)}."
            )
        require_values(f"x[{k}]", values, K, width, parameter)


def require_list(K: SimplicialComplex, x: Sequence[Tensor] | Tensor, max_dim: int) -> None:
    """Raise unless this is a list of one tensor per dimension 0 … max_dim, whatever it holds."""
    require_complex(K)
    container: object = x
    if isinstance(container, Tensor):
        raise TypeError(
            f"x must be a list of cochains, one for each dimension 0 … {max_dim}, got one tensor "
            f"of shape {tuple(container.shape)}. Spread vertex features with simplex.transforms."
        )
    if not isinstance(container, Sequence) or isinstance(container, str | bytes):
        raise TypeError(
            f"x must be a list of cochains, one for each dimension 0 … {max_dim}, got "
            f"{type(x).__name__}. Of lifted data, pass .cochains(); of a dictionary, its values in "
            "the order of the dimensions."
        )
    if len(x) != max_dim + 1:
        raise ValueError(
            f"x must hold one cochain for each dimension 0 … {max_dim}, got {len(x)}. Dimensions "
            "without simplices need an empty one, of shape (0, channels)."
        )
    for k, cochain in enumerate(container):
        if not isinstance(cochain, Tensor):
            raise TypeError(
                f"x[{k}] must be a tensor, got {brief(cochain)}. Dimensions without simplices need "
                "an empty one, of shape (0, channels)."
            )


def require_read(
    K: SimplicialComplex, x: Sequence[Tensor], dims: Sequence[int], weight: Tensor
) -> None:
    """Raise unless the dimensions that are read have cochains that this map takes."""
    top = max(dims)
    require_complex(K)
    given: object = x
    if not isinstance(given, Sequence) or isinstance(given, str | bytes) or len(x) <= top:
        raise TypeError(
            f"x must be a list of cochains, one for each dimension up to {top}, got {brief(x)}."
        )
    for k in dims:
        require_tensor_of(f"x[{k}]", x[k], f"a tensor of shape (n_{k}, {weight.shape[1]})")
        if x[k].ndim != 2 or x[k].shape[0] != K.num_simplices(k):
            raise ValueError(
                f"x[{k}] must have shape (n_{k}, {weight.shape[1]}) with n_{k} = "
                f"{K.num_simplices(k)}, got {tuple(x[k].shape)}."
            )
        require_values(f"x[{k}]", x[k], K, weight.shape[1], weight)


def require_cochain(
    K: SimplicialComplex, x: Tensor, k: int, channels: int = -1, parameter: Tensor | None = None
) -> None:
    """Raise unless x has one row of floats per k-simplex and channels, of this number.

    What is no tensor of floats, or no complex, is a ``TypeError``.
    """
    require_complex(K)
    wanted = f"of shape (…, n_{k}, {'channels' if channels == -1 else channels})"
    require_tensor_of("x", x, f"a tensor {wanted}: one cochain, of degree {k}")
    if x.ndim < 2 or x.shape[-2] != K.num_simplices(k):
        raise ValueError(
            f"x must be {wanted} with n_{k} = {K.num_simplices(k)}, got {tuple(x.shape)}. A single "
            "channel is x[..., None]."
        )
    require_values("x", x, K, channels, parameter)


def require_complex(K: object) -> None:
    """Raise ``TypeError`` unless this is a complex."""
    if not isinstance(K, SimplicialComplex):
        raise TypeError(
            f"complex must be a SimplicialComplex, got {type(K).__name__}. Pass the .complex of "
            "lifted data, or lift a graph with simplex.lifting.clique_complex; the cochains come "
            "first."
        )


def require_values(
    name: str,
    x: Tensor,
    K: SimplicialComplex,
    channels: int,
    parameter: Tensor | None,
    sparse: bool = False,
) -> None:
    """Refuse a cochain whose entries are not what the maps take."""
    if x.layout != torch.strided and not sparse:
        raise TypeError(
            f"{name} must be dense, got {x.layout}. Convert it with .to_dense(); or make the "
            "network with embed=True, whose first map takes sparse rows."
        )
    if not x.is_floating_point():
        raise TypeError(
            f"{name} must be floating point, got {x.dtype}. Convert it with .float(); or make the "
            "network with embed=CochainEncoder(…, categories=…) if these are categories."
        )
    wrong = channels != -1 and x.shape[-1] != channels
    if wrong:
        raise ValueError(
            f"{name} must have {channels} channels, as in_channels says, got {x.shape[-1]}. Make "
            "the module with the width of the features, or with -1 to take it from the first input."
        )
    if x.device != K.device:
        raise ValueError(
            f"{name} must be on the device of the complex, {K.device}, got {x.device}. Move both "
            "with .to(device)."
        )
    if parameter is not None:
        require_dtype_of(parameter, x, name)
