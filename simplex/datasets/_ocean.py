"""Drifting buoys around Madagascar: on which side of the island's centre did each pass?"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex, ragged, require_generator
from simplex.datasets._checks import require_file
from simplex.datasets._files import UNREADABLE
from simplex.datasets._flow import FlowSamples, FlowTask, flows_of_steps, randomly_oriented
from simplex.datasets._root import data_root
from simplex.datasets._walks import Walks


_FIELDS = {  # name: (dtype kinds, trailing shape)
    "coordinates": ("f", (2,)),
    "edges": ("iu", (2,)),
    "triangles": ("iu", (3,)),
    "path_nodes": ("iu", ()),
    "path_offsets": ("iu", ()),
    "label": ("iu", ()),
    "train_mask": ("b", ()),
}


def ocean_drifters(
    root: str | Path | None = None, *, generator: torch.Generator | None = None
) -> FlowTask:
    """Read the ocean drifters: a mesh of the sea around Madagascar and the paths of 200 buoys.

    The mesh has 133 vertices, 320 edges and 186 triangles; the island is one of its holes. A path
    becomes a flow: on each edge the steps along it less those against it, so a buoy that circles
    twice counts twice. The class says whether a path, from its first vertex to its last, turns
    clockwise (0) or counterclockwise (1) about the island's centre: 91 and 69 of the 160 training
    flows, 19 and 21 of the 40 test flows, split as published.

    Training flows are written in increasing vertex order, and each test flow in a random
    orientation of its own, drawn from the generator.

    Args:
        root: folder with ``ocean_drifters.npz``, which holds ``coordinates`` (n_0, 2), ``edges``
            (n_1, 2), ``triangles`` (n_2, 3), ``path_nodes`` with ``path_offsets`` (m+1,), and
            ``label`` and ``train_mask`` (m,); ``None`` for ``ocean/`` in the folder that the
            environment variable ``SIMPLEX_DATA`` names, else ``~/.cache/simplex/ocean``.
        generator: source of the orientations, on the CPU; ``None`` for torch's global one.

    Returns:
        The task, of the same form as that of :func:`synthetic_flow`.

    Raises:
        ValueError: the file is not there or cannot be read, a table has another shape, an edge of a
            triangle is missing, or a path steps where there is no edge.

    Paper:
        Schaub et al., "Random walks on simplicial complexes and the normalized Hodge 1-Laplacian",
        SIAM Review 62 (2020); as a task of two classes, Bodnar et al., "Weisfeiler and Lehman Go
        Topological", ICML 2021. One test flow is 2.5 % of accuracy: report intervals.

    Example:
        >>> task = ocean_drifters()  # doctest: +SKIP
        >>> task.complex, len(task.train), len(task.test)  # doctest: +SKIP
        (SimplicialComplex(f_vector=(133, 320, 186)), 160, 40)
    """
    require_generator(generator)
    place = data_root("ocean", root) / "ocean_drifters.npz"
    require_file(place, "the ocean drifters")
    fields = _read(place)
    K = _mesh(fields, place)
    flows = flows_of_steps(K, _steps(K, fields, place), len(fields["label"]))
    samples = FlowSamples(flows, torch.ones_like(flows), fields["label"])
    train, test = samples[fields["train_mask"]], samples[~fields["train_mask"]]
    return FlowTask(K, fields["coordinates"], train, randomly_oriented(test, generator))


def _read(place: Path) -> dict[str, Tensor]:
    """The tables of the file, ids as int64 and coordinates as float64, in their shapes."""
    try:
        with open(place, "rb") as file, np.load(file) as stored:
            arrays = {name: stored[name] for name in _FIELDS}
    except UNREADABLE as error:
        what = f"got one that cannot be read ({type(error).__name__}: {error})"
        raise _refuse(place, what) from error
    fields = {}
    for name, (kinds, shape) in _FIELDS.items():
        array = arrays[name]
        if array.dtype.kind not in kinds or array.ndim == 0 or array.shape[1:] != shape:
            raise _refuse(place, f"got {name} of shape {array.shape} and {array.dtype}")
        wide = {"f": np.float64, "b": np.bool_}.get(kinds, np.int64)
        fields[name] = torch.from_numpy(array.astype(wide))
    return fields


def _mesh(fields: dict[str, Tensor], place: Path) -> SimplicialComplex:
    edges, triangles = fields["edges"], fields["triangles"]
    try:
        K = SimplicialComplex.from_simplices(
            [edges, triangles], num_vertices=len(fields["coordinates"])
        )
    except ValueError as error:
        raise _refuse(place, f"got a mesh that is none: {error}") from error
    counts = (K.num_simplices(1), K.num_simplices(2))
    if counts != (len(edges), len(triangles)):
        raise _refuse(place, "got an edge or a triangle twice, or a triangle without its edges")
    return K


def _steps(K: SimplicialComplex, fields: dict[str, Tensor], place: Path) -> Walks:
    """The steps of all paths; paths are those of the labels, and step along edges."""
    nodes, offsets = fields["path_nodes"], fields["path_offsets"]
    label, lengths = fields["label"], offsets.diff()
    marks = len(fields["train_mask"])
    if not len(offsets) - 1 == len(label) == marks:
        raise _refuse(
            place, f"got {len(offsets) - 1} paths for {len(label)} labels and {marks} marks"
        )
    if int(offsets[0]) != 0 or int(offsets[-1]) != len(nodes) or bool((lengths < 1).any()):
        raise _refuse(place, "got path_offsets that do not cut path_nodes into paths")
    if not bool(((label == 0) | (label == 1)).all()):
        raise _refuse(place, "got a label other than 0 and 1")
    sample, _ = ragged(lengths)
    inside = sample[1:] == sample[:-1]  # both ends of a step are of one path
    walks = Walks(sample[1:][inside], nodes[:-1][inside], nodes[1:][inside])
    absent = K.index(torch.stack([walks.source, walks.target], dim=1)) < 0
    if bool(absent.any()):
        first = int(absent.nonzero()[0])
        step = f"{int(walks.source[first])} → {int(walks.target[first])}"
        raise _refuse(place, f"got path {int(walks.sample[first])} that steps {step}, no edge")
    return walks


def _refuse(place: Path, what: str) -> ValueError:
    return ValueError(
        f"{place} must be the complete file of the ocean drifters, {what}. Get the file anew."
    )
