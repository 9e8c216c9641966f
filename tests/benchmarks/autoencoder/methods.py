"""The optimisers of the deep autoencoder benchmark and the grids they are tuned on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from tests.benchmarks.baselines import Muon, half_decade, imported


Config = dict[str, Any]
Build = Callable[[nn.Module, Config], list[Optimizer]]


def rates(first: int, count: int, **fixed: Any) -> list[Config]:
    """Settings whose learning rates are half a decade apart."""
    return [{"lr": half_decade(first + i), **fixed} for i in range(count)]


@dataclass(frozen=True)
class Method:
    """An optimiser, how it is built, and the four settings tried first."""

    label: str
    family: str
    build: Build
    grid: list[Config]
    closure: bool = False
    period: int = 2  # steps after which the work repeats


def sgd(model: nn.Module, config: Config) -> list[Optimizer]:
    return [torch.optim.SGD(model.parameters(), **config)]


def rmsprop(model: nn.Module, config: Config) -> list[Optimizer]:
    return [torch.optim.RMSprop(model.parameters(), alpha=0.9, momentum=0.9, **config)]


def adam(model: nn.Module, config: Config) -> list[Optimizer]:
    return [torch.optim.Adam(model.parameters(), fused=True, **config)]


def lbfgs(model: nn.Module, config: Config) -> list[Optimizer]:
    """On batches without a line search, or on all batches with the strong Wolfe one."""
    kwargs = {key: value for key, value in config.items() if key != "full"}
    search = "strong_wolfe" if config["full"] else None
    return [torch.optim.LBFGS(model.parameters(), max_iter=4, line_search_fn=search, **kwargs)]


def muon(model: nn.Module, config: Config) -> list[Optimizer]:
    """Muon on the matrices and AdamW on the biases, at a tenth of its rate."""
    matrices = [p for p in model.parameters() if p.ndim == 2]
    biases = [p for p in model.parameters() if p.ndim != 2]
    lr = config["lr"]
    return [
        Muon(matrices, lr=lr, momentum=0.95, weight_decay=0.0),
        torch.optim.AdamW(biases, lr=lr / 10, weight_decay=0.0),
    ]


def shampoo(model: nn.Module, config: Config) -> list[Optimizer]:
    """Block-wise Shampoo with grafted step lengths, preconditioners every twentieth step."""
    optimizers = imported("pytorch_optimizer")
    optimizer: Optimizer = optimizers.ScalableShampoo(
        model.parameters(),
        lr=config["lr"],
        betas=(0.9, 0.99),
        graft_type={"sgd": 1, "rmsprop": 3}[config["graft"]],
        start_preconditioning_step=10,
        preconditioning_compute_steps=20,
        nesterov=False,
    )
    return [optimizer]


def soap(model: nn.Module, config: Config) -> list[Optimizer]:
    """SOAP, its bases every tenth step."""
    optimizers = imported("pytorch_optimizer")
    optimizer: Optimizer = optimizers.SOAP(
        model.parameters(), weight_decay=0.0, precondition_frequency=10, **config
    )
    return [optimizer]


def kfac(model: nn.Module, config: Config) -> list[Optimizer]:
    """singd with dense factors and the K-FAC-like update, factors every other step.

    A larger ``lr_cov`` or a longer period let the factors diverge at these widths.
    """
    imported("singd")
    from singd.optim.optimizer import SINGD

    optimizer: Optimizer = SINGD(
        model,
        momentum=0.9,
        alpha1=0.0,
        lr_cov=2e-3,
        normalize_lr_cov=True,
        kfac_like=True,
        T=2,
        warn_unsupported=False,
        **config,
    )
    return [optimizer]


def locoprop_paper(model: nn.Module, config: Config) -> list[Optimizer]:
    """The authors' recipe: variant M, ten steps of RMSProp in TensorFlow's sense."""
    from optim import LocoProp
    from optim.inner import RMSProp

    rule = RMSProp(momentum=config["momentum"], decay=0.9, eps=1e-5)
    return [LocoProp.paper(model, inner_lr=config["lr"], rule=rule)]


def locoprop(model: nn.Module, config: Config) -> list[Optimizer]:
    """LocoProp with one factorisation a step and map.

    Momentum wants a tenth of the rate: the proximal problem bounds the move of the pre-activations
    in one step, momentum adds up ten of them, and units that saturate in the first epochs stay so.
    """
    from optim import LocoProp, Majorise

    options = {name: value for name, value in config.items() if name != "steps"}
    solver = Majorise(config["steps"]) if "steps" in config else None
    return [LocoProp(model, solver=solver, **options)]


FIRST, SECOND, LOCAL = "first order", "second order", "LocoProp"

METHODS: dict[str, Method] = {
    "adam": Method("Adam", FIRST, adam, rates(-8, 4)),
    "rmsprop": Method("RMSProp", FIRST, rmsprop, rates(-10, 4)),
    "sgd": Method(
        "SGD + momentum", FIRST, sgd, [*rates(-6, 2, momentum=0.9), *rates(-8, 2, momentum=0.99)]
    ),
    "muon": Method("Muon", FIRST, muon, rates(-4, 4)),
    "lbfgs": Method(
        "L-BFGS",
        SECOND,
        lbfgs,
        [
            *rates(-2, 3, history_size=20, full=False),
            {"lr": 1.0, "history_size": 100, "full": True},
        ],
        closure=True,
    ),
    "shampoo": Method(
        "Shampoo",
        SECOND,
        shampoo,
        [*rates(-6, 2, graft="sgd"), *rates(-8, 2, graft="rmsprop")],
        period=20,
    ),
    "soap": Method("SOAP", SECOND, soap, rates(-6, 4), period=10),
    "kfac": Method(
        "K-FAC-like (singd)",
        SECOND,
        kfac,
        [*rates(-6, 2, damping=1e-2), *rates(-5, 2, damping=1e-1)],
    ),
    "locoprop-paper": Method(
        "LocoProp-M, paper",
        LOCAL,
        locoprop_paper,
        [*rates(-8, 2, momentum=0.99), *rates(-10, 2, momentum=0.999)],
    ),
    "locoprop-default": Method("LocoProp, default", LOCAL, locoprop, [{"lr": 0.2}]),
    "locoprop-s": Method(
        "LocoProp-S, Exact",
        LOCAL,
        locoprop,
        [
            *rates(-1, 2, variant="S", prox=0.1),
            *rates(-3, 2, variant="S", prox=0.1, momentum=0.9),
        ],
    ),
    "locoprop-m": Method(
        "LocoProp-M, Majorise",
        LOCAL,
        locoprop,
        [
            *rates(-2, 2, variant="M", steps=3, prox=0.1),
            *rates(-4, 2, variant="M", steps=3, prox=0.1, momentum=0.9),
        ],
    ),
}


def neighbours(config: Config) -> Sequence[Config]:
    """The same setting half a decade below and above."""
    k = round(2 * torch.tensor(config["lr"], dtype=torch.float64).log10().item())
    return [{**config, "lr": half_decade(k + step)} for step in (-1, 1)]
