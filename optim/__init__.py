"""Optimisers that know the layers they train; torch only, independent of ``simplex``.

Read it as ``simplex.optim``.

The optimiser
    `LocoProp` trains every linear map by a local problem of its own; `LocoProp.paper` is the
    authors' recipe, `paper_schedule` its outer schedule. `Report` and its lines `Coverage` tell
    which parameter is trained how.

Transfer functions and local losses
    `Transfer`, `TRANSFERS`, `transfer`, `IDENTITY`, `leaky_relu`, `elu`, `softplus`,
    `NOT_MONOTONE`; `local_targets`, `matching_loss`, `bregman`, `local_objective`.

Solvers of one local problem, pure functions of (Z, A₀, G)
    `solve_exact`, `solve_mm`, `solve_iter`; `backtrack`, `safe_step`, `decayed`, `gram`,
    `mean_square`, `factorise`, `spectral_filter`.

First-order rules of ``solve_iter``, as TensorFlow 1 defines them
    `InnerRule`, `inner_rule`, `INNER_RULES`: `SGD`, `Momentum`, `Nesterov`, `Adam`, `Adagrad`,
    `RMSProp`. They are rules for one tensor, no torch optimisers.

Linear maps of a model
    `LinearModule` is the protocol for modules that are maps; `register_map` with a `MapAdapter`
    serves types that cannot have its methods; `find_maps` lists the maps, `LinearMap` of `Block`
    and `Member`.

What a backward pass leaves
    `Capture` keeps the inputs of the maps until the step; `Detection`, `detect_transfers` and
    `named_transfer` read transfer functions off the autograd graph.
"""

from optim._capture import Capture
from optim._curvature import factorise, gram, mean_square
from optim._detect import Detection, detect_transfers, named_transfer
from optim._inner import (
    INNER_RULES,
    SGD,
    Adagrad,
    Adam,
    InnerRule,
    Momentum,
    Nesterov,
    RMSProp,
    inner_rule,
)
from optim._linear_map import Block, LinearMap, LinearModule, MapAdapter, Member
from optim._locoprop import LocoProp, paper_schedule
from optim._maps import find_maps, register_map
from optim._problem import backtrack, bregman, local_objective, local_targets, matching_loss
from optim._report import Coverage, Report
from optim._solve import decayed, safe_step, solve_exact, solve_iter, solve_mm, spectral_filter
from optim._transfer import (
    IDENTITY,
    NOT_MONOTONE,
    TRANSFERS,
    Transfer,
    elu,
    leaky_relu,
    softplus,
    transfer,
)


__all__ = [
    "IDENTITY",
    "INNER_RULES",
    "NOT_MONOTONE",
    "SGD",
    "TRANSFERS",
    "Adagrad",
    "Adam",
    "Block",
    "Capture",
    "Coverage",
    "Detection",
    "InnerRule",
    "LinearMap",
    "LinearModule",
    "LocoProp",
    "MapAdapter",
    "Member",
    "Momentum",
    "Nesterov",
    "RMSProp",
    "Report",
    "Transfer",
    "backtrack",
    "bregman",
    "decayed",
    "detect_transfers",
    "elu",
    "factorise",
    "find_maps",
    "gram",
    "inner_rule",
    "leaky_relu",
    "local_objective",
    "local_targets",
    "matching_loss",
    "mean_square",
    "named_transfer",
    "paper_schedule",
    "register_map",
    "safe_step",
    "softplus",
    "solve_exact",
    "solve_iter",
    "solve_mm",
    "spectral_filter",
    "transfer",
]
