"""A layer that packs its maps takes the steps of a twin that is written with plain ones."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from optim import Iterate, LocoProp, Majorise
from optim.inner import SGD
from tests.cases import over


DOUBLE = torch.float64
OPTIONS: dict[str, dict[str, Any]] = {
    "M": {"variant": "M"},
    "M, running curvature": {"solver": Majorise(gram_ema=0.5, gram_every=2)},
    "S": {"variant": "S", "momentum": 0.5, "weight_decay": 0.1},
    "S of a sum": {"variant": "S", "loss_reduction": "sum"},
    "iterations": {"solver": Iterate(steps=4), "lr": 1.0, "safeguard": "backtrack"},
    "sums": {"solver": Iterate(SGD(), lr=1e-3, steps=3, reduction="sum"), "lr": 2.0},
}


class Attention(nn.Module):
    """Attention written with four linear layers."""

    def __init__(self, packed: nn.MultiheadAttention) -> None:
        super().__init__()
        self.heads, self.first = packed.num_heads, packed.batch_first
        size = packed.embed_dim
        weights = (packed.q_proj_weight, packed.k_proj_weight, packed.v_proj_weight)
        if packed.in_proj_weight is not None:
            weights = packed.in_proj_weight.chunk(3)
        bias = packed.in_proj_bias is not None
        self.parts = nn.ModuleList(nn.Linear(w.shape[1], size, bias) for w in weights)
        self.out = nn.Linear(size, size, packed.out_proj.bias is not None)
        with torch.no_grad():
            for k, (part, weight) in enumerate(zip(self.parts, weights, strict=True)):
                part.weight.copy_(weight)
                if bias:
                    part.bias.copy_(packed.in_proj_bias.chunk(3)[k])
            self.out.load_state_dict(packed.out_proj.state_dict())

    def forward(self, *inputs: Tensor) -> Tensor:
        three = [x if self.first else x.transpose(0, 1) for x in inputs]
        split = [
            part(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part, x in zip(self.parts, three, strict=True)
        ]
        made = functional.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2)
        out = self.out(made)
        return out if self.first else out.transpose(0, 1)


class Over(nn.Module):
    """Attention between maps, from one sequence to itself or to another, longer one."""

    def __init__(self, attention: nn.Module, other: int, **options: Any) -> None:
        super().__init__()
        self.attention, self.other, self.options = attention, other, options
        self.lift, self.head = nn.Linear(3, 8), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.lift(x)
        keys = torch.cat([x, x.sin()])[::3] if self.other else x
        values = keys + 1 if self.other > 1 else keys
        made = self.attention(x, keys, values, **self.options)
        return self.head(torch.tanh(made[0] if isinstance(made, tuple) else made))


class Ragged(nn.Module):
    """From a batch-first sequence to one of another length."""

    def __init__(self, attention: nn.Module) -> None:
        super().__init__()
        self.attention, self.head = attention, nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        memory = x.repeat(1, 3, 2)[:, :7, :5]
        made = self.attention(x.repeat(1, 1, 3)[..., :8], memory, memory[..., :4])
        return self.head(made[0] if isinstance(made, tuple) else made)


class Cells(nn.Module):
    """A recurrent layer written as steps of cells, the sequences one after the other."""

    def __init__(self, packed: Any, cell: type[nn.Module]) -> None:
        super().__init__()
        self.directions, self.stacked = 1 + packed.bidirectional, packed.num_layers
        self.size = packed.hidden_size
        self.cells = nn.ModuleList()
        for layer in range(packed.num_layers):
            for direction in range(self.directions):
                suffix = f"_l{layer}" + "_reverse" * direction
                inputs = getattr(packed, f"weight_ih{suffix}").shape[1]
                made = cell(inputs, self.size, bias=packed.bias)
                for name in made.state_dict():
                    getattr(made, name).data.copy_(getattr(packed, name + suffix).data)
                self.cells.append(made)

    def forward(self, x: Tensor, lengths: list[int], start: Tensor | None) -> list[Tensor]:
        return [
            self.one(x[:length, [k]], None if start is None else start[:, [k]])
            for k, length in enumerate(lengths)
        ]

    def one(self, x: Tensor, start: Tensor | None) -> Tensor:
        for layer in range(self.stacked):
            sides = []
            for direction in range(self.directions):
                place = layer * self.directions + direction
                h = x.new_zeros(1, self.size) if start is None else start[place]
                state: Any = (h, torch.zeros_like(h)) if self.is_lstm else h
                steps = []
                for step in x.flip(0) if direction else x:
                    state = self.cells[place](step, state)
                    steps.append(state[0] if self.is_lstm else state)
                sides.append(torch.stack(steps[::-1] if direction else steps))
            x = torch.cat(sides, dim=-1)
        return x[:, 0]

    @property
    def is_lstm(self) -> bool:
        return isinstance(self.cells[0], nn.LSTMCell)


class Sequence(nn.Module):
    """A recurrent layer over sequences of the lengths 3, 5 and 2, or 4, 4 and 4."""

    def __init__(self, layer: Any, *, ragged: bool = False, start: bool = False) -> None:
        super().__init__()
        self.layer, self.lengths = layer, [3, 5, 2] if ragged else [4, 4, 4]
        self.ragged, self.start = ragged, start
        self.head = nn.LazyLinear(2)

    def forward(self, x: Tensor) -> Tensor:
        start = x.sum() * torch.linspace(-1, 1, 4 * 3 * 5, dtype=x.dtype).reshape(4, 3, 5)
        if isinstance(self.layer, Cells):
            start = start[: len(self.layer.cells)]
            made = torch.cat(self.layer(x, self.lengths, start if self.start else None))
            return self.head(made)
        start = start[: self.layer.num_layers * (1 + self.layer.bidirectional)]
        is_lstm = isinstance(self.layer, nn.LSTM)
        state = (start, torch.zeros_like(start)) if is_lstm else start
        hx = state if self.start else None
        if not self.ragged:
            first = self.layer.batch_first
            steps = x[:4].transpose(0, 1) if first else x[:4]
            made = self.layer(steps, hx)[0]
            return self.head((made if first else made.transpose(0, 1)).flatten(0, 1))
        packed = pack_padded_sequence(x, torch.tensor(self.lengths), enforce_sorted=False)
        padded, _ = pad_packed_sequence(self.layer(packed, hx)[0])
        return self.head(torch.cat([padded[:length, k] for k, length in enumerate(self.lengths)]))


class Words(nn.Module):
    """Tokens from where the inputs are, in a table or by one-hot rows and a linear map."""

    def __init__(self, table: nn.Module, **options: Any) -> None:
        super().__init__()
        self.table, self.head = table, nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        tokens = (x[..., 0] * 2).long().clamp(-3, 3) + 3
        if isinstance(self.table, nn.Linear):
            one_hot = functional.one_hot(tokens, 9).to(x)
            one_hot[..., 3] *= 1 - self.padded
            return self.head(self.table(one_hot))
        return self.head(self.table(tokens))

    padded = 0


def words(**options: Any) -> tuple[nn.Module, nn.Module]:
    model = Words(nn.Embedding(9, 3, **options))
    twin = Words(nn.Linear(9, 3, bias=False))
    twin.padded = int("padding_idx" in options)
    twin.table.weight.data.copy_(model.table.weight.T)  # type: ignore[union-attr]
    twin.head.load_state_dict(model.head.state_dict())
    return model, twin


def attention(size: int = 0, **options: Any) -> tuple[nn.Module, nn.Module]:
    first = {name: options.pop(name) for name in ("need_weights",) if name in options}
    packed = nn.MultiheadAttention(8, 2, **options)
    nn.init.normal_(packed.out_proj.weight)
    for bias in (packed.in_proj_bias, packed.out_proj.bias):
        if bias is not None:
            nn.init.normal_(bias)
    model, twin = Over(packed, size, **first), Over(Attention(packed), size)
    twin.lift.load_state_dict(model.lift.state_dict())
    twin.head.load_state_dict(model.head.state_dict())
    return model, twin


def unequal() -> tuple[nn.Module, nn.Module]:
    packed = nn.MultiheadAttention(8, 2, kdim=5, vdim=4, bias=False, batch_first=True)
    model, twin = Ragged(packed), Ragged(Attention(packed))
    twin.head.load_state_dict(model.head.state_dict())
    return model, twin


def recurrent(
    kind: str, *, ragged: bool = False, start: bool = False, **options: Any
) -> tuple[nn.Module, nn.Module]:
    packed = getattr(nn, kind)(3, 5, **options)
    model = Sequence(packed, ragged=ragged, start=start)
    twin = Sequence(Cells(packed, getattr(nn, kind + "Cell")), ragged=ragged, start=start)
    x = torch.randn(5, 3, 3)
    model(x), twin(x)
    twin.head.load_state_dict(model.head.state_dict())
    return model, twin


def normed(layer: Callable[[], nn.Module], dim: int | None) -> tuple[nn.Module, nn.Module]:
    shape = nn.Unflatten(-1, (3, 1)) if isinstance(layer(), nn.Conv1d) else nn.Identity()
    flat = nn.Flatten(-2) if isinstance(layer(), nn.Conv1d) else nn.Identity()
    plain = layer().double()
    bent = copy.deepcopy(plain)
    weight_norm(bent, dim=dim)
    bent.parametrizations.weight.original1.data.mul_(3)  # the length of v is not that of g
    bent.parametrizations.weight.original0.data.mul_(-0.5)
    plain.weight.data.copy_(bent.weight.data)
    end = nn.Sequential(nn.Tanh(), nn.LazyLinear(2))
    models = [
        nn.Sequential(nn.Flatten(0, 1), shape, each, flat, copy.deepcopy(end))
        for each in (bent, plain)
    ]
    for model in models:
        model.double()(torch.randn(5, 3, 3).double())
    models[1][-1].load_state_dict(models[0][-1].state_dict())
    return models[0], models[1]


TWINS: dict[str, Callable[[], tuple[nn.Module, nn.Module]]] = {
    "attention": attention,
    "batch first, without weights": lambda: attention(batch_first=True, need_weights=False),
    "without biases": lambda: attention(bias=False),
    "over other keys": lambda: attention(1),
    "over other keys and values": lambda: attention(2, need_weights=False),
    "projections of unequal widths": unequal,
    "LSTM": lambda: recurrent("LSTM"),
    "LSTM from a state": lambda: recurrent("LSTM", start=True, num_layers=2, batch_first=True),
    "both directions, ragged": lambda: recurrent(
        "LSTM", ragged=True, start=True, bidirectional=True, num_layers=2
    ),
    "GRU": lambda: recurrent("GRU", num_layers=2, bias=False),
    "GRU, ragged": lambda: recurrent("GRU", ragged=True, bidirectional=True),
    "RNN": lambda: recurrent("RNN", start=True),
    "embedding": words,
    "embedding with padding": lambda: words(padding_idx=3),
    "embedding with sparse gradients": lambda: words(sparse=True),
    "weight norm": lambda: normed(lambda: nn.Linear(3, 4), 0),
    "weight norm of the whole": lambda: normed(lambda: nn.Linear(3, 4), None),
    "weight norm of columns": lambda: normed(lambda: nn.Linear(3, 4), 1),
    "weight norm of a convolution": lambda: normed(lambda: nn.Conv1d(3, 6, 1, groups=3), 0),
}


def train(model: nn.Module, options: dict[str, Any], steps: int = 2) -> LocoProp:
    opt = LocoProp(model, **options)
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        x = torch.randn(5, 3, 3, generator=generator).double()
        opt.zero_grad()
        out = model(x)
        loss = functional.cross_entropy(out.flatten(0, -2), out.flatten(0, -2).argmin(1))
        loss.backward()
        opt.step()
    return opt


def kinds() -> Iterator[tuple[str, str]]:
    """Half of the options for each pair, in turns; counts of a table are not averaged."""
    for k, name in enumerate(TWINS):
        for kind in list(OPTIONS)[k % 2 :: 2]:
            if not (name.startswith("embedding") and "running" in kind):
                yield name, kind


@over("name, kind", kinds())
def test_packed_layers_take_the_steps_of_plain_ones(name: str, kind: str) -> None:
    model, twin = (each.double() for each in TWINS[name]())
    x = torch.randn(5, 3, 3).double()
    torch.testing.assert_close(model(x), twin(x))
    before = model(x).detach()
    opt = train(model, OPTIONS[kind])
    train(twin, OPTIONS[kind])
    assert all(line.solver != "AdamW" for line in opt.report()), opt.report()
    torch.testing.assert_close(model(x), twin(x), rtol=1e-8, atol=1e-9)
    assert not torch.allclose(model(x), before)
