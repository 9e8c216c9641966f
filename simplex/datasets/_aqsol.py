"""Molecules with their solubility in water: real targets of whole complexes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from simplex.datasets._files import read_columns, refused
from simplex.datasets._one_complex import require_lift
from simplex.datasets._root import data_root


if TYPE_CHECKING:
    from typing import Literal

    from simplex.data import SimplicialDataset

_BONDS = ("SINGLE", "DOUBLE", "TRIPLE", "AROMATIC")
_SHARES, _SEED = (0.8, 0.1), 0


def aqsol(
    root: str | Path | None = None,
    *,
    max_dim: int = 2,
    reduce: "Literal['sum', 'mean']" = "mean",
    rings: int | None = None,
    apex: "Literal['sum', 'mean', 'token']" = "sum",
) -> "SimplicialDataset":
    """Load AqSolDB: molecules as complexes of their atoms and bonds, with their solubility.

    Vertices are the atoms that the SMILES names (hydrogen only where it is one of them), edges the
    bonds. The 149 molecules without a bond are left out. A molecule that breaks the rules of
    valence is taken as it is written.

    Args:
        root: folder with ``aqsoldb.csv``, whose columns ``SMILES`` and ``Solubility`` are read;
            ``None`` for ``aqsol/`` in the folder that the environment variable ``SIMPLEX_DATA``
            names, else ``~/.cache/simplex/aqsol``.
        max_dim: the top dimension of the lift, at least 1; triangles are rings of three atoms.
        reduce: how the one-hot elements are spread to higher simplices, ``"mean"`` or ``"sum"``.
        rings: N to fill the rings of at most N atoms; ``None`` not to. All ``x_k`` then end in one
            more channel, that marks them.
        apex: what the apex of a ring carries, see :func:`simplex.transforms.ring_lift`.

    Returns:
        9,833 items: ``x`` (n_0, 59) float32, the element one-hot, those that occur by their atomic
        number; ``x_1`` (n_1, 63) with the one-hot bond (single, double, triple, aromatic) behind it
        and ``x_k``; ``y`` (1,) float32, the logarithm of the solubility in mol/l; ``train_mask``,
        ``val_mask`` and ``test_mask`` (1,), a fixed random split 80/10/10.

    Raises:
        ValueError: the file is absent or breaks its format, or a SMILES cannot be read.
        ImportError: without rdkit, the extra ``chemistry``.

    Paper:
        Sorkun, Khetan & Er, "AqSolDB, a curated reference set of aqueous solubility", Scientific
        Data 6 (2019); the molecules and their features as in Dwivedi et al., "Benchmarking graph
        neural networks", JMLR 24 (2023). Departures: (1) categories are one-hot, not numbers for an
        embedding; (2) the split is one permutation of torch's generator with seed 0, not that of
        the benchmark, whose files are pickles: errors are not to be compared with its table.

    Example:
        >>> dataset = aqsol()  # doctest: +SKIP
        >>> len(dataset), dataset[0].y  # doctest: +SKIP
        (9833, tensor([-3.6161]))
    """
    require_lift(max_dim, reduce)
    Chem = _rdkit()
    place = data_root("aqsol", root) / "aqsoldb.csv"
    if not place.is_file():
        raise ValueError(
            f"the molecules must be stored in {place}, got no such file. Put curated-solubility-"
            "dataset.csv of AqSolDB (doi.org/10.7910/DVN/OVHAW8) there under this name, or pass "
            "the root that holds it."
        )
    table = read_columns(place, ["SMILES", "Solubility"], "AqSolDB")
    return _dataset(_read(Chem, table, place), max_dim, reduce, rings, apex)


def _rdkit() -> Any:
    try:
        from rdkit import Chem
    except ImportError as error:
        raise ImportError(
            "aqsol must have rdkit to read molecules, got none. Install it by pip install "
            "'simplex-networks[chemistry]'."
        ) from error
    return Chem


class _Molecules:
    """Atoms and bonds of many molecules, one after the other."""

    def __init__(self) -> None:
        self.elements: list[int] = []
        self.bonds: list[tuple[int, int, int]] = []  # two atoms of the molecule, and the kind
        self.sizes: list[tuple[int, int]] = []  # atoms and bonds of each
        self.targets: list[float] = []


def _read(Chem: Any, table: dict[str, list[str]], place: Path) -> _Molecules:
    """Those that have a bond."""
    from rdkit import rdBase

    read = _Molecules()
    silence = rdBase.BlockLogs()  # rdkit says on stderr what it refuses
    for line, (smiles, text) in enumerate(
        zip(table["SMILES"], table["Solubility"], strict=True), start=2
    ):
        molecule = Chem.MolFromSmiles(smiles) or Chem.MolFromSmiles(smiles, sanitize=False)
        target = _number(text)
        if molecule is None or not np.isfinite(target):
            raise refused(place, "AqSolDB", f"got {smiles[:40]!r}, {text[:20]!r} in row {line}")
        if not molecule.GetNumBonds():
            continue
        kinds = [str(bond.GetBondType()) for bond in molecule.GetBonds()]
        if not set(kinds) <= set(_BONDS):
            raise refused(place, "AqSolDB", f"got a bond {set(kinds) - set(_BONDS)} in row {line}")
        read.elements += [atom.GetAtomicNum() for atom in molecule.GetAtoms()]
        read.bonds += [
            (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), _BONDS.index(kind))
            for bond, kind in zip(molecule.GetBonds(), kinds, strict=True)
        ]
        read.sizes.append((molecule.GetNumAtoms(), len(kinds)))
        read.targets.append(target)
    del silence
    if not read.sizes:
        raise refused(place, "AqSolDB", "got no molecule with a bond")
    return read


def _dataset(
    read: _Molecules, max_dim: int, reduce: Any, rings: int | None, apex: Any
) -> "SimplicialDataset":
    from torch_geometric.data import Data

    from simplex.transforms import lift_dataset

    _, element = torch.unique(torch.tensor(read.elements), return_inverse=True)
    x = torch.nn.functional.one_hot(element).float()
    bonds = torch.tensor(read.bonds)  # (E, 3)
    kinds = torch.nn.functional.one_hot(bonds[:, 2], len(_BONDS)).float()
    sizes = torch.tensor(read.sizes)
    y = torch.tensor(read.targets)
    masks = _masks(len(y))
    graphs = [
        Data(
            x=atoms,
            edge_index=torch.cat([ends.T, ends.T.flip(0)], 1),
            edge_attr=torch.cat([kind, kind]),
            y=y[i : i + 1],
            **{f"{part}_mask": mask[i : i + 1] for part, mask in masks.items()},
        )
        for i, (atoms, ends, kind) in enumerate(
            zip(
                torch.split(x, sizes[:, 0].tolist()),
                torch.split(bonds[:, :2], sizes[:, 1].tolist()),
                torch.split(kinds, sizes[:, 1].tolist()),
                strict=True,
            )
        )
    ]
    return lift_dataset(graphs, max_dim, reduce=reduce, edge_attr="mean", rings=rings, apex=apex)


def _masks(count: int) -> dict[str, Tensor]:
    """The fixed split: 80, 10 and 10 per cent of one permutation."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(_SEED))
    train, validation = (int(share * count) for share in _SHARES)
    sizes = [train, validation, count - train - validation]
    return {
        part: torch.zeros(count, dtype=torch.bool).index_fill_(0, ids, True)
        for part, ids in zip(("train", "val", "test"), torch.split(order, sizes), strict=True)
    }


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
