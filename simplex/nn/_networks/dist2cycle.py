"""Dist2Cycle: features filtered by the inverse of the shifted Hodge Laplacian."""

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, require_int, require_word
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._layer import DegreeConv
from simplex.nn._modules import linear
from simplex.operators import apply_down_laplacian, apply_up_laplacian, hodge_bound, part_bound


class Dist2CycleConv(DegreeConv):
    r"""A filter that keeps what is near the kernel of the Laplacian: homology.

    .. math:: X' = p_m(L_k) \, X \, W, \qquad p_m(λ) ≈ \frac{1}{1 + λ}

    p_m(L) X is the Chebyshev iteration of m steps for (I + L)⁻¹ X, the polynomial of degree m - 1
    whose largest error 1 - (1 + λ) p_m(λ) on an interval with the spectrum is the smallest. With b
    a bound of the spectrum (the largest row sums of |∂_k|ᵀ|∂_k| and |∂_{k+1}|ᵀ|∂_{k+1}|), the error
    is at most

    .. math:: 2 \Big( \frac{\sqrt{1 + b} - 1}{\sqrt{1 + b} + 1} \Big)^m.

    b is taken for every part of a disjoint union by itself, so parts do not change each other.
    Harmonic cochains, and with ``"down"`` all cycles, pass nearly unchanged; the rest is damped.

    Departures from the paper: (1) it forms the inverse as a dense matrix and keeps its entries
    between neighbours, A ⊙ (I + L)⁻¹. Those entries cannot be had without the n × n matrix; here
    the inverse itself acts, so a simplex hears from as far as m - 1 steps. (2) There is no bias,
    and the activation is left to the network. (3) As I + L is positive definite, the
    pseudo-inverse of the paper is the inverse.

    Args:
        in_channels, out_channels, k: see :class:`DegreeConv`; the paper has k = 1.
        num_steps: m.
        laplacian: ``"hodge"`` for L = L_k, ``"down"`` for its lower part.

    Laws:
        Those of :class:`DegreeConv`; linear; orientation equivariant.

    Cost:
        O(m · incidences · in_channels), no matrix is formed.

    Paper:
        Keros, Nanda, Subr, "Dist2Cycle: A Simplicial Neural Network for Homology Localization",
        AAAI 2022, arXiv 2110.15182. TopoModelX's layer of this name overwrites its input, which has
        no effect on the result, wants as many channels as there are edges, and is given a dense
        pseudo-inverse.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2), (0, 2)])
        >>> circle = torch.tensor([[1.0], [-1.0], [1.0]])  # harmonic: (0, 1), (0, 2), (1, 2)
        >>> conv = Dist2CycleConv(1, 8, k=1)
        >>> torch.allclose(conv(circle, K), conv.lin(circle), atol=1e-5)
        True
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        k: int = 1,
        *,
        num_steps: int = 20,
        laplacian: str = "hodge",
    ) -> None:
        super().__init__(in_channels, out_channels, k)
        require_int("num_steps", num_steps, 1)
        require_word("laplacian", laplacian, ("hodge", "down"))
        self.num_steps, self.laplacian = num_steps, laplacian
        self.lin = linear(in_channels, out_channels, bias=False)

    def convolve(self, x: Tensor, complex: SimplicialComplex) -> Tensor:
        """The filter, then the dense map."""
        near: Tensor = self.lin(shifted_inverse(complex, x, self.k, self.num_steps, self.laplacian))
        return near


def shifted_inverse(
    K: SimplicialComplex, x: Tensor, k: int, num_steps: int = 20, laplacian: str = "hodge"
) -> Tensor:
    r"""(I + L)⁻¹ x by Chebyshev iteration on [1, 1 + b], part by part.

    A fixed polynomial in L for each part, so linear in x; the error is bounded as
    :class:`Dist2CycleConv` says.

    Paper:
        Saad, "Iterative Methods for Sparse Linear Systems", 2003, Algorithm 12.1.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1), (1, 2)])
        >>> y = shifted_inverse(K, torch.tensor([[1.0], [0.0]]), 1)  # L = [[2, -1], [-1, 2]]
        >>> [round(each, 5) for each in y.squeeze(1).tolist()]
        [0.375, 0.125]
    """

    def shifted(values: Tensor) -> Tensor:
        result = values + apply_down_laplacian(K, values, k)
        return result if laplacian == "down" else result + apply_up_laplacian(K, values, k)

    down = part_bound(K, k).clamp(min=1)
    bound = down[K.part(k)] if laplacian == "down" else hodge_bound(K, k)
    half = bound.to(x.dtype)[:, None] / 2
    center = 1 + half
    ratio = half / center
    residual, step = x, x / center
    result = step
    for _ in range(num_steps - 1):
        residual = residual - shifted(step)
        next_ratio = 1 / (2 * center / half - ratio)
        step = next_ratio * ratio * step + 2 * next_ratio / half * residual
        result, ratio = result + step, next_ratio
    return result


class Dist2Cycle(StackedNetwork):
    r"""Filters by the shifted inverse Laplacian on all dimensions, a readout, a classifier.

    For a value on each simplex, such as the distance to the next homology generator, train on
    ``model.encode(x, complex)``.

    Departures from the paper: (1) every dimension, not edges alone; (2) the features are the
    caller's, where the paper takes eigenvectors of the Laplacian; (3) tanh in the place of
    LeakyReLU, which breaks the symmetry of orientation.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        num_steps, laplacian: of :class:`Dist2CycleConv`.
        activation: after every layer, an odd function: tanh.

    Laws:
        Invariant under relabelling and reorientation.

    Paper:
        Keros et al. 2022, see :class:`Dist2CycleConv`.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = Dist2Cycle(1, 16, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    conv, defaults = Dist2CycleConv, {"activation": torch.tanh, "oriented": True}
