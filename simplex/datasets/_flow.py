"""The synthetic flow task: on which side of two holes did a path go, in any orientation?"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    on_free_threads,
    real_tensor,
    require_generator,
    require_int,
    require_memory,
)
from simplex.datasets._walks import Walks, walk_by_checkpoint
from simplex.lifting import delaunay_complex


_HOLES = ((0.2, 0.4), (0.6, 0.8))  # the squares [0.2, 0.4]² and [0.6, 0.8]²
_START = ((0.0, 0.2), (0.8, 1.0))
_END = ((0.8, 1.0), (0.0, 0.2))
_CHECKPOINTS = (((0.0, 0.2), (0.0, 0.2)), ((0.8, 1.0), (0.8, 1.0)))  # class 0, class 1


@dataclass(frozen=True, eq=False)
class FlowSamples:
    """Labelled flows on one complex, each given in an orientation of its own.

    Args:
        flows: (m, n_1) int8, the edge values: +1 for a step along the edge, -1 for one against it,
            added where a path comes back; 0 elsewhere.
        orientation: (m, n_1) int8, for each sample the signs of the edges, relative to the
            complex, in which its flow is written.
        labels: (m,) int64 classes.
    """

    flows: Tensor
    orientation: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Tensor | slice) -> "FlowSamples":
        return FlowSamples(self.flows[index], self.orientation[index], self.labels[index])

    def reorient(self, signs: Tensor) -> "FlowSamples":
        """Turn edges around: T x for the flow x, and T o for the orientation o that x is read in.

        Args:
            signs: the diagonals of T, +1 or -1, of shape (m, n_1), or (n_1,) for all samples alike.

        Raises:
            ValueError: a value other than ±1.
        """
        signs = real_tensor("signs", signs)
        shape = self.flows.shape
        if signs.is_meta or tuple(signs.shape) not in (shape, shape[1:]):
            raise ValueError(
                f"signs must be of shape {tuple(shape)} or {tuple(shape[1:])}, got "
                f"{tuple(signs.shape)}."
            )
        if not bool((signs.abs() == 1).all()):
            raise ValueError("signs must be +1 or -1, got other values.")
        signs = signs.to(torch.int8)
        return FlowSamples(self.flows * signs, self.orientation * signs, self.labels)

    def to(self, device: torch.device | str) -> "FlowSamples":
        """The samples with all tensors on the device."""
        return FlowSamples(*(getattr(self, each.name).to(device) for each in fields(self)))


@dataclass(frozen=True, eq=False)
class FlowTask:
    """A triangulated domain with holes, and flows on it.

    Args:
        complex: the triangulation, of dimension 2.
        positions: (n_0, 2) float64 coordinates of its vertices.
        train: flows in the complex's own orientation.
        test: flows in random orientations, another one for each sample.
    """

    complex: SimplicialComplex
    positions: Tensor
    train: FlowSamples
    test: FlowSamples

    def to(self, device: torch.device | str) -> "FlowTask":
        """The task with all tensors on the device."""
        return FlowTask(*(getattr(self, each.name).to(device) for each in fields(self)))


@on_free_threads()
def synthetic_flow(
    num_points: int = 1000,
    num_train: int = 1000,
    num_test: int = 200,
    *,
    generator: torch.Generator | None = None,
) -> FlowTask:
    """Draw the synthetic flow task of the paper: mesh, training flows and test flows.

    ``num_points`` uniform points in [-0.05, 1.05]² are triangulated by Delaunay; the vertices in
    the squares [0.2, 0.4]² and [0.6, 0.8]² are removed with all their triangles. A path runs from
    the upper left corner [0, 0.2] × [0.8, 1] to the lower right one, past a checkpoint in the lower
    left corner (class 0) or in the upper right one (class 1); classes alternate. Each step goes to
    the unvisited neighbour nearest to the current target, with probability 0.1 to a random
    unvisited one; a path without a way out is drawn anew. Its flow is ±1 on the edges it runs on.

    Training flows are written in the complex's own orientation, and each test flow in a random
    orientation of its own: a network that is not equivariant under reorientation cannot know the
    difference from noise.

    Args:
        num_points: points before the holes are cut, at least about 100 (a corner must not be
            empty).
        num_train: training flows.
        num_test: test flows.
        generator: source of all randomness, on the CPU; ``None`` for torch's global one.

    Returns:
        The task, on the CPU: about 2·num_samples·n_1 bytes.

    Raises:
        ValueError: sizes out of range or too large for the memory, or a mesh too coarse for the
            paths.

    Paper:
        Bodnar et al., "Weisfeiler and Lehman Go Topological", ICML 2021, section on orientation
        equivariance. Departures: (1) everything is drawn from the generator, a new mesh for each
        seed; (2) classes alternate instead of coming one after the other.

    Example:
        >>> task = synthetic_flow(150, 10, 4, generator=torch.Generator().manual_seed(0))
        >>> task.complex.dim, task.train.flows.shape == (10, task.complex.num_simplices(1))
        (2, True)
    """
    require_int("num_points", num_points, least=4)
    require_int("num_train", num_train, least=0)
    require_int("num_test", num_test, least=0)
    require_generator(generator)
    _require_room(num_points, num_train + num_test)
    K, positions = _mesh(num_points, generator)
    labels = torch.cat([torch.arange(num_train), torch.arange(num_test)]) % 2
    walks = walk_by_checkpoint(
        K,
        positions,
        _inside(positions, _START),
        _inside(positions, _END),
        [_inside(positions, square) for square in _CHECKPOINTS],
        labels,
        generator,
    )
    flows = flows_of_steps(K, walks, len(labels))
    samples = FlowSamples(flows, torch.ones_like(flows), labels)
    train, test = samples[:num_train], samples[num_train:]
    return FlowTask(K, positions, train, randomly_oriented(test, generator))


def _require_room(num_points: int, num_samples: int) -> None:
    """Ask before the mesh, and for each walk where it was and its flow on n_1 ≈ 3 n_0 edges."""
    what = f"the mesh of {num_points} points and {num_samples} flows on it"
    need = 1000 * num_points + num_samples * (12 * num_points + 400)
    require_memory(need, torch.device("cpu"), what, "Lower num_points or the number of flows.")


def _mesh(num_points: int, generator: torch.Generator | None) -> tuple[SimplicialComplex, Tensor]:
    """The triangulation without the triangles that have a vertex in a hole, vertices renumbered."""
    points = torch.rand(num_points, 2, dtype=torch.float64, generator=generator) * 1.1 - 0.05
    triangles = delaunay_complex(points).simplices(2)
    removed = torch.stack([_inside(points, (hole, hole)) for hole in _HOLES]).any(0)
    triangles = triangles[~removed[triangles].any(1)]  # (n_2, 3)
    kept, triangles = torch.unique(triangles, return_inverse=True)
    return SimplicialComplex.from_simplices(triangles, num_vertices=len(kept)), points[kept]


def _inside(points: Tensor, box: tuple[tuple[float, float], tuple[float, float]]) -> Tensor:
    """Which points lie in the closed box ((x_min, x_max), (y_min, y_max))."""
    low, high = torch.tensor(box, dtype=points.dtype, device=points.device).T
    inside: Tensor = ((points >= low) & (points <= high)).all(1)
    return inside


def flows_of_steps(K: SimplicialComplex, walks: Walks, num_samples: int) -> Tensor:
    """(num_samples, n_1) int8: the steps on each edge, +1 from its smaller to its larger vertex."""
    edges = K.index(torch.stack([walks.source, walks.target], dim=1))
    flows = torch.zeros(num_samples, K.num_simplices(1), dtype=torch.int8)
    signs = (walks.target - walks.source).sign().to(torch.int8)
    return flows.index_put_((walks.sample, edges), signs, accumulate=True)


def randomly_oriented(samples: FlowSamples, generator: torch.Generator | None) -> FlowSamples:
    """The same flows, each written in a random orientation of its own."""
    shape = samples.flows.shape
    draw = torch.randint(0, 2, shape, dtype=torch.int8, generator=generator)
    return samples.reorient(1 - 2 * draw)
