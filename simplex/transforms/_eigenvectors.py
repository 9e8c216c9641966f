"""The low end of the spectrum of the Hodge Laplacian as features."""

from collections.abc import Sequence

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int, require_word
from simplex.operators import betti_numbers, eigenpairs
from simplex.transforms._encoding import Encoding


PARTS = ("hodge", "gradient", "curl", "harmonic")
_SAME = 1e-6  # eigenvalues nearer than that, relative to 1 + λ, are one
_MOST = 512  # eigenvectors of a large part, in one eigenspace or before it


class HodgeEigenvectors(Encoding):
    r"""The eigenvectors of the smallest eigenvalues of L_k, or what of them has no sign.

    .. math:: v_{1σ}, …, v_{cσ} \quad\text{or}\quad (Π_1)_{σσ}, …, (Π_c)_{σσ}, \qquad
              Π_j = \sum_{λ_i = μ_j} v_i v_i^⊤

    - ``form="flipped"``: :func:`~simplex.operators.eigenpairs`, each vector of each part with a
      random sign, drawn anew at every call, as is done with Laplacian encodings in training.
    - ``form="fixed"``: with the sign that makes the largest entry positive.
    - ``form="squared"``: the diagonals of the projectors onto the eigenspaces of the smallest
      *distinct* eigenvalues μ_j: they depend on no sign and no choice of a basis.

    Where a part has fewer, columns of zeros are added.

    Args:
        count: c, how many columns.
        part: ``"hodge"`` for all of L_k, or its ``"gradient"``, ``"curl"`` or ``"harmonic"`` part.
            On the vertices ``"curl"`` leaves out the constants.
        form: ``"flipped"``, ``"fixed"`` or ``"squared"``.
        dims, name, generator: as for :class:`Encoding`; of the signs.

    Raises:
        ValueError: ``"squared"`` on a part of more than 512 k-simplices whose eigenspaces, as that
            of many holes, have more than 512 dimensions.

    Laws:
        ``"squared"`` is permutation equivariant and invariant under reorientation; the others turn
        with the orientation, up to a sign per vector where eigenvalues are simple. A union is
        treated as its parts.

    Cost:
        That of :func:`~simplex.operators.eigenpairs`. Eigenvalues that differ by less than 1e-6
        (1 + λ) are taken as one.

    Paper:
        Dwivedi et al., "Benchmarking Graph Neural Networks", JMLR 2023, section 4, for vertices and
        ``"flipped"``.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (0, 2), (1, 2)])
        >>> HodgeEigenvectors(2, form="squared").columns(K, 1)[0].round(decimals=4)
        tensor([0.3333, 0.6667])
    """

    def __init__(
        self,
        count: int = 8,
        *,
        part: str = "hodge",
        form: str = "flipped",
        dims: Sequence[int] | None = None,
        name: str = "x",
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(dims=dims, name=name, generator=generator)
        self.count = require_int("count", count, least=1)
        require_word("part", part, PARTS)
        require_word("form", form, ("flipped", "fixed", "squared"))
        self.part = part
        self.form = form

    def compute(self, K: SimplicialComplex, k: int) -> Tensor:
        """(n_k, count)."""
        if self.form == "squared":
            return self._projectors(K, k)
        found = eigenpairs(K, k, self.count, part=self.part, dtype=torch.float64)
        if self.form == "fixed":
            return found.vectors
        shape = (K.num_parts, self.count)
        signs = torch.randint(0, 2, shape, generator=self.generator).double().mul_(2).sub_(1)
        return found.vectors * signs.to(K.device)[K.part(k)]

    def _projectors(self, K: SimplicialComplex, k: int) -> Tensor:
        sizes = K.part_pointer(k).diff()
        largest = int(sizes.amax()) if K.num_parts else 0
        wanted = 2 * self.count
        if largest > _MOST and K.num_parts == 1 and self.part in ("hodge", "harmonic"):
            wanted += (*betti_numbers(K.skeleton(k + 1)), 0)[k]
        while True:
            self._require_narrow(wanted, largest, k)
            found = eigenpairs(K, k, wanted, part=self.part, dtype=torch.float64)
            values = found.values.view(K.num_parts, wanted)
            finite = torch.where(values.isfinite(), values, torch.finfo(values.dtype).max)
            jump = finite.diff(dim=1) > _SAME * (1 + finite[:, :-1])
            space = torch.nn.functional.pad(jump.cumsum(1), (1, 0))  # which, (num_parts, wanted)
            if bool(((space[:, -1] >= self.count) | ~values[:, -1].isfinite()).all()):
                break
            wanted *= 2
        place = space.clamp(max=self.count)[K.part(k)]
        spaces = found.vectors.new_zeros(K.num_simplices(k), self.count + 1)
        return spaces.scatter_add(1, place, found.vectors.square())[:, : self.count]

    def _require_narrow(self, wanted: int, largest: int, k: int) -> None:
        """Few eigenvectors, if there is a large part."""
        if wanted > _MOST < largest:
            raise ValueError(
                f"count must be of eigenspaces with at most {_MOST} dimensions together on a part "
                f"of {largest} {k}-simplices, got {self.count} of {self.part!r}. Take "
                "part='gradient' or 'curl', and HarmonicEnergies or HeatKernelDiagonals for the "
                "holes."
            )
