"""Networks in blocks over a whole complex: what they give on it at once."""

import numpy as np
import pytest
import torch

from simplex import SimplicialComplex
from simplex.loader import infer
from simplex.nn import MPSN, SCNN, SIN, ComplexConv, FVectorMLP, GraphNetwork, SimplicialNetwork
from simplex.storage import open_complex, save_complex
from simplex.testing import random_complex, random_orientation
from tests.cases import over
from tests.loader.test_exactness import LOCAL, MAKE, band, cochains, evaluated
from tests.nn.networks import inner


SERVED = [name for name in LOCAL if hasattr(inner(MAKE[name](2, 4, 3, 1, 3, level=0)), "stages")]


@over("name, level", [(name, i % 4) for i, name in enumerate(SERVED)])
@torch.no_grad()
def test_blocks_give_what_the_whole_gives(name, level):
    model, data = evaluated(name, level), band()
    x = cochains(data, 0)
    result = infer(model, x, data.complex, block=300)
    torch.testing.assert_close(result, model(x, data.complex), rtol=1e-9, atol=1e-12)


def test_most_networks_are_served():
    assert {"SIN with layer norm", "SCNN", "SAT", "GCCN", "HiGCN", "PooledMLP"} <= set(SERVED)
    assert len(SERVED) > 2 / 3 * len(LOCAL)


@over("block", [1, 20, 10**6])
@torch.no_grad()
def test_blocks_of_any_size_on_awkward_complexes(block):
    for K in (
        random_complex(3).reorient(random_orientation(random_complex(3), 1)),
        SimplicialComplex(5),
        SimplicialComplex(0),
        SimplicialComplex.disjoint_union([random_complex(1), SimplicialComplex(2)]),
    ):
        model = SCNN(2, 4, 3, num_layers=2, max_dim=3, level=1).double().eval()
        x = [torch.randn(K.num_simplices(k), 2, dtype=torch.float64) for k in range(4)]
        torch.testing.assert_close(infer(model, x, K, block=block), model(x, K))


@torch.no_grad()
def test_files_and_memory_maps(tmp_path):
    data = band()
    save_complex(data.complex, tmp_path / "complex")
    x = cochains(data, 0)
    for k, values in enumerate(x):
        np.save(tmp_path / f"x_{k}.npy", values.numpy())
    mapped = [np.load(tmp_path / f"x_{k}.npy", mmap_mode="r") for k in range(4)]
    model = MPSN(2, 4, 3, num_layers=3, max_dim=3, level=2, jumping_knowledge="cat").double().eval()
    K = open_complex(tmp_path / "complex")
    result = infer(model, mapped, K, block=200, folder=tmp_path / "layers")
    torch.testing.assert_close(result, model(x, data.complex))
    np.testing.assert_array_equal(np.load(tmp_path / "layers" / "rows.npy"), result.numpy())
    with pytest.raises(FileExistsError):
        infer(model, mapped, K, folder=tmp_path / "layers")


class Own(ComplexConv):
    def convolve(self, x, complex):
        return [values[:, :1].expand(-1, 4) for values in x]


class Encoding(SIN):
    def encode(self, x, complex):
        return [2 * values for values in super().encode(x, complex)]


def sin(**options):
    return SIN(2, 4, 3, num_layers=1, max_dim=3, **options)


@over(
    "message, model",
    [
        ("must have a level", sin(norm=None).eval()),
        ("evaluation mode", sin(norm=None, level=0)),
        ("stage 1 of 2 sees the whole complex", sin(level=0).eval()),
        ("or does not say", SimplicialNetwork([Own(2, 4, 3)], 4, 3, 3, level=0).eval()),
        ("its own, whose steps are not known", Encoding(2, 4, 3, 1, 3, norm=None, level=0).eval()),
        ("must have stages", torch.nn.Linear(2, 3)),
    ],
)
def test_networks_that_are_not_served_are_refused(message, model):
    with pytest.raises((TypeError, ValueError), match=message):
        infer(model, cochains(band(), 0), band().complex)


@torch.no_grad()
def test_a_layer_of_ones_own_says_its_reach():
    layer = Own(2, 4, 3)
    layer.reach = 0
    model = SimplicialNetwork([layer], 4, 3, 3, level=0).double().eval()
    x = cochains(band(), 0)
    torch.testing.assert_close(infer(model, x, band().complex, block=100), model(x, band().complex))


@over("wrong", [[], [torch.zeros(3, 2)], None])
def test_cochains_that_do_not_fit_are_refused(wrong):
    model = FVectorMLP(2, 4, 3, num_layers=1, max_dim=3, level=0).eval()
    with pytest.raises((TypeError, ValueError), match=r"x must|x\[0\] must"):
        infer(model, wrong, band().complex)


@torch.no_grad()
def test_a_graph_network_reads_vertices_alone():
    model = GraphNetwork(2, 4, 3, num_layers=2, max_dim=3, level=0).double().eval()
    x = cochains(band(), 0)
    torch.testing.assert_close(infer(model, x, band().complex, block=80), model(x, band().complex))
