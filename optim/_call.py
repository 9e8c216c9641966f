"""One forward call of a linear map, kept until the step."""

from typing import Any

from torch import Tensor
from torch.utils import _pytree as pytree

from optim.linear_map import LinearMap, Member


class Call:
    """One forward call: its inputs, detached, and their versions then; its output likewise."""

    def __init__(
        self,
        where: tuple[LinearMap, Member],
        inputs: Any,
        options: Any,
        made: Any,
        output: Tensor | None = None,
    ) -> None:
        self.map, self.member = where
        member = self.member
        self.output = None if output is None else output.detach()
        self.output_version = 0 if output is None else output._version
        if member.adapter.keep is not None:
            inputs, options = member.adapter.keep(member.module, inputs, options, made)
        count = member.adapter.parts
        self.parts = 1 if count is None else count(inputs)
        leaves, self.form = pytree.tree_flatten((inputs, options))
        self.leaves = [leaf.detach() if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        self.versions = self._versions()

    def _versions(self) -> list[int]:
        return [leaf._version for leaf in self.leaves if isinstance(leaf, Tensor)]

    def rows(self) -> Any:
        """The rows of the call, as :meth:`LinearMap.rows` gives them."""
        if self._versions() != self.versions:
            raise RuntimeError(
                f"inputs of the map {self.member.name!r} must stay as they were in the forward "
                "pass until the step, got a tensor changed in place. Use the operation that is "
                "not in place, or exclude the map."
            )
        inputs, options = pytree.tree_unflatten(self.leaves, self.form)
        return self.map.rows(self.member, *inputs, **options)

    def pre(self) -> Tensor | None:
        """The output as pre-activations; None if it was not kept or is not what the map made."""
        read = self.member.adapter.pre
        if read is None or self.output is None or self.output._version != self.output_version:
            return None
        return read(self.member.module, self.output)
