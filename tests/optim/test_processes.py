"""Two processes take the step of one that has the rows of both; what they cannot do is refused."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils.parametrizations import weight_norm

from optim import Exact, Iterate, LocoProp, Majorise
from optim.inner import SGD
from tests.cases import over


STEPS = 3


def two_layers() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.LayerNorm(8), nn.Linear(8, 3))


def maps_alone() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.Softplus(), nn.Linear(8, 3, bias=False))


class Convolutions(nn.Module):
    """Grouped problems, many rows for each item."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(2, 4, 2, groups=2), nn.Conv1d(4, 3, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(torch.sigmoid(self.first(x.unflatten(1, (2, 3)))))[..., 0]


class Branches(nn.Module):
    """A map of the rows that have a mark alone: a process may not call it."""

    def __init__(self) -> None:
        super().__init__()
        self.common, self.marked = nn.Linear(6, 3), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        out = self.common(x)
        marked = x[:, 0] > 1.0
        if bool(marked.any()):
            out = out.index_add(0, marked.nonzero()[:, 0], torch.tanh(self.marked(x[marked])))
        return out


def plain(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, lr=0.1)


class Words(nn.Module):
    """A table tied to the head, attention over longer keys, a cell, a weight norm."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.cell = nn.Embedding(5, 6), nn.LSTMCell(6, 6)
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
        self.lift, self.head = weight_norm(nn.Linear(6, 6)), nn.Linear(6, 5)
        self.head.weight = self.table.weight

    def forward(self, x: Tensor) -> Tensor:
        words = self.table((x * 2).long().clamp(-2, 2) + 2)
        keys = words if len(x) == 1 else words[:, :4]
        made = self.attention(words, keys, keys)[0][:, 0]
        return self.head(self.cell(self.lift(made), (x, x))[0])[:, :3]


class Run(NamedTuple):
    """A model, the options of its optimiser, and how its steps are made."""

    model: Callable[[], nn.Module] = two_layers
    options: dict[str, Any] = {}  # noqa: RUF012
    pieces: int = 1  # micro-batches of a step
    reduction: str = "mean"
    classes: bool = False  # the loss is a cross-entropy: the last map has a transfer function
    no_sync: bool = False  # all micro-batches but the last average nothing
    by_hand: bool = False  # the gradients are averaged without DistributedDataParallel


RUNS = {
    "M": Run(),
    "M, ten inner steps": Run(options={"solver": Majorise(steps=10), "safeguard": "backtrack"}),
    "S with momentum": Run(options={"variant": "S", "momentum": 0.5, "weight_decay": 0.1}),
    "running curvature": Run(
        options={"variant": "S", "solver": Exact(gram_ema=0.5, gram_every=2)}, pieces=2
    ),
    "few rows": Run(lambda: nn.Linear(6, 1), {"variant": "S"}),
    "first-order steps": Run(options={"solver": Iterate(steps=4), "safeguard": "backtrack"}),
    "first-order steps of S": Run(
        maps_alone, {"variant": "S", "solver": Iterate(SGD(), lr=0.1, steps=40)}
    ),
    "too long a step": Run(
        maps_alone, {"variant": "S", "solver": Iterate(SGD(), lr=9.0), "safeguard": "backtrack"}
    ),
    "sums in units of the paper": Run(
        options={"solver": Iterate(steps=3, lr=1e-3, reduction="sum"), "lr": 2.0}
    ),
    "micro-batches": Run(pieces=3),
    "micro-batches that are not averaged": Run(pieces=3, no_sync=True),
    "packed maps": Run(Words, {"fallback": plain}, pieces=2, no_sync=True),
    "packed maps, a sum as the loss": Run(
        Words, {"fallback": plain, "loss_reduction": "sum"}, reduction="sum"
    ),
    "classes": Run(classes=True),
    "a sum as the loss": Run(maps_alone, {"loss_reduction": "sum"}, reduction="sum"),
    "convolutions": Run(Convolutions, {"solver": Majorise(gram_ema=0.3)}),
    "a map that one process does not call": Run(Branches),
    "gradients averaged by hand": Run(maps_alone, by_hand=True),
}


def rows_of(step: int, piece: int) -> tuple[Tensor, Tensor]:
    """The rows of both processes: unequal ones, and none of one of them now and then."""
    generator = torch.Generator().manual_seed(10 * step + piece)
    sizes = [(5, 3), (4, 0), (0, 6), (2, 7)][(step + piece) % 4]
    first, second = (torch.randn(n, 6, generator=generator).double() for n in sizes)
    second[:, 0] = second[:, 0].abs() + 1.5  # all marked; of the first ones none
    return first.clamp(max=1.0), second


def trained(run: Run, rank: int | None) -> Tensor:
    """The weights after some steps of one of two processes, or of one that has all rows."""
    torch.manual_seed(0)
    model = run.model().double()
    parallel, group = model, None
    if rank is not None and run.by_hand:
        group = distributed.group.WORLD
    elif rank is not None:
        parallel = DistributedDataParallel(model, find_unused_parameters=True)
    opt = LocoProp(model, process_group=group, **run.options)
    for step in range(STEPS):
        opt.zero_grad()
        pieces = [rows_of(step, piece) for piece in range(run.pieces)]
        whole = sum(len(each) for piece in pieces for each in piece)
        size = 1 if rank is None else 2
        for k, piece in enumerate(pieces):
            x = torch.cat(piece) if rank is None else piece[rank]
            apart = run.no_sync and rank is not None and k + 1 < len(pieces)
            if isinstance(parallel, DistributedDataParallel):
                parallel.require_backward_grad_sync = not apart  # as no_sync() does
            with nullcontext() if len(x) else opt.paused():
                out = parallel(x if len(x) else torch.ones(1, 6).double())
            losses = (out - 1).square()
            if run.classes:
                losses = nn.functional.cross_entropy(out, out.detach().argmin(1), reduction="none")
            total = losses.sum() * (1.0 if len(x) else 0.0)
            (total if run.reduction == "sum" else total * size / whole).backward()
        if group is not None:
            for parameter in model.parameters():
                assert parameter.grad is not None
                distributed.all_reduce(parameter.grad)
                parameter.grad /= size
        opt.step()
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def _join(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2
    )


def _all_runs(rank: int, folder: str) -> None:
    _join(rank, folder)
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("optim").addHandler(handler)
    weights = {name: trained(run, rank) for name, run in RUNS.items()}
    told = [line for line in said if "process" in line]
    torch.save({"weights": weights, "said": told, "refused": _refused()}, f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def _refused() -> list[str]:
    """What two processes are told that do not step alike, or do not say that they are two."""
    rank, messages = distributed.get_rank(), []
    model = maps_alone()
    unlike = LocoProp(model, process_group=distributed.group.WORLD)
    model(torch.ones(2, 6)).sum().backward()
    if rank:
        for parameter in model[2].parameters():  # type: ignore[index]
            parameter.grad = None
    apart = DistributedDataParallel(maps_alone())
    alone = LocoProp(apart.module)
    with apart.no_sync():
        apart(torch.full((2, 6), float(rank + 1))).square().sum().backward()
    wrapped = DistributedDataParallel(maps_alone())
    joined = LocoProp(wrapped.module)

    def inside_join() -> None:
        with wrapped.join():
            wrapped(torch.ones(2, 6))
        joined.step()

    for refused in (unlike.step, alone.step, inside_join):
        try:
            refused()
        except RuntimeError as error:
            messages.append(str(error))
    return messages


@pytest.fixture(scope="module")
def replicas(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    folder = tmp_path_factory.mktemp("processes")
    torch.multiprocessing.start_processes(  # type: ignore[no-untyped-call]
        _all_runs, args=(str(folder),), nprocs=2, start_method="fork"
    )
    return torch.load(folder / "0.pt"), torch.load(folder / "1.pt")


@over("name", list(RUNS))
def test_two_processes_take_the_step_of_one_with_all_rows(replicas: Any, name: str) -> None:
    first, second = (each["weights"][name] for each in replicas)
    assert torch.equal(first, second)
    alone = trained(RUNS[name], None)
    torch.testing.assert_close(first, alone, rtol=1e-9, atol=1e-11)


def test_what_two_processes_cannot_do_is_refused(replicas: Any) -> None:
    for each in replicas:
        unlike, apart, joined = each["refused"]
        assert "must take a step with gradients of one model, got others on one of them" in unlike
        assert "gradients must be averages over all 2 processes, got norms from" in apart
        assert "inside join(), where a process without batches takes no step" in joined
        assert each["said"] == []


def _without_a_group(rank: int, folder: str) -> None:
    _join(rank, folder)
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("optim").addHandler(handler)
    model = maps_alone()
    opt = LocoProp(model)
    for _ in range(2):
        model(torch.ones(2, 6)).square().mean().backward()
        opt.step()
        opt.zero_grad()
    Path(folder, f"{rank}.txt").write_text("\n".join(line for line in said if "process" in line))
    distributed.destroy_process_group()


def test_processes_that_nothing_joins_are_told_once(tmp_path: Path) -> None:
    torch.multiprocessing.start_processes(  # type: ignore[no-untyped-call]
        _without_a_group, args=(str(tmp_path),), nprocs=2, start_method="fork"
    )
    for rank in (0, 1):
        (told,) = Path(tmp_path, f"{rank}.txt").read_text().splitlines()
        assert told.startswith("each of the 2 processes steps by its own rows")
