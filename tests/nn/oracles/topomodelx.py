"""Writes topomodelx.json: inputs, weights and outputs of TopoModelX's simplicial layers.

Run by hand, in an environment of its own: ``python tests/nn/oracles/topomodelx.py``. The stored
numbers are of TopoModelX 0.0.1 (the release on the package index, ``pip install --no-deps
topomodelx==0.0.1``), torch 2.13.0, numpy 2.4.6 and scipy 1.17.1 on Python 3.11. It asks for numpy 1
and PyTorch Geometric, of which the simplicial layers use neither. Only its numbers are kept; the
matrices it is given are made here, from lists and dense products.
"""

import itertools
import json
from pathlib import Path

import numpy as np
import torch


# A square, a triangle on one of its sides, a tetrahedron on a side of the triangle.
MAXIMAL = [(0, 1), (1, 2), (0, 3), (2, 3, 4), (3, 4, 5, 6)]
TOP, WIDTH, OUT = 3, 3, 4
LEVELS = [
    sorted({face for s in MAXIMAL for face in itertools.combinations(s, k + 1)})
    for k in range(TOP + 1)
]


def boundary(k):
    """∂_k with its signs; with no columns beyond the top dimension, no rows at k = 0."""
    columns = LEVELS[k] if k <= TOP else []
    rows = LEVELS[k - 1] if k > 0 else []
    matrix = np.zeros((len(rows), len(columns)))
    for j, simplex in enumerate(columns if k > 0 else ()):
        for i in range(k + 1):
            matrix[rows.index(simplex[:i] + simplex[i + 1 :]), j] = (-1) ** i
    return matrix


def down(k, signed=True):
    """∂_kᵀ ∂_k, or with absolute values."""
    matrix = boundary(k) if signed else abs(boundary(k))
    return matrix.T @ matrix


def up(k, signed=True):
    """∂_{k+1} ∂_{k+1}ᵀ, or with absolute values."""
    matrix = boundary(k + 1) if signed else abs(boundary(k + 1))
    return matrix @ matrix.T


def adjacency(k, top):
    """The normalised adjacency of Yang, Sala and Bogdan: both kinds of neighbours, self loops."""
    kinds = [down(k, False)] * (k > 0) + [up(k, False)] * (k < top)
    total = sum(matrix - np.diag(np.diag(matrix)) + np.eye(len(matrix)) for matrix in kinds)
    root = 1 / np.sqrt(total.sum(1))
    return root[:, None] * total * root


def random_walk():
    """The matrices of Bunch et al. on the 2-skeleton, in the order of the layer's arguments."""
    b1, b2 = boundary(1), boundary(2)
    d0, d1 = (np.maximum(abs(b).sum(1), 1) for b in (b1, b2))
    d2 = np.ones(len(LEVELS[2]))
    v0, v1 = 2 * abs(b1) @ d1, 3 * abs(b2) @ d2
    v1[v1 == 0] = 1
    i0, i1, i2 = (np.eye(len(d)) for d in (d0, d1, d2))
    up_0 = (np.diag(d0) - b1 @ b1.T + i0) @ np.diag(1 / (d0 + 1))
    up_1 = (np.diag(d1) - b2 @ b2.T / 3 + i1) @ np.diag(1 / (d1 + 1))
    down_1 = np.diag(d1 + 1) @ (np.diag(1 / d1) - b1.T @ np.diag(1 / v0) @ b1 + i1)
    down_2 = np.diag(d2 + 1) @ (np.diag(1 / d2) - b2.T @ np.diag(1 / v1) @ b2 + i2)
    # The layer transposes all four boundaries, so that those which lower the dimension must come
    # transposed.
    lower_1, lift_1 = np.diag(1 / v0) @ b1, np.diag(d1) @ b1.T @ np.diag(1 / v0)
    lower_2, lift_2 = b2 / 3, np.diag(d2) @ b2.T @ np.diag(1 / v1)
    return lower_1.T, lift_1.T, lower_2.T, lift_2.T, up_0, up_1, down_1, down_2


def dense(matrix):
    return torch.tensor(np.ascontiguousarray(matrix))


def sparse(matrix):
    return dense(matrix).to_sparse().coalesce()


def listed(values):
    """Tensors as nested lists."""
    return [each.tolist() for each in values]


def case(layer, inputs, outputs, **more):
    weights = {name: each.tolist() for name, each in layer.state_dict().items()}
    return {"weights": weights, "inputs": listed(inputs), "outputs": listed(outputs), **more}


