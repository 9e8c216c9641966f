"""What does not fit in memory is refused beforehand, with sizes and a remedy."""

import pytest
import torch

from simplex import SimplicialComplex
from simplex.operators import (
    betti_numbers,
    boundary_matrix,
    boundary_rows,
    coboundary_rows,
    harmonic_basis,
    heat_energy,
    hodge_decomposition,
    hodge_laplacian,
)
from simplex.storage import open_complex, save_complex
from simplex.transforms import HarmonicEnergies
from tests.cases import over


TRIANGLE = SimplicialComplex.from_simplices([(0, 1, 2)])
# A triangle many times, which takes no memory itself.
MANY = SimplicialComplex(3, [TRIANGLE.facets(1), TRIANGLE.facets(2).expand(3 * 10**6, 3)])
FLOW = torch.ones(3, 1)

COSTLY = {
    "boundary": (lambda K: boundary_matrix(K, 2), r"∂_2 of 9000000 .* by boundary_rows"),
    "Laplacian": (lambda K: hodge_laplacian(K, 1), r"pairs of neighbours .* need no matrix"),
    "Betti": (
        betti_numbers,
        r"Betti numbers of 9000000 .* K\.skeleton\(2\)",
    ),
    "Hodge": (lambda K: hodge_decomposition(K, FLOW), "Hodge decomposition of dimension 1 of 9"),
    "harmonic": (lambda K: harmonic_basis(K, 1), "Betti numbers of 9000000"),
    "heat": (lambda K: heat_energy(K, FLOW, 1), "Laplacian of dimension 1 of 9"),
    "energies": (lambda K: HarmonicEnergies((2,)).compute(K, 1), "Laplacian of dimension 1"),
    "rows": (lambda K: boundary_rows(K, 2, 0, 3), r"entries .* Take fewer rows at a time"),
    "columns": (
        lambda K: coboundary_rows(K, 1, 0, K.num_simplices(2)),
        r"entries .* Take fewer rows",
    ),
}


@over("name", COSTLY)
def test_what_does_not_fit_is_refused(monkeypatch, name):
    function, message = COSTLY[name]
    function(TRIANGLE)
    monkeypatch.setattr("simplex.complexes._machine.available_bytes", lambda device: 2**27)
    function(TRIANGLE)
    with pytest.raises(ValueError, match=message) as refused:
        function(MANY)
    assert "must fit in" in str(refused.value)
    assert "GiB on cpu, got" in str(refused.value)


def test_the_remedies_work(tmp_path, monkeypatch):
    """On an opened complex, where no matrix is built, and on the skeleton."""
    save_complex(MANY, tmp_path / "K")
    opened = open_complex(tmp_path / "K")
    monkeypatch.setattr("simplex.complexes._machine.available_bytes", lambda device: 2**27)
    energy = heat_energy(opened, torch.tensor([[1.0], [-1.0], [1.0]]), 1, (1,))
    assert torch.allclose(energy, torch.zeros(3, 1), atol=1e-3)  # a curl: it fades at once
    assert betti_numbers(MANY.skeleton(1)) == (1, 1)
    assert (
        coboundary_rows(opened, 1, 2 * 10**6, 2 * 10**6 + 5).toarray().tolist() == [[1, -1, 1]] * 5
    )
