"""What files give: a data set, the names in it, and how they were read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from simplex.data import SimplicialDataset


@dataclass(frozen=True)
class Wanted:
    """What the user says of files, see :func:`read_dataset`."""

    target: str | None = None
    level: int | None = None
    kind: str | None = None
    features: Sequence[str] | None = None
    categories: Sequence[str] = ()
    max_dim: int = 2
    reduce: str = "sum"
    form: Mapping[str, Any] | None = None
    rings: int | None = None
    apex: str = "sum"

    def require(self, source: str) -> None:
        """Files of the kind of the form."""
        if self.form is not None and self.form["source"] != source:
            raise ValueError(
                f"paths must be of the kind of the training data, {self.form['source']}, got "
                f"{source}."
            )

    def require_no_rings(self, what: str) -> None:
        """Data whose rings cannot be filled."""
        if self.rings is not None:
            raise ValueError(
                f"rings must be left out for {what}, got {self.rings}. They are filled in graphs: "
                "PyG Data, tables of graphs with targets, or TU text files."
            )


@dataclass(frozen=True, eq=False)
class FileData:
    """What :func:`read_dataset` gives.

    Attributes:
        dataset: lifted, with targets in ``y`` or ``y_k`` where there are any.
        target: the field that holds them; ``None`` for what the task says.
        level: what the targets are of: k for k-simplices, ``None`` for complexes or what is seen.
        kind: of the targets, ``None`` for what is seen.
        form: how the files were read, as JSON has it: given to :func:`read_dataset`, other files
            are read alike. Its ``"classes"`` are the names of the classes.
        vertex_names: of all vertices, one item after the other; ``None`` for numbers.
        graph_names: of all items; ``None`` for numbers.
        notes: what was guessed or left out, for the user.
    """

    dataset: "SimplicialDataset"
    target: str | None
    level: int | None
    kind: str | None
    form: Mapping[str, Any]
    vertex_names: Sequence[str] | None = None
    graph_names: Sequence[str] | None = None
    notes: tuple[str, ...] = ()
