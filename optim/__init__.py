"""Optimisers that know the layers they train; torch only, independent of ``simplex``.

Read it as ``simplex.optim``.

The optimiser
    `LocoProp` trains every linear map by a local problem of its own, with one of the solvers
    `Trust` (the default), `Exact`, `Majorise`, `Iterate`. `LocoProp.paper` is the authors' recipe,
    `paper_schedule` its schedule. `Report` and its lines `Coverage` tell which parameter is trained
    how.

What users extend
    `Transfer` and `transfer` (matching losses), `InnerRule` (steps of `Iterate`), `LinearModule`,
    or `register_map` with a `MapAdapter` (linear maps of one's own).

The mathematics stands in modules of its own: `optim.transfers` (transfer functions and their
potentials), `optim.problem` (the local problem), `optim.curvature` (Gram matrices and their
inverses), `optim.solvers`, `optim.trust`, `optim.inner` (first-order rules as TensorFlow 1 defines
them). So do the linear maps of a model, `optim.linear_map`, `optim.blocks` and `optim.maps` (of
attention and recurrent layers `optim.attention`, `optim.recurrent`; of embeddings `optim.tables`),
what is solved apart, `optim.splits`, and what a backward pass leaves, `optim.capture` and
`optim.detect`.
"""

from optim._locoprop import LocoProp
from optim._report import Coverage, Report
from optim._schedule import paper_schedule
from optim.inner import InnerRule
from optim.linear_map import LinearModule, MapAdapter
from optim.maps import register_map
from optim.solvers import Exact, Iterate, Majorise
from optim.transfers import Transfer, transfer
from optim.trust import Trust


__all__ = [
    "Coverage",
    "Exact",
    "InnerRule",
    "Iterate",
    "LinearModule",
    "LocoProp",
    "Majorise",
    "MapAdapter",
    "Report",
    "Transfer",
    "Trust",
    "paper_schedule",
    "register_map",
    "transfer",
]
