"""A network taken apart into steps, for whole complexes that are worked through in blocks."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.nn._reach import Stage, reach_of


def network_stages(network: Any) -> list[Stage]:
    """The layers of a :class:`SimplicialNetwork`, and its readout.

    Raises:
        TypeError: a class of the user's own that defines ``encode`` or ``forward`` anew.
    """
    for name in ("encode", "forward"):
        if not getattr(type(network), name).__module__.startswith("simplex.nn."):
            raise TypeError(
                f"the model must have the {name} of the network that it derives from, got "
                f"{type(network).__name__} with its own, whose steps are not known. Take the rows "
                "of simplex.loader.BallLoader, with hops that suffice."
            )

    def layer(number: int) -> Stage:
        def run(x: Sequence[Tensor], complex: SimplicialComplex) -> list[Tensor]:
            h = network._inputs(x, complex) if number == 0 else list(x)
            result: list[Tensor] = network._layer_on(number, h, complex)
            return result

        return Stage(run, layers[number], (number,))

    def read(*results: Any) -> Tensor:
        *h, complex = results
        rows: Tensor = network.readout(network._finished(h, complex), complex)
        return rows

    count = len(network.convs)
    layers = [None if network.norm == "graph" else reach_of(conv) for conv in network.convs]
    seen = tuple(range(1, count + 1)) if network.jumping_knowledge else (count,)
    return [*map(layer, range(count)), Stage(read, reach_of(network.readout), seen)]
