"""Colour refinement: the simplicial Weisfeiler-Lehman test, its baselines, exact isomorphism."""

from simplex.wl._automorphisms import AutomorphismGroup, automorphism_group
from simplex.wl._canonical import CanonicalForm, canonical_form
from simplex.wl._coloring import Coloring
from simplex.wl._compare import Refinement, Verdict, compare, distinguish
from simplex.wl._folklore import folklore_wl
from simplex.wl._isomorphism import find_isomorphism, is_isomorphic
from simplex.wl._simplicial import simplicial_wl
from simplex.wl._vertices import weisfeiler_lehman


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.wl._checks import MOST_MARKS as MOST_MARKS


__all__ = [
    "AutomorphismGroup",
    "CanonicalForm",
    "Coloring",
    "Refinement",
    "Verdict",
    "automorphism_group",
    "canonical_form",
    "compare",
    "distinguish",
    "find_isomorphism",
    "folklore_wl",
    "is_isomorphic",
    "simplicial_wl",
    "weisfeiler_lehman",
]
