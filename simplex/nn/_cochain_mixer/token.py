"""What the token mixings have in common: cochains of one width, whichever it is."""

from collections.abc import Sequence

from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.nn._checks import require_cochains, require_positive
from simplex.nn._layer import ComplexConv


class TokenMixerConv(ComplexConv):
    """A token MLP of width ``tokens_mlp_dim``, the same for every channel: their number is free."""

    def __init__(self, tokens_mlp_dim: int, max_dim: int) -> None:
        super().__init__(-1, -1, max_dim)
        require_positive(tokens_mlp_dim=tokens_mlp_dim)
        self.tokens_mlp_dim = tokens_mlp_dim

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
        """As in the base class, with one width for all cochains."""
        require_cochains(complex, x, self.max_dim, parameter=next(self.parameters(), None))
        require_cochains(complex, x, self.max_dim, x[0].shape[-1])
        return self.convolve(x, complex)
