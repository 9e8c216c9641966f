"""Meshes of trimesh and molecules of RDKit."""

from typing import Any

import numpy as np
import torch

from simplex.complexes import SimplicialComplex, real_tensor, require_undirected
from simplex.interop._named_sets import library


def from_trimesh(mesh: Any) -> SimplicialComplex:
    """The edges and triangles of a ``trimesh.Trimesh``; vertex v is at ``mesh.vertices[v]``.

    Args:
        mesh: that of trimesh; faces with a vertex twice are left out.

    Raises:
        TypeError: an object of another kind.

    Example:
        >>> from types import SimpleNamespace
        >>> mesh = SimpleNamespace(vertices=[[0, 0, 0], [1, 0, 0], [0, 1, 0]], faces=[[0, 1, 2]])
        >>> from_trimesh(mesh).f_vector
        (3, 3, 1)
    """
    if not (hasattr(mesh, "vertices") and hasattr(mesh, "faces")):
        raise TypeError(f"mesh must be a trimesh.Trimesh, got {type(mesh).__name__}.")
    faces = torch.from_numpy(np.array(mesh.faces, dtype=np.int64).reshape(-1, 3))
    ordered = faces.sort(1).values
    whole = (ordered[:, 1:] != ordered[:, :-1]).all(1)
    return SimplicialComplex.from_simplices(faces[whole], num_vertices=len(mesh.vertices))


def to_trimesh(K: SimplicialComplex, points: Any) -> Any:
    """A ``trimesh.Trimesh`` of the triangles, with the vertices at ``points`` (n_0, 3).

    Args:
        K: a complex of dimension at most 2.
        points: the places of its vertices; a third coordinate that is not there is 0.

    Raises:
        ImportError: trimesh is not installed.
        TypeError: ``K`` is no complex.
        ValueError: a directed complex, one of a higher dimension, or edges that are in no triangle,
            for which a mesh has no place.
    """
    require_undirected("K", K)
    places = real_tensor("points", points).detach().cpu().double()
    if places.ndim != 2 or places.shape[0] != K.num_simplices(0) or places.shape[1] not in (2, 3):
        raise ValueError(
            f"points must have shape ({K.num_simplices(0)}, 3), got {tuple(places.shape)}."
        )
    alone = torch.ones(K.num_simplices(1), dtype=torch.bool)
    alone[K.facets(2).flatten().cpu()] = False
    if K.dim > 2 or bool(alone.any()):
        got = f"dimension {K.dim}" if K.dim > 2 else f"{int(alone.sum())} edges that are in none"
        raise ValueError(f"K must be made of triangles for a mesh, got {got}.")
    places = torch.nn.functional.pad(places, (0, 3 - places.shape[1]))
    return library("trimesh", "meshes").Trimesh(
        places.numpy(), K.simplices(2).cpu().numpy(), process=False
    )


def from_rdkit(molecule: Any) -> SimplicialComplex:
    """The atoms and bonds of an RDKit molecule; atoms keep their numbers.

    Args:
        molecule: an ``rdkit.Chem.Mol``; several fragments are one complex.

    Raises:
        TypeError: an object of another kind, such as ``None``, which RDKit gives for a SMILES that
            it cannot read.

    Example:
        >>> from rdkit import Chem
        >>> from_rdkit(Chem.MolFromSmiles("c1ccccc1O")).f_vector
        (7, 7)
    """
    if not (hasattr(molecule, "GetNumAtoms") and hasattr(molecule, "GetBonds")):
        raise TypeError(f"molecule must be an rdkit.Chem.Mol, got {type(molecule).__name__}.")
    ends = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in molecule.GetBonds()]
    bonds = torch.tensor(ends, dtype=torch.int64).view(-1, 2)
    return SimplicialComplex.from_simplices([bonds], num_vertices=molecule.GetNumAtoms())
