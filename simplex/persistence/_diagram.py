"""Persistence diagrams as tensors: a row for each class, of all degrees and parts."""

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import HIGHEST_DIM, require_int, require_real


@dataclass(frozen=True, eq=False, repr=False)
class Diagram:
    """The classes of a filtered complex, or of every part of a union, one row each.

    Rows are sorted by part, degree and birth; of classes born at one value, by the id of the
    simplex that gives birth.

    Attributes:
        dims: (m,) int64, the degree of each class.
        birth: (m,) the value at which it appears, differentiable in the filtration.
        death: (m,) the value at which it ends; infinity where it stays.
        birth_simplex: (m,) int64, the id, in dimension ``dims``, of the simplex that made it.
        death_simplex: (m,) int64, the id, in dimension ``dims + 1``, of the simplex that ended it;
            -1 where it stays.
        part: (m,) int64, the part that it belongs to.
        num_parts: how many parts there are; some may have no row.

    Example:
        >>> from simplex import SimplicialComplex
        >>> from simplex.persistence import persistence
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2)])
        >>> D = persistence(K.with_filtration([[0.0, 0, 0], [1.0, 2, 3]]))
        >>> D, D.of(1).birth.tolist()
        (Diagram(classes=[3, 1]), [3.0])
    """

    dims: Tensor
    birth: Tensor
    death: Tensor
    birth_simplex: Tensor
    death_simplex: Tensor
    part: Tensor
    num_parts: int = 1

    def __len__(self) -> int:
        return len(self.dims)

    def __getitem__(self, rows: Tensor) -> "Diagram":
        """Some of the classes, by a mask (m,) or by row numbers."""
        columns = {
            field.name: getattr(self, field.name)[rows]
            for field in fields(self)
            if field.name != "num_parts"
        }
        return Diagram(**columns, num_parts=self.num_parts)

    def of(self, k: int) -> "Diagram":
        """The classes of degree k."""
        return self[self.dims == require_int("k", k, least=0, most=HIGHEST_DIM)]

    def of_part(self, p: int) -> "Diagram":
        """The classes of part p, as of a complex of one part; ids of simplices stay the union's."""
        rows = self[self.part == require_int("p", p, least=0, most=self.num_parts - 1)]
        columns = {field.name: getattr(rows, field.name) for field in fields(self)}
        return Diagram(**columns | {"part": torch.zeros_like(rows.part), "num_parts": 1})

    def finite(self) -> "Diagram":
        """The classes that end."""
        return self[self.death.detach().isfinite()]

    def essential(self) -> "Diagram":
        """The classes that stay."""
        return self[self.death_simplex < 0]

    def capped(self, end: float) -> "Diagram":
        """The diagram as it is seen at one value: later births are left out, deaths moved to it.

        What is made of finite classes alone, such as images and landscapes, then has all of them.
        """
        end = require_real("end", end)
        rows = self[self.birth.detach() < end]
        columns = {field.name: getattr(rows, field.name) for field in fields(self)}
        return Diagram(**columns | {"death": rows.death.clamp(max=end)})

    def arrays(self, k: int) -> list[np.ndarray]:
        """For each part the (m, 2) float64 pairs of degree k, for ``gudhi.representations``.

        Classes that stay are among them; call :meth:`finite` or :meth:`capped` first where a
        method does not take infinity.
        """
        rows = self.of(k)
        sizes = torch.bincount(rows.part, minlength=self.num_parts)[:-1].cumsum(0)
        return np.split(rows.pairs.detach().double().cpu().numpy(), sizes.cpu().numpy())

    @property
    def lifetime(self) -> Tensor:
        """(m,) death - birth."""
        return self.death - self.birth

    @property
    def pairs(self) -> Tensor:
        """(m, 2) births and deaths side by side, as GUDHI's functions take them."""
        return torch.stack([self.birth, self.death], dim=1)

    def __repr__(self) -> str:
        counts = torch.bincount(self.dims).tolist()
        parts = "" if self.num_parts == 1 else f", num_parts={self.num_parts}"
        return f"Diagram(classes={counts}{parts})"
