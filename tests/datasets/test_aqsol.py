"""Molecules: PyG's own reading of the same SMILES, the split, and lines that cannot be read."""

import sys

import pytest
import torch
from torch_geometric.utils import from_smiles, sort_edge_index

from simplex.datasets import aqsol
from tests.cases import over


SMILES = [
    "CCO",
    "[Na+].[Cl-]",
    "C1CC1C#N",
    "c1ccccc1O",
    "CC(=O)O.N",
    "F[B](F)(F)F",
    "[H][H]",
]
HEAD = "ID,Name,SMILES,Solubility\n"


def write(folder, lines=None):
    rows = [f'{i},"a, b",{each},{-i / 2}\n' for i, each in enumerate(SMILES)]
    (folder / "aqsoldb.csv").write_text(HEAD + "".join(lines or rows), encoding="utf-8")
    return folder


def test_atoms_and_bonds_are_those_of_pyg(tmp_path):
    pytest.importorskip("rdkit", reason="the extra chemistry is not installed")
    dataset = aqsol(write(tmp_path))
    kept = [i for i in range(len(SMILES)) if i != 1]  # a salt of single ions has no bond
    assert [item.y.tolist() for item in dataset] == [[-i / 2] for i in kept]
    numbers = torch.tensor([1, 5, 6, 7, 8, 9])  # elements that occur
    kinds = torch.tensor([1, 2, 3, 12])  # of PyG: single, double, triple, aromatic
    for i, item in zip(kept, dataset, strict=True):
        if SMILES[i] == "F[B](F)(F)F":
            assert item.complex.f_vector == (5, 4)  # breaks valence: taken as written
            continue
        expected = from_smiles(SMILES[i], with_hydrogen=False)
        assert torch.equal(numbers[item.x.argmax(1)], expected.x[:, 0])
        edges, bond = sort_edge_index(expected.edge_index, expected.edge_attr[:, 0])
        half = edges[0] < edges[1]
        assert torch.equal(item.complex.simplices(1), edges[:, half].T)
        assert torch.equal(kinds[item.x_1[:, 6:].argmax(1)], bond[half])
        torch.testing.assert_close(item.x_1[:, :6], item.x[edges[:, half]].mean(0))
    assert dataset[1].complex.f_vector == (5, 5, 1)


def test_the_split_is_fixed_and_cuts_in_three(tmp_path):
    pytest.importorskip("rdkit", reason="the extra chemistry is not installed")
    write(tmp_path, [f"{i},n,CC,{i}\n" for i in range(50)])
    first, again = (aqsol(tmp_path).to_batch() for _ in range(2))
    masks = torch.stack([first.train_mask, first.val_mask, first.test_mask])
    assert masks.sum(1).tolist() == [40, 5, 5]
    assert bool((masks.sum(0) == 1).all())
    assert torch.equal(first.test_mask, again.test_mask)


@over(
    "lines, message",
    [
        (["0,n,C1C,1\n"], "got 'C1C', '1' in row 2"),
        (["0,n,CC,nan\n"], "got 'CC', 'nan' in row 2"),
        (["0,n,CC,much\n"], "got 'CC', 'much' in row 2"),
        (["0,n,CC\n"], "got 3 columns for 4 in row 2"),
        (["0,n,[Na+],1\n"], "got no molecule with a bond"),
        (["0,n,[NH3]->[Fe],1\n"], r"got a bond \{'DATIVE'\} in row 2"),
    ],
)
def test_broken_lines_are_named(tmp_path, lines, message):
    pytest.importorskip("rdkit", reason="the extra chemistry is not installed")
    with pytest.raises(ValueError, match=rf"aqsoldb\.csv must be the complete file.*{message}"):
        aqsol(write(tmp_path, lines))


def test_what_is_absent_is_asked_for(tmp_path, monkeypatch):
    pytest.importorskip("rdkit", reason="the extra chemistry is not installed")
    with pytest.raises(ValueError, match=r"aqsoldb\.csv, got no such file\. Put"):
        aqsol(tmp_path)
    monkeypatch.setitem(sys.modules, "rdkit", None)
    with pytest.raises(ImportError, match=r"simplex-networks\[chemistry\]"):
        aqsol(tmp_path)


@pytest.mark.slow
def test_the_published_counts(shared_data):
    place = shared_data / "aqsol"
    if not place.is_dir():
        pytest.skip(f"real data absent: {place}")
    pytest.importorskip("rdkit", reason="the extra chemistry is not installed")
    dataset = aqsol(place)
    sizes = dataset.to_batch().complex.f_vector
    assert len(dataset) == 9833  # as in Dwivedi et al., with 17.6 atoms and 35.8 / 2 bonds a piece
    assert round(sizes[0] / 9833, 1) == 17.6
    assert round(2 * sizes[1] / 9833, 1) == 35.8
