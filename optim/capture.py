r"""Capture: the inputs of each linear map's calls, kept from a backward pass until the step.

A forward hook on each module hangs a hook on the output; only that hook, a part of the autograd
graph, holds the call's inputs. They are *captured* when backward has passed the output and then
accumulated a gradient into one of the map's parameters. So what is captured is what ``grad`` is the
gradient of, G = Zᵀ g; passes without backward, and ``torch.autograd.grad``, leave nothing.
"""

import functools
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Variable
from torch.autograd.graph import Node
from torch.nn.functional import pad
from torch.utils.hooks import RemovableHandle

from optim._call import Call
from optim._hooks import ForwardHook, GradHook, Tap, nothing
from optim._processes import ALONE, averaging_processes
from optim.detect import (
    Detection,
    Output,
    detect_transfers,
    products,
    reduction_of,
    running_roots,
    uses,
)
from optim.linear_map import LinearMap, Member
from optim.tables import counts


class Capture:
    """Keeps the inputs of the maps' calls from backward to the step, and detects transfers.

    Calls are kept in order over several backward passes (micro-batches, modules used twice) until
    :meth:`clear`. If all gradients of a map are None when backward reaches it, or were changed to
    zero since the last pass, calls from before are stale and dropped: ``model.zero_grad()`` is
    enough between two steps. A call is counted once if backward runs twice over its graph.

    Hooks are removed by :meth:`close`, or when the object dies. Inputs must not be changed in place
    before the step; outputs may be. Reentrant checkpoints capture on recomputation; those that are
    not reentrant save no memory on the inputs of maps. A compiled model is captured if its first
    call comes after the capture was made: compiled code keeps the hooks of that call, and breaks
    its graph at each map.

    Rows are those of this process. Where several processes average their gradients, G is of all
    rows and Z of some.

    Args:
        maps: The maps to watch.

    Attributes:
        detected: What follows each map; filled at the first backward pass that reaches it. An entry
            made by hand is kept.
        parts: Maps whose outputs have been in so many equal parts, each with rows of its own.
        keeps_outputs: Whether calls keep their outputs too, for :meth:`pre`.
        reduction: Of the loss, "mean" or "sum", where the graph shows it at that pass.
        processes: Those of the DistributedDataParallel around the model, seen in a forward pass;
            this one alone without one.

    >>> from optim.maps import find_maps
    >>> model = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    >>> [linear], _ = find_maps(model)
    >>> capture = Capture([linear])
    >>> model(torch.zeros(5, 3)).sum().backward()
    >>> capture.rows(linear).shape, capture.detected[linear].transfer
    (torch.Size([5, 4]), 'tanh')
    """

    def __init__(self, maps: Iterable[LinearMap]) -> None:
        self.maps = tuple(maps)
        self.detected: dict[LinearMap, Detection] = {
            map: Detection(*map.follows) for map in self.maps if map.follows is not None
        }
        self.parts: dict[LinearMap, int] = {}
        self.keeps_outputs = False
        self.reduction: str | None = None
        self.processes = ALONE
        self._captured: dict[LinearMap, list[Tap]] = defaultdict(list)
        self._calls_of_pass: dict[LinearMap, int] = defaultdict(int)
        self._uses: dict[LinearMap, tuple[int, int]] = {}  # in a graph, by modules of the map
        self._seen: dict[nn.Parameter, tuple[int, int]] = {}  # id and version of grad as left
        self._arrived: dict[int, dict[LinearMap, list[Tap]]] = {}  # by id of the backward pass
        self._paused = 0
        self._handles: list[RemovableHandle] = []
        self._watched: set[nn.Parameter] = set()
        for map in self.maps:
            for member in map.members:
                hook = ForwardHook(self, map, member)
                # Before other hooks: those may replace the output, and see what the map makes.
                register = member.module.register_forward_hook
                self._handles.append(register(hook, prepend=True, with_kwargs=True))
        self._close = weakref.finalize(self, _remove, self._handles)

    def __contains__(self, map: LinearMap) -> bool:
        """Whether a call of the map is captured."""
        return bool(self._captured.get(map))

    def rows(self, map: LinearMap) -> Tensor:
        """Design matrix Z (…, R, n) of all captured calls of a map, all columns, newest last.

        Where parts of the outputs have rows of their own (parts, R, n), filled up with zeros. A
        table has the rows of its head alone, none without one.

        Raises:
            RuntimeError: If nothing is captured, or an input was changed in place meanwhile.
        """
        if map not in self:
            raise RuntimeError(
                f"map {map.name!r} must have a captured forward pass, got none. Run forward and "
                "backward through the module before the step (outside of paused()); exclude it "
                "if its weights are used without calling it."
            )
        return self._design(map)[0]

    def _design(self, map: LinearMap) -> tuple[Tensor, list[int]]:
        """The design matrix of this process, and how many rows its parts have."""
        found = [call.rows() for call in self._calls(map) if not call.member.adapter.lookup]
        parts = self.parts.get(map, 1)
        if parts == 1:
            found = found or [map.no_rows()]
            design = found[0] if len(found) == 1 else torch.cat(found, dim=-2)
            return design, [design.shape[-2]]
        wide = [each if isinstance(each, tuple) else (each,) * parts for each in found]
        apart = [torch.cat(each) for each in zip(*wide, strict=True)] or [map.no_rows()] * parts
        lengths = [len(each) for each in apart]
        filled = [pad(each, (0, 0, 0, max(lengths) - len(each))) for each in apart]
        return torch.stack(filled), lengths

    def design(self, map: LinearMap, *, even: bool) -> tuple[Tensor, int, int | Tensor]:
        r"""Z of this process, R of all, and the R of each part; to be called by all processes.

        Args:
            map: The map; it need not have a captured call.
            even: Whether parts of the outputs with fewer rows get weights,
                :math:`\sqrt{R/R_k} Z_k`, so that means over R rows are means over their own.

        Returns:
            (…, R', n), R, and either R again or (parts, 1, 1).
        """
        uses, calls = self._uses.get(map, (0, 0))
        if uses > calls:
            raise RuntimeError(
                f"the weight of {map.name!r} must be read by its modules alone, got {uses} uses in "
                f"{calls} calls of them: a head that is no module, say. Write it as a Linear whose "
                f"weight is the same, or give exclude=({map.members[0].name!r},)."
            )
        design, lengths = self._design(map)
        rows = self.processes.total_count(design.shape[-2], design.device)
        if len(lengths) == 1:
            return design, rows, rows
        own = self.processes.total(design.new_tensor(lengths)).clamp_min(1)[:, None, None]
        return design * (rows / own).sqrt() if even else design, rows, own

    def looked_up(self, map: LinearMap) -> tuple[Tensor, int]:
        """How often each row of a table was looked up, (V,), and R; of all processes."""
        found = [call.rows() for call in self._calls(map) if call.member.adapter.lookup]
        table = map.blocks[0].parameter
        places = torch.cat([*found, torch.empty(0, dtype=torch.long, device=table.device)])
        total = self.processes.total(counts(places, len(table)).to(map.dtype))
        return total, self.processes.total_count(len(places), table.device)

    def pre(self, map: LinearMap) -> Tensor | None:
        """Pre-activations A₀ (…, R, d) of all captured calls, in the order of :meth:`rows`.

        None where they were not kept (``keeps_outputs``) or are not what the map made: changed in
        place by the transfer function, rounded by autocast.
        """
        pieces = [call.pre() for call in self._calls(map)]
        kept = [piece for piece in pieces if piece is not None and piece.dtype == map.dtype]
        if not kept or len(kept) < len(pieces):
            return None
        return kept[0] if len(kept) == 1 else torch.cat(kept, dim=-2)

    def _calls(self, map: LinearMap) -> list[Call]:
        return [tap.call for tap in self._captured[map] if tap.call is not None]

    def clear(self) -> None:
        """Forgets all captured calls and frees their inputs."""
        for taps in self._captured.values():
            for tap in taps:
                tap.release()
        self._captured.clear()
        self._arrived.clear()
        self._seen.clear()

    def discard(self) -> None:
        """Forgets that passes were captured; backward may run over their graphs once more."""
        for map in self.maps:
            self._drop(map)
        self._arrived.clear()

    def _drop(self, map: LinearMap) -> None:
        for tap in self._captured.pop(map, []):
            tap.counted = False

    def close(self) -> None:
        """Removes all hooks; forgets all calls. The model is as before."""
        self.clear()
        self._close()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Forward passes inside are not captured."""
        self._paused += 1
        try:
            yield
        finally:
            self._paused -= 1

    def _forward(
        self, where: tuple[LinearMap, Member], inputs: Any, options: Any, output: Tensor
    ) -> Tensor | None:
        """A member has made an output: a hook is hung on it. What is returned replaces it."""
        map, member = where
        if self.processes is ALONE:  # seen in a paused pass too: that of a process without rows
            self.processes = averaging_processes()
        if not torch.is_grad_enabled() or not map.trainable:
            return None
        if self._paused:
            self._uses.setdefault(map, (0, 0))  # it is read where its calls are not counted
            return None
        if torch._C._is_tracing():  # a trace is run without hooks, so it is made without
            return None
        if member.adapter.outputs is not None:
            self._hang(where, inputs, options, output)
            return None
        if not isinstance(output, Tensor):
            raise TypeError(
                f"output of the map {member.name!r} must be a tensor, got "
                f"{type(output).__name__}. Exclude the module, or let its parts be maps."
            )
        if not output.requires_grad:
            return None
        self._watch(map)
        first = is_first(self, member.module)
        if not first and map not in self.detected:
            self.detected[map] = Detection(None, "a forward hook that sees the output before")
        source = output
        if output._base is not None and output._base.grad_fn is not None:
            # An in-place operation on a view rewrites the view's history: hooks on it would be
            # lost, and its function would be hidden.
            source = output._base
            if map not in self.detected:
                source = output = output.clone()
        keeps = self.keeps_outputs and first
        tap = Tap(self, Call(where, inputs, options, output, output if keeps else None))
        source.register_hook(tap)  # type: ignore[no-untyped-call]
        if map not in self.detected:
            axis = member.features
            features = output.size(axis) if axis is not None else 0
            assert output.grad_fn is not None
            Output(map, features, axis).mark(output.grad_fn)
        return output

    def _hang(
        self, where: tuple[LinearMap, Member], inputs: Any, options: Any, output: Any
    ) -> None:
        """One hook on each of several outputs: the call is captured if one of them is used."""
        map, member = where
        assert member.adapter.outputs is not None
        tensors = [each for each in member.adapter.outputs(output) if each.requires_grad]
        if not tensors:
            return
        self._watch(map)
        tap = Tap(self, call := Call(where, inputs, options, output))
        if call.parts > 1:
            self.parts[map] = call.parts
        for tensor in tensors:
            base = tensor._base
            source = tensor if base is None or base.grad_fn is None else base
            source.register_hook(tap)  # type: ignore[no-untyped-call]
            if map not in self.detected and source.grad_fn is not None:
                axis = member.features
                Output(map, source.size(axis) if axis is not None else 0, axis).mark(source.grad_fn)

    def _watch(self, map: LinearMap) -> None:
        for parameter in _trainable(map):
            if parameter not in self._watched:
                self._watched.add(parameter)
                hook = GradHook(self, map)
                register: Any = parameter.register_post_accumulate_grad_hook
                self._handles.append(register(hook))

    def _arrive(self, map: LinearMap, tap: Tap) -> None:
        """Backward has passed an output of the map."""
        task = torch._C._current_graph_task_id()
        if task not in self._arrived:
            self._arrived[task] = defaultdict(list)
            Variable._execution_engine.queue_callback(functools.partial(self._forget, task))
        self._arrived[task][map].append(tap)
        if all(self._is_cleared(each) for each in _trainable(map)):
            self._drop(map)

    def _is_cleared(self, parameter: nn.Parameter) -> bool:
        """Whether the gradient is gone, or was made zero after the last backward pass."""
        grad = parameter.grad
        if grad is None:
            return True
        untouched = self._seen.get(parameter) == (id(grad), grad._version)
        if untouched:
            return False
        entries = grad.coalesce().values() if grad.is_sparse else grad
        return not bool(entries.any())

    def _forget(self, task: int) -> None:
        """The backward pass is over: what it did not confirm stays with its graph."""
        self._arrived.pop(task, None)
        new = [map for map in self._calls_of_pass if map not in self._uses]
        for tables, count in ((True, uses), (False, products)):
            kind = [map for map in new if map.is_table is tables]
            for map, found in zip(kind, _counted(count, kind), strict=True):
                self._uses[map] = (found, self._calls_of_pass[map])
        self._calls_of_pass.clear()

    def _confirm(self, map: LinearMap) -> None:
        """A parameter of the map got its gradient: this backward pass counts."""
        arrived = self._arrived.get(torch._C._current_graph_task_id(), {})
        taps = arrived.pop(map, [])
        for tap in taps:
            if not tap.counted:
                tap.counted = True
                self._captured[map].append(tap)
                if map.is_table or map.is_plain:
                    self._calls_of_pass[map] += 1
        for parameter in _trainable(map):
            if (grad := parameter.grad) is not None:
                self._seen[parameter] = (id(grad), grad._version)
        if taps and map not in self.detected:
            self._detect(map)

    def _detect(self, map: LinearMap) -> None:
        """Reads the whole graph once, for all maps in it. Training goes on if torch has changed."""
        try:
            roots = running_roots()
            detected = detect_transfers(roots)
            self.reduction = reduction_of(roots)
            reason = "a graph that could not be read"
        except (AttributeError, LookupError, RuntimeError) as error:
            detected = {}
            reason = f"a graph that could not be read: {error}"
        for owner, detection in {map: Detection(None, reason), **detected}.items():
            if owner in self.maps:
                self.detected.setdefault(owner, detection)


def _counted(
    count: Callable[[list[Node], list[Tensor]], list[int]], maps: list[LinearMap]
) -> list[int]:
    """How often the graph of the running pass reads the weight of each; 0 if torch has changed."""
    try:
        return count(running_roots(), [map.blocks[0].parameter for map in maps]) if maps else []
    except (AttributeError, LookupError, RuntimeError):
        return [0] * len(maps)


def _trainable(map: LinearMap) -> list[nn.Parameter]:
    return [each for each in map.parameters if each.requires_grad]


def is_first(capture: Capture, module: nn.Module) -> bool:
    """Whether no hook of somebody else has seen the module's output before the capture's own."""
    if torch.nn.modules.module._global_forward_hooks:
        return False
    for hook in tuple(module._forward_hooks.values()):  # collecting a capture takes its hook away
        if not isinstance(hook, ForwardHook):
            return False
        if getattr(hook, "capture", nothing)() is capture:
            return True
    return True


def _remove(handles: Iterable[RemovableHandle]) -> None:
    for handle in handles:
        handle.remove()


_ForwardHook = ForwardHook  # where models look that were pickled while they were watched
