"""The optimisers of the comparison on transformers, each by its rate; the three rates tried first.

Muon and the K-FAC-like method are for matrices; what they leave out goes to AdamW, as their authors
say: at a tenth of Muon's rate, at 3e-3 beside K-FAC. Weight decay is nobody's but AdamW's default.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import AdamW, Optimizer

from optim import LocoProp
from tests.benchmarks.baselines import Muon, half_decade, imported


Build = Callable[[nn.Module, float], list[Optimizer]]


def adamw(model: nn.Module, lr: float) -> list[Optimizer]:
    return [AdamW(model.parameters(), lr=lr, fused=True)]


def muon(model: nn.Module, lr: float) -> list[Optimizer]:
    """Muon on the weights of the blocks, AdamW on tables, ends, norms and biases."""
    inner = [p for name, p in model.named_parameters() if "blocks" in name and p.ndim == 2]
    outer = [p for p in model.parameters() if all(p is not each for each in inner)]
    return [
        Muon(inner, lr=lr, momentum=0.95, weight_decay=0.0),
        AdamW(outer, lr=lr / 10, fused=True),
    ]


def soap(model: nn.Module, lr: float) -> list[Optimizer]:
    """SOAP, its bases every tenth step."""
    made = imported("pytorch_optimizer").SOAP
    return [made(model.parameters(), lr=lr, weight_decay=0.0, precondition_frequency=10)]


def shampoo(model: nn.Module, lr: float) -> list[Optimizer]:
    """Shampoo with RMSProp's lengths, preconditioners every twentieth step."""
    made = imported("pytorch_optimizer").ScalableShampoo
    return [
        made(
            model.parameters(),
            lr=lr,
            betas=(0.9, 0.99),
            graft_type=3,
            start_preconditioning_step=10,
            preconditioning_compute_steps=20,
            nesterov=False,
        )
    ]


def kfac(model: nn.Module, lr: float) -> list[Optimizer]:
    """singd's K-FAC-like update with dense factors, every other step; AdamW on all else."""
    imported("singd")
    from singd.optim.optimizer import SINGD

    own = SINGD(
        model,
        lr=lr,
        damping=1e-2,
        momentum=0.9,
        alpha1=0.0,
        lr_cov=2e-3,
        normalize_lr_cov=True,
        kfac_like=True,
        T=2,
        warn_unsupported=False,
    )
    taken = {id(p) for group in own.param_groups for p in group["params"]}
    rest = [p for p in model.parameters() if id(p) not in taken]
    return [own, AdamW(rest, lr=3e-3, fused=True)]


def locoprop(model: nn.Module, lr: float) -> list[Optimizer]:
    return [LocoProp(model, lr=lr)]


@dataclass(frozen=True)
class Method:
    """An optimiser and the rates that are tried first, half decades from 10^(first / 2) on."""

    label: str
    build: Build
    first: int | None  # None: the one default, no trial
    default: float = torch.nan

    @property
    def rates(self) -> list[float]:
        if self.first is None:
            return [self.default]
        return [half_decade(self.first + k) for k in range(3)]


METHODS: Mapping[str, Method] = {
    "adamw": Method("AdamW (fused)", adamw, -6),
    "muon": Method("Muon (torch, in float32)", muon, -4),
    "soap": Method("SOAP (pytorch-optimizer)", soap, -6),
    "shampoo": Method("Shampoo (pytorch-optimizer)", shampoo, -7),
    "kfac": Method("K-FAC-like (singd)", kfac, -6),
    "locoprop": Method("LocoProp, default", locoprop, None, 0.2),
}