def main():
    """All cases, one per layer; two of SAN, and two inputs of Dist2Cycle."""
    from topomodelx.nn.simplicial.dist2cycle_layer import Dist2CycleLayer
    from topomodelx.nn.simplicial.hsn_layer import HSNLayer
    from topomodelx.nn.simplicial.san_layer import SANLayer
    from topomodelx.nn.simplicial.sca_cmps_layer import SCACMPSLayer
    from topomodelx.nn.simplicial.sccn_layer import SCCNLayer
    from topomodelx.nn.simplicial.sccnn_layer import SCCNNLayer
    from topomodelx.nn.simplicial.scconv_layer import SCConvLayer
    from topomodelx.nn.simplicial.scn2_layer import SCN2Layer
    from topomodelx.nn.simplicial.scnn_layer import SCNNLayer
    from topomodelx.nn.simplicial.scone_layer import SCoNeLayer

    torch.set_default_dtype(torch.float64)  # SCNN and SCCNN allocate in the default one
    torch.manual_seed(0)
    generator = np.random.default_rng(0)
    x = [dense(generator.standard_normal((len(level), WIDTH))) for level in LEVELS]
    cases = {}

    with torch.no_grad():
        layer = HSNLayer(WIDTH)
        y = layer(x[0], sparse(abs(boundary(1))), sparse(up(0, False) - np.diag(np.diag(up(0)))))
        cases["HSN"] = case(layer, x[:1], [y])

        layer = SCConvLayer(WIDTH, WIDTH, WIDTH)
        y = layer(*x[:3], *map(dense, random_walk()))
        cases["SCConv"] = case(layer, x[:3], y)

        layer = SCoNeLayer(WIDTH, OUT)
        layer.reset_parameters()  # which it does not do itself
        y = layer(x[1], dense(boundary(1)), dense(boundary(2)))
        cases["SCoNe"] = case(layer, x[1:2], [y])

        layer = SCNNLayer(WIDTH, OUT, conv_order_down=2, conv_order_up=3)
        y = layer(x[1], sparse(down(1)), sparse(up(1)))
        cases["SCNN"] = case(layer, x[1:2], [y])

        layer = SCCNNLayer((WIDTH,) * 3, (OUT,) * 3, conv_order=2, sc_order=2)
        laplacians = [sparse(matrix) for matrix in (up(0), down(1), up(1), down(2))]
        y = layer(x[:3], laplacians, [sparse(boundary(1)), sparse(boundary(2))])
        cases["SCCNN"] = case(layer, x[:3], y)

        layer = SCN2Layer(WIDTH, WIDTH, WIDTH)
        y = layer(*x[:3], *(sparse(adjacency(k, 2)) for k in range(3)))
        cases["SCN2"] = case(layer, x[:3], y)

        layer = SCCNLayer(WIDTH, TOP)
        y = layer(
            {f"rank_{k}": each for k, each in enumerate(x)},
            {f"rank_{k}": sparse(abs(boundary(k))) for k in range(1, TOP + 1)},
            {f"rank_{k}": sparse(adjacency(k, TOP)) for k in range(TOP + 1)},
        )
        cases["SCCN"] = case(layer, x, y.values())

        harmonic = np.linalg.matrix_power(np.eye(len(x[1])) - 0.1 * (down(1) + up(1)), 5)
        for name, positive in (("SAN", False), ("SAN, all scores positive", True)):
            layer, values = SANLayer(WIDTH, OUT, n_filters=2), x[1]
            if positive:
                values = values.abs()
                for parameter in layer.parameters():
                    parameter.abs_()
            y = layer(values, sparse(up(1)), sparse(down(1)), dense(harmonic))
            cases[name] = case(layer, [values], [y], harmonic_order=5, epsilon=0.1)

        layer, given = SCACMPSLayer([WIDTH] * 3, complex_dim=3), [each.clone() for each in x[:3]]
        y = layer(given, [dense(down(1)), dense(down(2))], [dense(boundary(k).T) for k in (1, 2)])
        cases["SCACMPS"] = case(layer, x[:3], y, given_afterwards=listed(given))

        layer = Dist2CycleLayer(len(LEVELS[1]))
        inverse = dense(np.linalg.pinv(np.eye(len(LEVELS[1])) + down(1)))
        near = dense(down(1, False) != 0).to(inverse.dtype)
        xs = [dense(generator.standard_normal((len(LEVELS[1]),) * 2)) for _ in range(2)]
        cases["Dist2Cycle"] = case(layer, xs, [layer(each, inverse, near) for each in xs])

    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps({"maximal": MAXIMAL, "cases": cases}, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes, {len(cases)} cases")


if __name__ == "__main__":
    main()
