"""Training on a flow task: many signals on one complex, each in its own orientation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from simplex.complexes import (
    SimplicialComplex,
    require_complex,
    require_generator,
    require_int,
    require_real,
)
from simplex.datasets import FlowSamples, FlowTask
from simplex.nn import FlowQuotient
from simplex.train._checks import MOST_EPOCHS, require_callable, require_finite_loss, require_kind


@dataclass(frozen=True)
class FlowEpoch:
    """What one epoch of :func:`train_flow` came to.

    Args:
        epoch: counted from 1.
        loss: mean cross-entropy over the training samples, as they were met.
        train_accuracy: share of the training samples that were right when they were met.
    """

    epoch: int
    loss: float
    train_accuracy: float


def train_flow(
    model: nn.Module,
    task: FlowTask,
    *,
    epochs: int = 100,
    batch_size: int = 64,
    lr: float = 1e-3,
    step_size: int = 20,
    gamma: float = 0.5,
    generator: torch.Generator | None = None,
    on_epoch: Callable[[FlowEpoch], None] | None = None,
) -> list[FlowEpoch]:
    """Fit a network to the training flows by Adam, the rate times ``gamma`` every ``step_size``.

    The defaults are the protocol of the paper. The test flows are not looked at: evaluate the
    result with :func:`flow_accuracy`, after the last epoch.

    Args:
        model: called as ``model(x, complex, orientation)`` with x of shape (m, n_1, 1), which
            returns logits (m, 1, classes), such as :class:`simplex.nn.OrientedMPSN`. It is changed.
        task: the data, on the model's device.
        epochs: passes over the training flows.
        batch_size: flows in one step.
        lr: learning rate at the start.
        step_size: epochs between two decays.
        gamma: factor of a decay.
        generator: source of the order of the samples, on the CPU; ``None`` for torch's global one.
        on_epoch: called after every epoch, for progress.

    Returns:
        One record per epoch.

    Raises:
        ValueError: no training sample, or a loss that is no longer finite.

    Example:
        >>> from simplex.datasets import synthetic_flow
        >>> from simplex.nn import OrientedMPSN
        >>> task = synthetic_flow(150, 8, 4, generator=torch.Generator().manual_seed(0))
        >>> history = train_flow(OrientedMPSN(1, 4, 2), task, epochs=1)
        >>> len(history), 0 <= history[0].train_accuracy <= 1
        (1, True)
    """
    require_kind("model", model, nn.Module)
    require_kind("task", task, FlowTask, "Draw one with simplex.datasets.synthetic_flow.")
    require_int("epochs", epochs, least=0, most=MOST_EPOCHS)
    require_int("batch_size", batch_size, least=1)
    require_int("step_size", step_size, least=1)
    lr, gamma = require_real("lr", lr, 0), require_real("gamma", gamma, 0)
    require_generator(generator)
    batch_size = min(batch_size, max(len(task.train), 1))
    if on_epoch is not None:
        require_callable("on_epoch", on_epoch, "on_epoch(record)")
    if len(task.train) == 0:
        raise ValueError("task must have training flows, got none. Raise num_train.")
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size, gamma)
    logits_of = _logits_of(model, task.complex, task.train)
    model.train()
    history = []
    for epoch in range(1, epochs + 1):
        total_loss, num_right = 0.0, 0
        order = torch.randperm(len(task.train), generator=generator)
        for index in torch.split(order.to(task.train.labels.device), batch_size):
            logits, labels = logits_of(index), task.train.labels[index]
            loss = nn.functional.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total_loss += float(loss.detach()) * len(labels)
            num_right += int((logits.argmax(1) == labels).sum())
        require_finite_loss(total_loss, lr)
        schedule.step()
        record = FlowEpoch(epoch, total_loss / len(order), num_right / len(order))
        history.append(record)
        if on_epoch is not None:
            on_epoch(record)
    return history


@torch.no_grad()
def flow_accuracy(
    model: nn.Module, K: SimplicialComplex, samples: FlowSamples, *, batch_size: int = 64
) -> float:
    """The share of samples that a network classifies correctly.

    Args:
        model: as for :func:`train_flow`; put into evaluation mode.
        K: where the flows live.
        samples: the flows, each in its own orientation.
        batch_size: flows at once.

    Raises:
        ValueError: no sample.
    """
    require_kind("model", model, nn.Module)
    require_complex("K", K)
    require_kind("samples", samples, FlowSamples, "They are task.train or task.test.")
    require_int("batch_size", batch_size, least=1)
    batch_size = min(batch_size, max(len(samples), 1))
    if len(samples) == 0:
        raise ValueError("samples must not be empty.")
    model.eval()
    right = [
        (_logits(model, K, samples[index]).argmax(1) == samples.labels[index]).sum()
        for index in torch.split(torch.arange(len(samples)).to(samples.labels.device), batch_size)
    ]
    return float(torch.stack(right).sum()) / len(samples)


@runtime_checkable
class _WithQuotient(Protocol):
    """A network that knows which simplices it cannot tell apart."""

    def quotient(
        self, complex: SimplicialComplex, flows: Tensor, orientation: Tensor
    ) -> FlowQuotient | None: ...

    def forward_quotient(self, quotient: FlowQuotient) -> Tensor: ...


def _logits_of(
    model: nn.Module, K: SimplicialComplex, samples: FlowSamples
) -> Callable[[Tensor], Tensor]:
    """From the numbers of m samples to their logits (m, classes), by a quotient if there is one."""
    if isinstance(model, _WithQuotient):
        quotient = model.quotient(K, samples.flows, samples.orientation)
        if quotient is not None:
            return lambda index: model.forward_quotient(quotient[index])
    return lambda index: _logits(model, K, samples[index])


def _logits(model: nn.Module, K: SimplicialComplex, samples: FlowSamples) -> Tensor:
    """(m, classes) for m samples, a batch of cochains of one channel."""
    x = samples.flows[..., None].to(next(model.parameters()).dtype)  # (m, n_1, 1)
    logits: Tensor = model(x, K, samples.orientation)
    return logits[:, 0]
