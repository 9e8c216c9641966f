"""What a solver remembers between two steps: a dict of the caller."""

from typing import Any

import torch
from torch import Tensor


State = dict[str, Any]


def kept_buffer(state: State, name: str, like: Tensor) -> Tensor:
    """The buffer of that name, in that type; at zero where it is missing or of another shape."""
    buffer = state.get(name)
    if buffer is None or buffer.shape != like.shape:
        buffer = torch.zeros_like(like)
    assert isinstance(buffer, Tensor)
    buffer = state[name] = buffer.to(like)
    return buffer
