"""Which kind of files it is that a user has, and the data set that they make."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from simplex.complexes import HIGHEST_DIM, require_int, require_word, shown
from simplex.datasets._own.files import FileData as FileData, Wanted
from simplex.datasets._own.graph_file import read_graph_file
from simplex.datasets._own.hypergraph_file import read_hypergraph_file
from simplex.datasets._own.lifted_folder import is_lifted_folder, read_lifted_folder
from simplex.datasets._own.roles import is_table, tables_in
from simplex.datasets._own.tabular import read_tabular
from simplex.datasets._own.tu_folder import find_tu, read_tu_folder


GRAPH_FILES = (".pt", ".pth")
HYPERGRAPH_FILES = (".json", ".hif")
_KINDS = (
    "tables .csv, .tsv or .edges, PyG Data objects .pt, a hypergraph .json in HIF, or a folder of "
    "tables or of TU text files"
)


def read_dataset(
    paths: str | Path | Sequence[str | Path],
    target: str | None = None,
    *,
    level: int | None = None,
    kind: Literal["classes", "labels", "numbers"] | None = None,
    features: Sequence[str] | None = None,
    categories: Sequence[str] = (),
    max_dim: int = 2,
    reduce: Literal["sum", "mean"] = "sum",
    use_node_attr: bool = True,
    rings: int | None = None,
    apex: Literal["sum", "mean", "token"] = "sum",
    form: Mapping[str, Any] | None = None,
) -> FileData:
    r"""Read your own data, lifted: tables, PyG graphs, a hypergraph, or a folder in TU's layout.

    - Tables with headings, ``.csv`` or ``.tsv``: one of edges (``source``, ``target`` or the like),
      one of nodes (``id``), one of graphs (``graph``), of which the last two may be left out; for
      many graphs a column ``graph`` says to which one a row belongs. Numbers are standardised
      features, words are one-hot categories; a column ``split`` of ``train``, ``val`` and ``test``
      is a fixed split.
    - PyG's ``Data`` objects in a ``.pt`` file: a list, one of them, or what an ``InMemoryDataset``
      stores. Features are ``x`` and ``edge_attr``. No code of the file is run.
    - A hypergraph with attributes, ``.json`` in the Hypergraph Interchange Format.
    - A folder with such tables, with the text files of the TU collection, or one that
      ``SimplicialDataset.to_disk`` wrote, which stays on disk.

    Args:
        paths: one file or folder, or the tables.
        target: the column, attribute or field to be predicted; several columns as ``"a,b"``;
            ``None`` for ``y``, or for no target.
        level: what the target is of, k for k-simplices; ``None`` for what the target shows.
        kind: of the target; ``None`` for what it shows.
        features: columns or attributes of nodes and edges; ``None`` for all but ids, the target and
            columns in which nearly every row has a word of its own.
        categories: which of them are categories although they hold numbers; ``("x",)`` for an
            integer ``x`` of PyG data.
        max_dim: the top dimension.
        reduce: what higher simplices carry: the ``"sum"`` or the ``"mean"`` of their vertices.
        use_node_attr: of TU data, see :func:`tu_dataset`.
        rings: of graphs with targets: N to fill the rings of at most N vertices; ``None`` not to.
        apex: what the apex of a ring carries, see :func:`simplex.transforms.ring_lift`.
        form: that of another reading, to have the same features, without targets.

    Returns:
        The data set, the names of vertices, graphs and classes, and the form.

    Raises:
        ValueError: what is wrong with which file and line, and what to do.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> text = "source,target,trust\nann,bob,0.5\nbob,cid,0.9\nann,cid,\n"
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "friends.csv")
        ...     _ = path.write_text(text)
        ...     data = read_dataset(path, "trust")
        >>> data.level, data.dataset[0].y_1.tolist(), data.vertex_names
        (1, [0.5, nan, 0.8999999761581421], ['ann', 'bob', 'cid'])
    """
    places = _places(paths)
    require_int("max_dim", max_dim, 0, HIGHEST_DIM)
    require_word("reduce", reduce, ("sum", "mean"))
    require_word("kind", kind, ("classes", "labels", "numbers", None))
    require_word("apex", apex, ("sum", "mean", "token"))
    if rings is not None:
        require_int("rings", rings, least=3)
    wanted = Wanted(
        target, level, kind, features, tuple(categories), max_dim, reduce, form, rings, apex
    )
    for place in places:
        if not place.exists():
            raise ValueError(f"{place}: no such file or folder.")
    if len(places) == 1 and places[0].is_dir():
        return _read_folder(places[0], wanted, use_node_attr)
    if all(map(is_table, places)) and all(place.is_file() for place in places):
        return read_tabular(places, wanted)
    if len(places) > 1:
        raise ValueError(
            f"paths must be tables where there are several, got {', '.join(map(str, places))}."
        )
    (place,) = places
    if place.suffix.lower() in GRAPH_FILES:
        return read_graph_file(place, wanted)
    if place.suffix.lower() in HYPERGRAPH_FILES:
        return read_hypergraph_file(place, wanted)
    raise ValueError(f"{place.name} must be {_KINDS}.")


def _places(paths: Any) -> list[Path]:
    listed = [paths] if isinstance(paths, (str, Path)) else paths
    if not isinstance(listed, (list, tuple)) or not listed:
        raise TypeError(f"paths must be a path or a list of them, got {shown(paths)}.")
    return [Path(each) for each in listed]


def _read_folder(folder: Path, wanted: Wanted, use_node_attr: bool) -> FileData:
    if is_lifted_folder(folder):
        return read_lifted_folder(folder, wanted)
    found = find_tu(folder)
    if found is not None:
        return read_tu_folder(*found, wanted, use_node_attr)
    tables = [path for path in tables_in(folder) if not path.name.lower().endswith(".txt")]
    if not tables:
        raise ValueError(
            f"{folder} must be a folder of tables (nodes.csv, edges.csv) or of TU text files "
            "(NAME_A.txt, NAME_graph_indicator.txt, NAME_graph_labels.txt), got neither."
        )
    if len(tables) > 3:
        raise ValueError(
            f"{folder} must hold at most three tables, of nodes, edges and graphs, got "
            f"{len(tables)}. Name the files one by one."
        )
    return read_tabular(tables, wanted)
