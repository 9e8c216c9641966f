"""LocoProp as a torch optimiser: one local problem for each linear map, a fallback for the rest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from optim._checks import first_nonfinite, require_number, require_word
from optim._choice import (
    Choice,
    TransferLike,
    Variant,
    choose,
    given_transfers,
    require_options,
    solved_as,
)
from optim._kept import kept_buffer
from optim._map_optimizer import Fallback, MapOptimizer
from optim._notices import Notices
from optim._posing import Poser, gradient_norm
from optim._processes import ALONE, Processes
from optim._report import Report, fallback_line, map_line
from optim.inner import InnerRule, RMSProp
from optim.linear_map import LinearMap
from optim.maps import cover
from optim.solvers import Exact, Iterate, Solver
from optim.splits import WHOLE
from optim.tables import TableProblem
from optim.trust import Trust


class LocoProp(MapOptimizer):
    r"""Trains each linear map by a local problem, everything else by a first-order fallback.

    One backward pass gives every map its inputs Z and its weight gradient G. With the weights
    :math:`W_0`, the pre-activations :math:`A_0 = Z W_0` and the transfer function f that follows
    the map, its weights move by the displacement D that solves, exactly or roughly,

    .. math:: \min_D \; \tfrac1R \sum_{r=1}^R D_F(a_r + z_r D,\, a_r) + γ ⟨G, D⟩ + \tfrac λ2 ‖D‖^2,

    where :math:`D_F` is the Bregman divergence of the potential F, ∇F = f. That is, up to a
    constant, the paper's matching loss to the target :math:`f(A_0) - γ R\, ∂L/∂A_0`. Variant "M"
    takes f from the model; variant "S" takes the identity: a squared loss of pre-activations.

    Args:
        model: Where the linear maps are found: Linear, Conv1d/2d/3d, attention, recurrent layers,
            embeddings, also with shared or weight-normed weights, and modules that say themselves
            what linear map they are (`LinearModule`, `register_map`).
        variant: "M" or "S"; None for the one that the solver is for. Where f is not monotone,
            couples entries or is not recognised, a map of variant M is solved as S; the logger
            ``optim`` says so once.
        solver: `Trust` (S; the default without ``variant``, ``transfer`` and ``safeguard``) is the
            closed form within a trust region, whose steps do not depend on the size of the loss.
            `Majorise` (default of M) factorizes once and takes a few steps, `Exact` (S only; its
            default) is the closed form, `Iterate` takes first-order steps. What each reads is its
            own; the words "trust", "mm", "exact" and "iter" stand for them with their defaults.
        lr: γ, for every solver; schedulers scale it. For `Trust` it is how far the outputs of a map
            move in one step, relative to its inputs; 0.2 by default. For the others, in units of a
            mean over rows, 1 is the full step of a squared loss; 0.1 by default, as all maps move
            at once. The step size of inner iterations is a number of `Iterate`.
        momentum: μ of a heavy ball on displacements, V ← μ V + D; W ← W + V.
        prox: Weight of the proximal term, relative: λ = prox · L_f · mean(diag(ZᵀZ/R)), with
            L_f = 1 for all solvers but `Majorise`.
        safeguard: "backtrack" halves a D until its local objective is not above the start; not
            for `Trust`, which bounds its steps itself.
        weight_decay: ω, decoupled: W ← (1 − lr ω) W in every step, biases included.
        transfer: "auto" recognises f in the autograd graph; a mapping gives it by module name.
        loss_reduction: Whether the loss is a "mean" over the rows of a map (the batch, say) or
            their "sum": G is divided by R then. The logger warns once where the loss is a single
            function of torch that was given the other ``reduction``.
        nonfinite: "raise" an error, or "skip" the step, when a gradient is not finite, or a weight
            would not be after the step; nothing is written then.
        exclude: Names of modules, or of maps, that are trained by the fallback.
        fallback: Makes the optimiser of all other parameters; AdamW by default.
        process_group: Of the processes that share every batch where you average the gradients over
            them yourself; None for that of the DistributedDataParallel around the model. With the
            "sum" of ``loss_reduction`` the loss of each is the sum over its own rows.
        largest_gram: The largest side of a Gram matrix; in float32 8192 take 256 MiB, and the
            factorization as much again. A map with more columns and many rows is solved as S in
            blocks of columns, as if the Gram matrix were zero outside of its diagonal blocks.

    Raises:
        ValueError: An option is not allowed, no map is left to cover or all are frozen, or
            ``fallback`` leaves a parameter out.
        TypeError: ``model`` is no module, ``solver`` no solver, or ``fallback`` makes no optimiser.

    A parameter that is frozen, or whose ``grad`` is None, stays as it is and leaves the problem. A
    mask that zeroes entries of ``grad`` does not freeze: the curvature couples the entries of G.

    Several processes, as under DistributedDataParallel, take together the step of one process that
    has all their rows: Gram matrices, local gradients and local objectives are summed over them,
    with micro-batches too, and a process may have no rows. All must call ``step`` alike. A forward
    pass whose loss counts nothing, such as that of a process which has run out of batches, belongs
    inside ``paused()``. Sharded parameters are refused.

    Laws:
        One plain inner step of `Iterate` is SGD with rate η γ, for every f. Micro-batches that are
        accumulated are one batch. Clipping and unscaling of gradients act on γ G. The order of
        maps is irrelevant. A saved and resumed run is the uninterrupted one, bit for bit.

    Paper:
        E. Amid, R. Anil, M. K. Warmuth, "LocoProp: Enhancing BackProp via Local Loss
        Optimization", AISTATS 2022. Departures: (1) per-row units; (2) the problem is posed in D
        with a proximal weight of its own; (3) `Trust`, `Exact` and `Majorise` as solvers.
        `LocoProp.paper` has none of them.

    Example:
        >>> model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2))
        >>> opt = LocoProp(model)
        >>> model(torch.randn(16, 4)).square().mean().backward()
        >>> opt.step()
        >>> [(line.name, line.solver, line.transfer) for line in opt.report()]
        [('0', 'S Trust', 'identity'), ('2', 'S Trust', 'identity')]
    """

    def __init__(
        self,
        model: nn.Module,
        variant: Variant | None = None,
        *,
        solver: Solver | Literal["trust", "exact", "mm", "iter"] | None = None,
        lr: float | None = None,
        momentum: float = 0.0,
        prox: float = 0.1,
        safeguard: Literal["none", "backtrack"] = "none",
        weight_decay: float = 0.0,
        transfer: Literal["auto"] | Mapping[str, TransferLike] = "auto",
        loss_reduction: Literal["mean", "sum"] = "mean",
        nonfinite: Literal["raise", "skip"] = "raise",
        exclude: Sequence[str] = (),
        fallback: Fallback = AdamW,
        process_group: Any = None,
        largest_gram: int = 8192,
    ) -> None:
        trusted = safeguard == "none" and transfer == "auto"
        variant, solver = solved_as(variant, solver, trusted=trusted)
        options = {
            "variant": variant,
            "solver": solver,
            "lr": (0.2 if isinstance(solver, Trust) else 0.1) if lr is None else lr,
            "momentum": momentum,
            "prox": prox,
            "safeguard": safeguard,
            "weight_decay": weight_decay,
        }
        require_options(options)
        require_word("loss_reduction", loss_reduction)
        require_word("nonfinite", nonfinite)
        require_number("largest_gram", largest_gram)
        self._loss_reduction = loss_reduction
        covered = cover(model, exclude)
        self._given = given_transfers(transfer, covered.maps)
        self._notices = Notices()
        self._agreed: set[str] = set()  # maps of which all processes know what follows them
        super().__init__(covered, options, fallback, nonfinite=nonfinite)
        self._poser = Poser(
            self._capture, sum_loss=loss_reduction == "sum", largest_gram=largest_gram
        )
        self._inner_lr: float = solver.lr if isinstance(solver, Iterate) else Iterate().lr
        if process_group is not None and process_group.size() > 1:
            self._capture.processes = Processes(process_group)
        self._capture.keeps_outputs = not isinstance(solver, Exact | Trust)  # which need no A₀

    @classmethod
    def paper(
        cls,
        model: nn.Module,
        *,
        activation_learning_rate: float = 10.0,
        inner_lr: float = 1e-5,
        num_local_iters: int = 10,
        rule: InnerRule = RMSProp(momentum=0.999, decay=0.9, eps=1e-5),  # noqa: B008
        **options: Any,
    ) -> Self:
        r"""The authors' recipe: LocoProp-M, ten steps of TensorFlow's RMSProp on summed gradients.

        Units of sums over the batch, :math:`y^* = f(a) - γ\, ∂L/∂a` with γ = 10, inner step sizes
        :math:`η \max(1 - j/10, 1/4)`, momentum 0.999, decay 0.9, ε = 1e-5, buffers that persist
        across minibatches, no proximal term. The loss is a mean over the batch.

        Args:
            model: As for the class.
            activation_learning_rate: γ, the ``lr`` of the class.
            inner_lr: η; the authors scale it over the epochs: `scale_inner`, `paper_schedule`.
            num_local_iters: T.
            rule: The inner rule.
            options: Any other argument of the class but ``lr`` and ``solver``.

        Example:
            >>> from optim import paper_schedule
            >>> opt = LocoProp.paper(nn.Linear(2, 1))
            >>> opt.scale_inner(paper_schedule(0))  # at the start of each epoch
            >>> opt.param_groups[0]["solver"].lr  # the first stands still
            0.0
        """
        solver = Iterate(rule, inner_lr, num_local_iters, floor=0.25, reduction="sum")
        recipe = {"prox": 0.0, **options}
        return cls(model, lr=activation_learning_rate, solver=solver, **recipe)

    @torch.no_grad()
    def step(  # type: ignore[override]  # torch's two overloads in one
        self, closure: Callable[[], float] | None = None
    ) -> float | None:
        """Solve every local problem of the captured pass, then take the fallback's step.

        Args:
            closure: Clears the gradients, computes the loss, calls backward, returns the loss.

        Returns:
            The closure's loss, or None.

        Raises:
            RuntimeError: No forward and backward pass was captured since the last step.
            ValueError: A gradient or a new weight is not finite (``nonfinite="raise"``), an option
                in a parameter group is not allowed, or a Gram matrix cannot be made positive
                definite.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if self._gradients_are_finite():
            ready = self._ready()
            self._agree(ready)
            self._notices.of_processes(self._processes)
            self._notices.of_fallbacks({group["name"]: self._choice(group) for group in ready})
            self._notices.of_reduction(self._capture.reduction, self._loss_reduction)
            for group in ready:
                require_options(group)  # users and schedulers write into groups
            moves = [(group, self._displacement(group)) for group in ready]
            if self._write(moves) and self._fallback is not None:
                self._fallback.step()
        self._capture.clear()
        return loss

    def scale_inner(self, factor: float) -> None:
        """Set the step size η of `Iterate` to a multiple of the one it was made with.

        Schedulers of torch scale ``lr``, which is γ: the layers are told to go less far. A schedule
        of η lets them go there in smaller steps, as the authors do.

        Args:
            factor: Of the epoch, `paper_schedule` say.
        """
        for group in self.param_groups[: len(self._maps)]:
            if isinstance(group["solver"], Iterate):
                group["solver"] = replace(group["solver"], lr=factor * self._inner_lr)

    @property
    def _processes(self) -> Processes:
        return self._capture.processes

    def _agree(self, ready: list[dict[str, Any]]) -> None:
        """All processes move the same maps, and know what any of them has seen to follow a map."""
        processes = self._processes
        if processes is ALONE:
            return
        names = {group["name"] for group in ready}
        moving = [each for name, each in self._maps.items() if name in names]
        processes.require_alike([name in names for name in self._maps], gradient_norm(moving))
        if not (open_names := sorted(names - self._agreed)):
            return
        capture = self._capture
        own = {
            name: (capture.detected[each], capture.parts.get(each, 1))
            for name in open_names
            if (each := self._maps[name]) in capture.detected
        }
        for seen in reversed(processes.of_each(own)):  # the first one's word is the last
            for name, (detection, parts) in seen.items():
                each = self._maps[name]
                capture.detected[each] = detection
                capture.parts[each] = max(parts, capture.parts.get(each, 1))
                self._agreed.add(name)

    def _displacement(self, group: dict[str, Any]) -> Tensor | None:
        """One map: captured rows → local problem → solver → D; None where there are no rows."""
        displacement = self._solution(self._maps[group["name"]], self._choice(group), group)
        if displacement is None or not group["momentum"]:
            return displacement
        velocity = kept_buffer(self.state[group["params"][0]], "velocity", displacement)
        return velocity.mul(group["momentum"]).add_(displacement)  # V ← μ V + D, the heavy ball

    def _solution(
        self, linear_map: LinearMap, choice: Choice, group: dict[str, Any]
    ) -> Tensor | None:
        """D (…, n, d), the same on all processes."""
        posed = self._poser.posed(linear_map, choice.solver, float(group["lr"]))
        if posed is None:
            return None
        (problem, split), state = posed, self.state[group["params"][0]]
        if isinstance(problem, TableProblem):
            displacement = _of_table(problem, choice.solver, group, state)
        else:
            choice = self._choice(group)  # another for a map that was split
            problem = replace(problem, transfer=choice.transfer)
            problem = choice.solver.pose(problem, group["prox"], state)
            apart: Tensor = choice.solver.solve(problem, state)  # (…, n, d)
            if group["safeguard"] == "backtrack":
                apart = problem.backtrack(apart)
            displacement = split.together(apart, sum(b.columns for b in linear_map.moving))
        return self._processes.of_first(displacement)  # replicas stay equal on unlike machines too

    def _write(self, moves: list[tuple[dict[str, Any], Tensor | None]]) -> bool:
        """W ← (1 − γ ω) W + V in all maps; in none of them where one would not be finite.

        Raises:
            ValueError: A weight would not be finite (``nonfinite="raise"``). What a solver has
                kept of that map is forgotten.
        """
        writes: list[tuple[dict[str, Any], nn.Parameter, Tensor]] = []
        for group, displacement in moves:
            if displacement is not None:
                decay = 1 - float(group["lr"]) * group["weight_decay"]
                moved = self._maps[group["name"]].moved(displacement, decay)
                writes += [(group, parameter, weights) for parameter, weights in moved]
        found = first_nonfinite([weights for _, _, weights in writes])
        if found is not None:
            group, parameter, _ = writes[found]
            self.state.pop(group["params"][0], None)
            return self._refuse("new weights", "the new value", self._cover.names[parameter])
        for _, parameter, weights in writes:
            parameter.copy_(weights)
        for group, displacement in moves:
            if displacement is not None and group["momentum"]:
                self.state[group["params"][0]]["velocity"].copy_(displacement)
        return True

    def _choice(self, group: dict[str, Any]) -> Choice:
        """Transfer and solver of one map, from what is given and what its graph has shown."""
        linear_map = self._maps[group["name"]]
        given = [self._given[m.name] for m in linear_map.members if m.name in self._given]
        blocks = self._poser.splits.get(linear_map, WHOLE).blocks
        if blocks > 1:
            given = [f"{blocks} blocks of columns have no common potential"]
        elif linear_map.is_table:
            given = []  # whatever follows, both uses of it are linear
        detected = self._capture.detected.get(linear_map)
        return choose(given[0] if given else None, detected, group["variant"], group["solver"])

    def report(self) -> Report:
        """Which parameter is trained by which local problem; ``print`` it.

        Returns:
            One line for each parameter group. Transfers are known after the first backward pass.
        """
        maps, rest = self.param_groups[: len(self._maps)], self.param_groups[len(self._maps) :]
        names = self._cover.names
        memory = self._poser.memory
        lines = [
            map_line(each, self._choice(group), names, memory.get(each, 0))
            for each, group in zip(self._maps.values(), maps, strict=True)
        ]
        optimiser = type(self._fallback).__name__
        lines += [fallback_line(group, optimiser, self._cover) for group in rest]
        covered = {p for each in self._cover.maps for p in each.parameters if p.requires_grad}
        total = sum(p.numel() for p in names if p.requires_grad)
        return Report(
            tuple(lines),
            covered=sum(p.numel() for p in covered),
            total=total,
            skipped=self.skipped,
            frozen=sum(p.numel() for p in names) - total,
        )


def _of_table(
    problem: TableProblem, solver: Solver, group: dict[str, Any], state: dict[str, Any]
) -> Tensor:
    """D (n, V): first-order iterations are taken as they are, all else is the closed form."""
    if isinstance(solver, Trust):
        return solver.solve_table(
            problem.posed("mean", group["prox"]), group["params"][0].detach(), state
        )
    if not isinstance(solver, Iterate):
        return problem.posed("mean", group["prox"]).solution()
    problem = problem.posed(solver.reduction, group["prox"])
    displacement = solver.solve(problem, state)
    return problem.backtrack(displacement) if group["safeguard"] != "none" else displacement
