"""``simplex wl --canonical``: which graphs are isomorphic, and the symmetries of one."""

import argparse
import hashlib
from collections.abc import Hashable
from typing import TYPE_CHECKING

from simplex.cli._reading import reading_of
from simplex.cli._wl import MOST_SHOWN, count, print_classes, read_pair


if TYPE_CHECKING:
    from simplex.complexes import SimplicialComplex


def run_canonical(args: argparse.Namespace) -> int:
    """Bring every graph into its canonical form, and print what follows."""
    from simplex.cli._files import read_complexes
    from simplex.wl import canonical_form

    if args.marks or args.test != "swl":
        raise ValueError("--canonical must stand alone, got --test or --marks: it is exact.")
    if args.max_dim == 0:
        raise ValueError(
            "--max-dim must be at least 1 with --canonical, got 0: it drops all edges."
        )
    if len(args.files) == 2:
        keys = []
        for letter, path, K in zip("AB", args.files, read_pair(args, exact=True), strict=True):
            keys.append(canonical_form(K).key)
            print(f"{letter}: {path}, f-vector {K.f_vector}, canonical form {_short(keys[-1])}")
        print("exact: isomorphic." if keys[0] == keys[1] else "exact: not isomorphic.")
        return 0
    complexes = read_complexes(args.files[0], args.max_dim, reading_of(args))
    most = None if args.all else MOST_SHOWN
    if len(complexes) == 1:
        _describe(complexes[0], most)
        return 0
    labels: dict[Hashable, int] = {}
    found = [labels.setdefault(canonical_form(K).key, len(labels)) for K in complexes]
    print_classes("canonical forms", found, most, alike="isomorphic")
    return 0


def _describe(K: "SimplicialComplex", most: int | None) -> None:
    from simplex.wl import automorphism_group, canonical_form

    group, form = automorphism_group(K), canonical_form(K)
    orbits = int(group.orbits().max()) + 1 if K.num_simplices(0) else 0
    names = K.vertex_labels or range(K.num_simplices(0))
    order = [str(names[v]) for v in form.map.argsort().tolist()]
    print(f"f-vector {K.f_vector}")
    print(f"symmetries: {_large(group.order)}")
    print(f"vertices: {K.num_simplices(0):,} in {count(orbits, 'orbit')}")
    print(f"canonical form: {_short(form.key)}")
    more = "" if most is None or len(order) <= most else " … (--all lists them)"
    print(f"canonical order: {' '.join(order[:most])}{more}")


def _large(number: int) -> str:
    """All digits, or a power of ten where they would fill lines."""
    digits = len(str(number)) if number < 10**4000 else None
    if digits is not None and digits <= 30:
        return f"{number:,}"
    exponent = (number.bit_length() - 1) * 1233 // 4096  # a little less than the logarithm
    while number >= 10 ** (exponent + 1):
        exponent += 1
    return f"about {number / 10**exponent:.3f}e{exponent}"


def _short(key: Hashable) -> str:
    """A name of a canonical form: equal for isomorphic graphs, of one version of this library."""
    return hashlib.sha256(repr(key).encode()).hexdigest()[:16]
