"""Networks on marked copies: each complex once for each of its vertices, which stands out in it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, Unpack, cast

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from simplex.complexes import (
    SimplicialComplex,
    require_generator,
    require_int,
    require_memory,
    take_parts,
    transformed,
)
from simplex.nn._frame.level_readout import LevelReadout
from simplex.nn._frame.options import StackOptions
from simplex.nn._frame.readout import Readout
from simplex.nn._frame.stacked import StackedNetwork
from simplex.nn._modules import Widths
from simplex.nn._networks.sin import SIN
from simplex.nn._reach import Reach, Stage


_VALUES = 1 << 20  # entries of a cochain of the copies that a step holds, where it is not said
_TENSORS = 12  # of a layer that live at the same time, at most


class Marks(NamedTuple):
    """Which vertices are marked in turn.

    Attributes:
        vertices: (M,) their ids, ascending.
        per_part: (num_parts,) how many each part has.
    """

    vertices: Tensor
    per_part: Tensor


class MarkedNetwork(StackedNetwork):
    r"""A network on marked copies of each complex, one for each vertex v, which stands out there.

    .. math::
        h^{v,(0)}_σ &= \text{embed}(x_σ) + [σ = v]\, m \qquad
        h^{v,(l+1)} = a\big( \text{norm}( \text{conv}_l(h^{v,(l)}, K) ) \big) \\
        e_v &= φ\Big( U \sum_k φ\big( W_k \, \text{reduce}_{σ ∈ K_k} h^{v,(L)}_σ \big) + c \Big) \\
        h_v &= e_v + \text{mean}_w\, h^{w,(L)}_v \qquad
        h_σ = \text{mean}_w\, h^{w,(L)}_σ \ (k ≥ 1) \qquad y = \text{Readout}(h, K)

    with a learned mark m. All copies share the weights. Two complexes get different outputs, for
    almost all weights of wide enough maps, if the multisets of their copies differ for the layers:
    sums of images under generic maps are injective on the finitely many multisets that occur, which
    is applied to the simplices of a copy and again, behind φ, to the copies of a complex.

    Any network that is declared as a :class:`StackedNetwork` gets marks by this as its first base,
    see below; :class:`MarkedSIN` is the one of :class:`SIN`.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`. The norm ``"graph"`` is over each copy; the readout norm over
            the complexes. With ``norm="batch"`` the statistics are those of one step.
        num_marks: while training, at most so many vertices of each part are marked, drawn anew in
            each call; ``None`` for all. Their sums are scaled by n / num_marks, so what the readout
            pools with ``reduce="sum"`` or ``"mean"`` is unbiased.
        num_eval_marks: the same in evaluation mode. A result is then a draw, and the laws below
            hold on average.
        copies_per_step: how many copies are held at once; ``None`` for as many as have about a
            million entries a cochain. Where there are several steps, what they hold is computed
            again in the backward pass.
        max_simplices: most simplices that the copies of a call may have together; ``None`` for any
            number.
        embed: an encoder, always: ``True`` for linear maps.
        level: with k, one row for each k-simplex, read of the cochains h above: a vertex has what
            the copy says in which it is marked.

    Laws:
        Those of the network on the copies: invariant under relabelling; a batch gives what its
        items give; the same in any number of steps.

    Cost:
        n copies of a complex of n vertices: O(n · cost of the network) in time; in memory that of
        the copies of one step. A call that would need more is refused with what it would cost.

    Raises:
        ValueError: ``embed=False``; sampled marks with ``reduce="max"``; or as the frame has it.

    Paper:
        One mark: You et al., "Identity-aware Graph Neural Networks", AAAI 2021; Zhang & Li, "Nested
        Graph Neural Networks", NeurIPS 2021. Departure: copies are of whole complexes of any
        dimension, and are read in all of their simplices.

    Example:
        >>> from simplex.nn import MPSN
        >>> class MarkedMPSN(MarkedNetwork, MPSN): ...
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = MarkedMPSN(1, 8, 2, num_layers=2, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """

    def __init_subclass__(cls, **options: Any) -> None:
        """There is always an encoder."""
        cls.defaults = dict(cls.defaults) | {"embed": True}
        super().__init_subclass__(**options)

    def __init__(
        self,
        in_channels: Widths,
        hidden_channels: int,
        out_channels: int,
        num_layers: int,
        max_dim: int,
        *,
        num_marks: int | None = None,
        num_eval_marks: int | None = None,
        copies_per_step: int | None = None,
        max_simplices: int | None = 1 << 34,
        **options: Unpack[StackOptions],
    ) -> None:
        for name, value in (
            ("num_marks", num_marks),
            ("num_eval_marks", num_eval_marks),
            ("copies_per_step", copies_per_step),
            ("max_simplices", max_simplices),
        ):
            if value is not None:
                require_int(name, value, 1)
        if options.get("embed", True) in (False, None):
            raise ValueError(
                "embed must be True or a CochainEncoder, as marks are added to what is encoded, "
                f"got {options['embed']}."
            )
        super().__init__(in_channels, hidden_channels, out_channels, num_layers, max_dim, **options)
        reduce = options.get("reduce", "sum")
        if reduce == "max" and (num_marks is not None or num_eval_marks is not None):
            raise ValueError(
                "num_marks must be None where reduce is 'max': a maximum over some marks says "
                "little of that over all. Take 'sum' or 'mean'."
            )
        self.num_marks, self.num_eval_marks = num_marks, num_eval_marks
        self.copies_per_step, self.max_simplices = copies_per_step, max_simplices
        width = hidden_channels * (num_layers if self.jumping_knowledge == "cat" else 1)
        self.width = width
        readout = cast("Readout | LevelReadout", self.readout)
        self.say: Callable[[Tensor], Tensor] = readout.activation
        self.mark = nn.Parameter(torch.empty(hidden_channels))
        self.copy_readout = Readout(
            width,
            2 * hidden_channels,
            width,
            range(self.max_dim + 1),
            reduce=reduce,
            reduce_dims=options.get("reduce_dims", "sum"),
            activation=self.say,
            absolute=readout.absolute,
        )
        nn.init.normal_(self.mark)

    @property
    def reach(self) -> Reach | None:
        """The whole complex, as every copy has a mark somewhere else."""
        return None

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        super().reset_parameters()
        nn.init.normal_(self.mark)

    def stages(self) -> list[Stage]:
        """One step, which needs the whole complex."""
        return [Stage(self, None, (0,))]

    def encode(
        self,
        x: Sequence[Tensor],
        complex: SimplicialComplex,
        *,
        generator: torch.Generator | None = None,
    ) -> list[Tensor]:
        """The cochains h: of vertices with what their copies say, of others the mean over copies.

        Args:
            x: one cochain (n_k, in_channels) per dimension 0 … max_dim, as of
                :class:`SimplicialNetwork`.
            complex: the complex, or the disjoint union of a batch.
            generator: draws the marks where they are sampled, on the device of the complex;
                ``None`` for torch's global one.

        Returns:
            One cochain per dimension.

        Raises:
            ValueError: the cochains do not fit; or the copies are too many or too large.
        """
        h, K = self._inputs(x, complex), complex.skeleton(self.top + 1)  # what layers look at
        marks = self._marks(K, generator)
        steps = list(self._steps(K, marks, h[0].element_size()))
        keeps = len(steps) > 1 and torch.is_grad_enabled() and not transformed()
        embedded, totals = [], [h[0].new_zeros(len(v), self.width) for v in h]
        for step in steps:
            marked = marks.vertices[step.start : step.stop]
            if keeps:
                e, *sums = checkpoint(
                    self._copies, marked, K, *h, use_reentrant=False, context_fn=self._recomputed
                )
            else:
                e, *sums = self._copies(marked, K, *h)
            embedded.append(e)
            totals = [total + part for total, part in zip(totals, sums, strict=True)]
        means = [
            total / marks.per_part.clamp(min=1)[K.part(k)][:, None].to(total.dtype)
            for k, total in enumerate(totals)
        ]
        if embedded:
            e = torch.cat(embedded)
            share = (K.part_pointer(0).diff() / marks.per_part.clamp(min=1)).to(e.dtype)
            e = e * share[K.part(0)[marks.vertices]][:, None]
            means[0] = means[0].index_add(0, marks.vertices, e.to(means[0].dtype))
        return means

    def forward(
        self,
        x: Sequence[Tensor],
        complex: SimplicialComplex,
        *,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """One row per part, (num_parts, out_channels), or per simplex of the level.

        The rest is as of :meth:`encode`.
        """
        result: Tensor = self.readout(self.encode(x, complex, generator=generator), complex)
        return result

    def _copies(self, marked: Tensor, K: SimplicialComplex, *h: Tensor) -> tuple[Tensor, ...]:
        """What the copies with these marks say, (m, width), and their sums over each simplex."""
        part = K.part(0).index_select(0, marked)
        copy, ids = take_parts(K, part)
        own = marked - K.part_pointer(0).index_select(0, part) + copy.part_pointer(0)[:-1]
        rows = [*ids[: len(h)], *(marked[:0] for _ in h[len(ids) :])]
        values = [x.index_select(0, row) for x, row in zip(h, rows, strict=True)]
        mark = self.mark.to(values[0].dtype).expand(len(own), -1)
        values[0] = values[0].index_add(0, own, mark)
        layers: list[list[Tensor]] = []
        for number in range(len(self.convs)):
            values = self._layer_on(number, values, copy)
            layers.append(values)
        values = self._finished(layers, copy)
        said = self.say(self.copy_readout(values, copy))
        sums = [
            value.new_zeros(len(x), self.width).index_add(0, row, value)
            for x, row, value in zip(h, rows, values, strict=True)
        ]
        return said, *sums

    def _marks(self, K: SimplicialComplex, generator: torch.Generator | None) -> Marks:
        """All vertices, or some of each part, drawn without replacement."""
        require_generator(generator)
        sizes = K.part_pointer(0).diff()
        vertices = torch.arange(K.num_simplices(0), device=K.device)
        most = self.num_marks if self.training else self.num_eval_marks
        if most is None or not bool((sizes > most).any()):
            return Marks(vertices, sizes)
        chance = torch.rand(len(vertices), generator=generator, device=K.device)
        order = chance.argsort()
        order = order[K.part(0)[order].argsort(stable=True)]
        place = vertices - K.part_pointer(0)[:-1][K.part(0)]  # within the part
        return Marks(order[place < most].sort().values, sizes.clamp(max=most))

    def _steps(self, K: SimplicialComplex, marks: Marks, itemsize: int) -> Iterator[range]:
        """Ranges of marks whose copies are held at once."""
        count = len(marks.vertices)
        if not count:
            return
        sizes = sum(K.part_pointer(k).diff() for k in range(K.dim + 1))
        assert isinstance(sizes, Tensor)
        ends = sizes[K.part(0)[marks.vertices]].cumsum(0).cpu()
        self._require_few(int(ends[-1]), count)
        start = 0
        while start < count:
            before = int(ends[start - 1]) if start else 0
            if self.copies_per_step is None:
                most = before + _VALUES // self.width
                stop = max(start + 1, int(torch.searchsorted(ends, most, right=True)))
            else:
                stop = min(count, start + self.copies_per_step)
            held = int(ends[stop - 1]) - before
            layers = len(self.convs) if torch.is_grad_enabled() else 1
            require_memory(
                held * self.width * itemsize * _TENSORS * layers,
                K.device,
                f"the {layers} layers of {stop - start:,} marked copies at a time, {held:,} "
                f"simplices of {self.width} channels,",
                "Lower copies_per_step or hidden_channels.",
            )
            yield range(start, stop)
            start = stop

    def _require_few(self, simplices: int, copies: int) -> None:
        if self.max_simplices is not None and simplices > self.max_simplices:
            raise ValueError(
                f"max_simplices must be at least {simplices:,} for {copies:,} marked copies, which "
                f"each of the {len(self.convs)} layers works through, got {self.max_simplices:,}. "
                "Raise it, or mark some vertices alone: num_marks, and num_eval_marks in "
                "evaluation mode."
            )

    def _recomputed(self) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _StatisticsStay(self)


class _StatisticsStay(AbstractContextManager[None]):
    """Batch norms that have taken the statistics of a step, and are to meet it again and again."""

    def __init__(self, network: nn.Module) -> None:
        kind = nn.modules.batchnorm._BatchNorm
        self.norms = [module for module in network.modules() if isinstance(module, kind)]
        self.kept: list[tuple[float | None, int]] = []

    def __enter__(self) -> None:
        self.kept = [(norm.momentum, _count(norm)) for norm in self.norms]
        for norm in self.norms:
            norm.momentum = 0.0

    def __exit__(self, *error: object) -> None:
        for norm, (momentum, count) in zip(self.norms, self.kept, strict=True):
            norm.momentum = momentum
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked.fill_(count)


def _count(norm: nn.modules.batchnorm._BatchNorm) -> int:
    tracked = norm.num_batches_tracked
    return 0 if tracked is None else int(tracked)


class MarkedSIN(MarkedNetwork, SIN):
    r"""SIN on marked copies of each complex: as strong as the marked SWL test.

    See :class:`MarkedNetwork` for the equations, and :class:`SIN` for the layers.

    Args:
        in_channels, hidden_channels, out_channels, num_layers, max_dim, options: see
            :class:`StackedNetwork`.
        num_marks, num_eval_marks, copies_per_step, max_simplices, embed: see
            :class:`MarkedNetwork`.
        norm: ``"graph"``, over each copy, or as of :class:`SIN`.
        eps, train_eps: of :class:`SINConv`.
        activation: of all layers and of the readout, ELU.

    Laws:
        Invariant under permutation of the vertices. In float64, with random weights, it tells apart
        the pairs that marked SWL tells apart with as many rounds as there are layers, and no others
        (tests/nn/test_marked.py; on the 400 pairs of BREC see the results).

    Cost:
        That of :class:`SIN` for each vertex: n times as much.

    Paper:
        Bodnar et al. 2021 for the layers; see :class:`MarkedNetwork` for the marks.

    Example:
        >>> K = SimplicialComplex.from_simplices([(0, 1, 2), (2, 3)])
        >>> model = MarkedSIN(1, 16, 2, num_layers=3, max_dim=2)
        >>> model([torch.ones(n, 1) for n in K.f_vector], K).shape
        torch.Size([1, 2])
    """
