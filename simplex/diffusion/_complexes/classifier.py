"""Classifiers of complexes that are half gone, and the guide they make."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from simplex.complexes import SimplicialComplex, require_complex, require_int, restrict
from simplex.diffusion._checks import (
    kind_of,
    require_callable,
    require_floats,
    require_instance,
    require_numbers,
)
from simplex.diffusion._complexes.checks import require_of_process, require_times_of_parts
from simplex.diffusion._complexes.conditions import ComplexGuide
from simplex.diffusion._complexes.guides import rows_of_chains
from simplex.diffusion._complexes.survival import FaceSurvival


# From a union and (num_parts,) int64 times to (num_parts, classes) logits.
NoisyClassifier = Callable[[SimplicialComplex, Tensor], Tensor]


class ComplexClassifier(nn.Module):
    """A simplicial network as a classifier of states of a chain, told 1 and t/T at each simplex.

    Args:
        network: from cochains ``[x_0, …, x_D]``, (n_k, 2) each, and the complex, to
            (num_parts, classes) logits: any network of ``simplex.nn`` of two input channels, which
            reads out parts.
        max_dim: D, that of the process.
        num_steps: T, that of the process.

    Raises:
        ValueError: in a call, times after T, or a complex of dimension above D.

    Example:
        >>> from simplex.diffusion import FaceSurvival, classifier_loss
        >>> sums = lambda x, K: torch.stack([K.part_pointer(k).diff() for k in (0, 1)], 1).float()
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> classifier = ComplexClassifier(sums, max_dim=2, num_steps=8)
        >>> classifier_loss(classifier, FaceSurvival.linear(8, 2), K, torch.tensor([1]), 3).shape
        torch.Size([1])
    """

    def __init__(
        self,
        network: Callable[[Sequence[Tensor], SimplicialComplex], Tensor],
        *,
        max_dim: int,
        num_steps: int,
    ) -> None:
        super().__init__()
        require_callable("network", network)
        self.max_dim = require_int("max_dim", max_dim, 1)
        self.num_steps = require_int("num_steps", num_steps, 1)
        self.network = network

    def forward(self, K: SimplicialComplex, t: Tensor) -> Tensor:
        """Logits (num_parts, classes).

        Args:
            K: a state, or a union of these.
            t: (num_parts,) int64 times.
        """
        require_complex("K", K)
        require_times_of_parts(K, t)
        require_of_process("max_dim", self.max_dim, K.dim, "simplices of dimension")
        require_of_process("num_steps", self.num_steps, max(t.tolist(), default=0), "times up to")
        given = next(self.parameters(), torch.zeros(0)).dtype
        time = t.to(given) / self.num_steps
        cochains = [
            torch.stack([torch.ones_like(when), when], dim=1)
            for when in (time[K.part(k)] for k in range(self.max_dim + 1))
        ]
        logits: Tensor = self.network(cochains, K)
        return logits

    def extra_repr(self) -> str:
        """What the repr of the module shows."""
        return f"max_dim={self.max_dim}, num_steps={self.num_steps}"


def classifier_loss(
    classifier: NoisyClassifier,
    process: FaceSurvival,
    K: SimplicialComplex,
    labels: Tensor,
    t: int | Tensor,
    *,
    generator: torch.Generator | None = None,
) -> Tensor:
    """The cross-entropy of a classifier at a state that is drawn, -log p(label | x_t), per part.

    Args:
        classifier: from a union and (num_parts,) times to (num_parts, classes) logits.
        process: that of the chain which is to be guided.
        K: x_0, or a union of these.
        labels: (num_parts,) int64.
        t: times in 0 … T; (num_parts,) int64 for one per part.
        generator: of the state.

    Returns:
        (num_parts,) losses.

    Raises:
        TypeError: labels that are no integers.
        ValueError: labels that are not one for each part, or no classes.
    """
    require_callable("classifier", classifier)
    require_instance("process", process, FaceSurvival)
    times = process.times(K, t)
    numbers = _labels(labels).to(K.device)
    if numbers.shape != (K.num_parts,):
        raise ValueError(
            f"labels must be one for each part of K, shape ({K.num_parts},), got "
            f"{tuple(numbers.shape)}."
        )
    state = restrict(K, process.sample(K, times, generator=generator)).complex
    logits = _asked(classifier, state, times, numbers)
    return cross_entropy(logits, numbers, reduction="none")


def classifier_guide(classifier: NoisyClassifier, labels: int | Tensor) -> ComplexGuide:
    r"""A ``guide`` of :func:`sample_complexes` towards a class: log p(label | x_t).

    Args:
        classifier: from a union and (num_parts,) times to (num_parts, classes) logits, trained on
            states of all times: a :class:`ComplexClassifier` by :func:`classifier_loss`.
        labels: the class, or an int64 tensor with one for each complex that is generated.

    Returns:
        The guide. How much it counts is ``guide_scale`` of the sampler.

    Raises:
        TypeError: labels that are no integers.
        ValueError: in a call, labels that are no classes, or not one for each complex.

    Paper:
        P. Dhariwal, A. Nichol, "Diffusion models beat GANs on image synthesis", NeurIPS 2021.
        Departure: a complex has no gradient, so chains are weighed by what the classifier says.

    Example:
        >>> from simplex.diffusion import FaceSurvival, sample_complexes
        >>> coin = lambda state, candidates, t: torch.zeros(len(candidates.simplices))
        >>> def full(K, t):  # class 1 the surer, the more edges there are
        ...     edges = K.part_pointer(1).diff().float()
        ...     return torch.stack([-edges, edges], 1)
        >>> guide = classifier_guide(full, 1)
        >>> K = sample_complexes(coin, FaceSurvival.linear(8, 1), [5], guide=guide, guide_scale=2.0)
    """
    require_callable("classifier", classifier)
    numbers = _labels(labels)

    def guide(K: SimplicialComplex, t: Tensor) -> Tensor:
        wanted = rows_of_chains(numbers.reshape(-1), K)
        return -cross_entropy(_asked(classifier, K, t, wanted), wanted, reduction="none")

    return guide


def _labels(labels: object) -> Tensor:
    """Labels as whole numbers."""
    numbers = require_numbers("labels", labels)
    if numbers.is_floating_point() or numbers.dtype == torch.bool or numbers.dim() > 1:
        raise TypeError(f"labels must be integers, one for each complex, got {kind_of(labels)}.")
    return numbers.long()


def _asked(classifier: NoisyClassifier, K: SimplicialComplex, t: Tensor, labels: Tensor) -> Tensor:
    """(num_parts, classes) logits, checked."""
    logits = classifier(K, t)
    require_floats("the logits of the classifier", logits)
    if logits.dim() != 2 or len(logits) != K.num_parts:
        raise ValueError(
            f"the classifier must give a row of logits for each part, ({K.num_parts}, classes), "
            f"got {tuple(logits.shape)}."
        )
    least, most = min(labels.tolist(), default=0), max(labels.tolist(), default=0)
    if least < 0 or most >= max(logits.shape[1], 1):
        raise ValueError(
            f"labels must be classes in 0 … {logits.shape[1] - 1}, got {least} to {most}."
        )
    return logits
