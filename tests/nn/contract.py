"""What the contracts of layers and of networks have in common."""

import copy
import inspect

import pytest
import torch

from simplex import SimplicialComplex
from simplex.testing import (
    assert_batch_consistent,
    assert_inputs_untouched,
    assert_orientation_equivariant,
    assert_permutation_equivariant,
    random_orientation,
)
from tests.tables import COMPLEXES


def on_each(names):
    """A test with an argument ``name``, as one item on all these complexes; it says which fails."""

    def on_all(test):
        def run(**fixtures):
            for name in names:
                try:
                    test(name=name, **fixtures)
                except AssertionError as error:
                    raise AssertionError(f"{name}: {error}") from error

        asked = inspect.signature(test)
        rest = [each for key, each in asked.parameters.items() if key != "name"]
        run.__signature__ = asked.replace(parameters=rest)
        run.__name__, run.__doc__ = test.__name__, test.__doc__
        run.pytestmark = getattr(test, "pytestmark", [])
        return run

    return on_all


def union(*names):
    """A disjoint union made anew, so that no table is kept from another test."""
    return SimplicialComplex.disjoint_union([COMPLEXES[name] for name in names])


def fresh(layer):
    """The layer on a complex without tables, so that a reoriented one starts from its own signs."""
    return lambda x, K: layer(x, SimplicialComplex.disjoint_union([K]))


def outputs(result):
    """One tensor, or one for each dimension, as a list."""
    return [result] if isinstance(result, torch.Tensor) else list(result)


def reset(module):
    """Draw the parameters of a module anew, or those of its children."""
    if hasattr(module, "reset_parameters"):
        module.reset_parameters()
    else:
        for child in module.children():
            reset(child)


def assert_laws(name, row, layer, dtype):
    """Relabelling, reorientation as the row says, inputs that stay, batches that are their items.

    Args:
        name: of the row, for messages.
        row: says the symmetry, and which complexes.
        layer: called with cochains and complex; the module in evaluation mode, or a method of it.
        dtype: of its parameters.
    """
    tolerance = row.tolerance if dtype == torch.float32 else None
    places = [each for each in row.laws if dtype == torch.float64 or each not in row.coarse]
    for seed, place in enumerate(places):
        K, options = COMPLEXES[place], {"seed": seed, "tolerance": tolerance}
        x = row.cochains(K, dtype=dtype)
        try:
            assert_permutation_equivariant(layer, x, K, **options)
            if row.symmetry == "turns":
                assert_orientation_equivariant(layer, x, union(place), **options)
            if seed < 2:
                assert_inputs_untouched(layer, x, K)
            if seed < 2 and row.symmetry == "turns":
                assert_orientation_equivariant(fresh(layer), x, K, **options)
        except AssertionError as error:
            raise AssertionError(f"{name} on {place}: {error}") from None
        if row.symmetry == "blind":
            turned = outputs(layer(x, K.reorient(random_orientation(K, seed))))
            assert all(map(torch.equal, turned, outputs(layer(x, K)))), f"{name} on {place}"
    items = [
        (row.cochains(COMPLEXES[place], dtype=dtype, seed=seed), COMPLEXES[place].with_parts(None))
        for seed, place in enumerate([*places, *row.parts])
    ]
    assert_batch_consistent(layer, items, tolerance=tolerance)


def assert_level_laws(name, row, model, level, turns=False):
    """What holds of a network that gives a row per simplex of one dimension.

    Args:
        name, row: as for :func:`assert_laws`.
        model: the network, in float64 and evaluation mode.
        level: the dimension.
        turns: whether its rows turn with the simplices; else those of a row that turns stay.
    """

    def rows(x, K):
        return {level: model(x, K)}

    for seed, place in enumerate(("random 0", "house")):
        K = COMPLEXES[place]
        x, options = row.cochains(K), {"seed": seed, "tolerance": row.tolerance}
        try:
            if not turns and seed == 0:
                assert_permutation_equivariant(rows, x, K, **options)
            if row.symmetry == "turns":
                assert_orientation_equivariant(rows if turns else model, x, K, **options)
        except AssertionError as error:
            raise AssertionError(f"{name} at level {level} on {place}: {error}") from None
    if not turns:
        places = ("house", "isolated vertices", "filled tetrahedron")
        items = [(row.cochains(K, seed=1), K) for K in (COMPLEXES[place] for place in places)]
        assert_batch_consistent(rows, items, tolerance=row.tolerance)


def assert_refuted(row, make):
    """A row that does not turn with the orientation is refuted; one that does, by other options,
    if it does not refuse them itself.

    Args:
        row: says the symmetry, and the options that break it.
        make: makes the module of the row from options.
    """
    K = COMPLEXES["torus"]
    x = row.cochains(K)
    for options in ({},) if row.symmetry != "turns" else row.broken_by:
        with pytest.raises((AssertionError, ValueError), match=r"under reorientation|must be odd"):
            assert_orientation_equivariant(make(**options).double().eval(), x, K)


def assert_drawn_anew(module):
    """No parameter is left as it was, and no weight is drawn twice alike."""
    for parameter in module.parameters():
        torch.nn.init.constant_(parameter, 7.0)
    states = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        reset(module)
        states.append({key: value.clone() for key, value in module.named_parameters()})
    for key, value in states[0].items():
        assert (value != 7).all(), key
        constant = (value == value.flatten()[0]).all()  # a bias of zeros, a scale of ones, a number
        assert constant or not torch.equal(value, states[1][key]), key


def assert_loads(row, make, K):
    """Copies, states, and widths that are taken from the first input, before and after loading."""
    x = row.cochains(K, dtype=torch.float32)
    module = make().eval()
    expected = outputs(module(x, K))
    others = [copy.deepcopy(module), make()]
    if row.lazy:
        others += [make(-1), make(-1), make()]
        others[3].eval()(x, K)  # one of the two knows its widths when it is loaded
    for other in others:
        source = others[3] if row.lazy and other is others[-1] else module
        other.load_state_dict(source.state_dict())
        assert all(map(torch.equal, outputs(other.eval()(x, K)), expected))
    reset(module)
    assert not all(map(torch.allclose, outputs(module(x, K)), expected))


def assert_near_in_half_precision(row, module, K):
    """Autocast gives bfloat16, and near to the exact values."""
    x = row.cochains(K, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = outputs(module(x, K))
    for k, (y, z) in enumerate(zip(rough, outputs(module(x, K)), strict=True)):
        scale = z.abs().max().clamp(min=1e-3) if len(z) else 1
        torch.testing.assert_close(
            y.float() / scale, z / scale, atol=row.rough, rtol=0, msg=lambda m, k=k: f"{k}: {m}"
        )
