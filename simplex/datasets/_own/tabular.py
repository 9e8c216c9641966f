"""Tables of nodes, edges and graphs as a data set."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from simplex.complexes import SimplicialComplex
from simplex.datasets._one_complex import cochains_of
from simplex.datasets._own.columns import feature_columns, forms_of
from simplex.datasets._own.files import FileData, Wanted
from simplex.datasets._own.graphs import Graphs, graphs_of
from simplex.datasets._own.roles import PARTS, Tables, read_tables, split_heading
from simplex.datasets._own.targets import Targets, read_target
from simplex.io import HeadedTable
from simplex.lifting import clique_complex


def read_tabular(paths: Sequence[Path], wanted: Wanted) -> FileData:
    """A data set from one to three tables, as :func:`read_dataset` says."""
    from simplex.data import SimplicialDataset

    wanted.require("tables")
    before = wanted.form
    names = _target_names(paths, wanted)
    tables = read_tables(paths, names)
    graphs = graphs_of(tables)
    notes: list[str] = []
    form = _form(tables, wanted, names, notes) if before is None else before
    n = len(graphs.vertex_names)
    K = clique_complex(graphs.edges, wanted.max_dim, num_vertices=n).with_parts(graphs.pointer)
    loops = int((graphs.edges[0] == graphs.edges[1]).sum())
    if loops:
        notes.append(f"{loops} edges from a node to itself: left out")
    ids = K.index(graphs.edges.T.sort(1).values) if wanted.max_dim else graphs.edges[0] - n
    x, of_edges = _features(tables, graphs, form)
    fields: dict[str, Any] = {}
    slices: dict[str, Tensor] = {}
    level, kind = form["level"], form["kind"]
    if before is None and names:
        targets = _targets(tables, graphs, K, ids, names, form, wanted)
        level, kind, given = targets
        fields, slices = _fields(given, level, K)
        form = dict(form) | {"level": level, "kind": kind, "classes": given.classes}
        notes += _said_of(given, level, names)
    if before is None:
        _add_masks(tables, graphs, K, fields, slices, notes)
    if wanted.rings is None:
        cochains = _cochains(K, x, of_edges, ids, wanted)
    else:
        if level is not None or slices:
            wanted.require_no_rings("targets or parts of nodes or edges")
        K, cochains = _with_rings(graphs, x, of_edges, wanted)
    dataset = SimplicialDataset.from_union(
        K, cochains, max_dim=wanted.max_dim, fields=fields, slices=slices
    )
    field = f"y_{level}" if level else "y"
    return FileData(
        dataset, field, level, kind, form, graphs.vertex_names, graphs.graph_names, tuple(notes)
    )


def _target_names(paths: Sequence[Path], wanted: Wanted) -> list[str]:
    if wanted.form is not None:
        return list(wanted.form["target"])
    if wanted.target is None:
        return []
    return [name.strip() for name in wanted.target.split(",") if name.strip()]


# --- features -------------------------------------------------------------------------------------


def _form(
    tables: Tables, wanted: Wanted, names: Sequence[str], notes: list[str]
) -> Mapping[str, Any]:
    """How the columns become features, decided by these tables."""
    ids = {tables.node, tables.graph[0], tables.graph[1], *tables.ends, *names}
    ids |= {split_heading(tables.nodes), split_heading(tables.edges)}
    parts: dict[str, Any] = {}
    possible: set[str] = set()
    for key, table in (("features", tables.nodes), ("edge_features", tables.edges)):
        columns = {} if table is None else table.columns
        candidates = [name for name in columns if name not in ids]
        if key == "edge_features" and not wanted.max_dim:
            candidates = []
        possible.update(candidates)
        parts[key], said = forms_of(columns, candidates, wanted.features, wanted.categories)
        of = "feature" if key == "features" else "feature of edges"
        notes += [f"{of} {note}" for note in said]
    for option in ("features", "categories"):
        unknown = [name for name in getattr(wanted, option) or () if name not in possible]
        if unknown:
            raise ValueError(
                f"{option} must be among the columns {', '.join(sorted(possible)) or '(none)'}, "
                f"got {unknown[0]!r}."
            )
    if not parts["features"]:
        notes.append("no feature of nodes: each has the constant 1")
    top = {"source": "tables", "target": list(names), "level": None, "kind": None, "classes": None}
    return top | parts


def _features(
    tables: Tables, graphs: Graphs, form: Mapping[str, Any]
) -> tuple[Tensor, Tensor | None]:
    """Of all vertices, and of the rows of edges where these have any."""
    n = len(graphs.vertex_names)
    if form["features"]:
        where = "the table of nodes" if tables.nodes is None else tables.nodes.path.name
        columns = {} if tables.nodes is None else tables.nodes.columns
        x = feature_columns(columns, form["features"], where, n)[_rows(graphs)]
    else:
        x = torch.ones(n, 1)
    edges, wanted = tables.edges, form["edge_features"]
    if not wanted:
        return x, None
    return x, feature_columns(edges.columns, wanted, edges.path.name, len(edges))


def _cochains(
    K: SimplicialComplex, x: Tensor, of_edges: Tensor | None, ids: Tensor, wanted: Wanted
) -> list[Tensor]:
    cochains = cochains_of(K, x, wanted.max_dim, wanted.reduce)  # type: ignore[arg-type]
    if of_edges is not None:
        cochains[1] = torch.cat([cochains[1], _mean(of_edges, ids, K.num_simplices(1))], 1)
    return cochains


def _with_rings(
    graphs: Graphs, x: Tensor, of_edges: Tensor | None, wanted: Wanted
) -> tuple[SimplicialComplex, list[Tensor]]:
    """The ring complexes of the graphs, and their features."""
    from simplex.data import Lift

    options: Any = {"reduce": wanted.reduce, "rings": wanted.rings, "apex": wanted.apex}
    lift = Lift(wanted.max_dim, edge_attr=None if of_edges is None else "mean", **options)
    lift.require()
    K = lift.complex_of(
        SimpleNamespace(edge_index=graphs.edges, num_nodes=len(x), ptr=graphs.pointer)
    )
    return K, lift.features(K, x, graphs.edges, of_edges)


def _rows(graphs: Graphs) -> Tensor:
    assert graphs.rows is not None
    return graphs.rows


def _mean(values: Tensor, ids: Tensor, count: int) -> Tensor:
    """Of the rows that are the same edge, (count, C); loops, with id -1, are of none."""
    used = ids >= 0
    values, ids = values[used], ids[used]
    total = values.new_zeros(count, values.shape[1]).index_add(0, ids, values)
    return total / ids.bincount(minlength=count).clamp(min=1)[:, None]


# --- targets --------------------------------------------------------------------------------------


def _targets(
    tables: Tables,
    graphs: Graphs,
    K: SimplicialComplex,
    ids: Tensor,
    names: Sequence[str],
    form: Mapping[str, Any],
    wanted: Wanted,
) -> tuple[int | None, str, Targets]:
    """The targets, one for each row that they are of, and what that is."""
    table = _holding(tables, names)
    given = read_target(names, [table.columns[name] for name in names], wanted.kind)
    level = wanted.level
    if table is tables.edges:
        _require_level(level, (1,), "the table of edges", table)
        return 1, given.kind, _of_edges(given, ids, K, table)
    if table is tables.graphs:
        _require_level(level, (), "the table of graphs", table)
        _require_known(given, graphs.graph_names or [], "graph", table)
        return None, given.kind, given
    rows = _rows(graphs)
    given = given._replace(values=given.values[rows], known=given.known[rows])
    _require_level(level, (0,), "the table of nodes", table)
    first = graphs.pointer[:-1]
    sizes = graphs.pointer.diff()
    of_graph = given.values[first].repeat_interleave(sizes, 0)
    same = torch.equal(of_graph.nan_to_num(-7), given.values.nan_to_num(-7))
    if level is None and len(first) > 1 and same:
        given = given._replace(values=given.values[first], known=given.known[first])
        _require_known(given, graphs.graph_names or [], "graph", table)
        return None, given.kind, given
    if len(first) > 1:
        _require_known(given, graphs.vertex_names, "node", table)
    return 0, given.kind, given


def _holding(tables: Tables, names: Sequence[str]) -> HeadedTable:
    """The table that has the columns of the targets."""
    each = [table for table in (tables.graphs, tables.nodes, tables.edges) if table is not None]
    for table in each:
        if all(name in table.columns for name in names):
            return table
    there = "; ".join(f"{table.path.name} has {', '.join(table.columns)}" for table in each)
    missing = next(
        (name for name in names if not any(name in table.columns for table in each)), names[0]
    )
    raise ValueError(
        f"target must be a column, several ones of one table, got {missing!r}: {there}."
    )


def _require_level(
    level: int | None, fitting: Sequence[int], where: str, table: HeadedTable
) -> None:
    if level is None or level in fitting:
        return
    words = "vertices (level=0)" if 0 in fitting else "edges (level=1)" if fitting else "graphs"
    raise ValueError(
        f"level must fit the target, which is in {where} ({table.path.name}) and so of {words}, "
        f"got {level}. Leave it out; targets of triangles and higher simplices come in a "
        "hypergraph file (HIF)."
    )


def _require_known(given: Targets, names: Sequence[str], what: str, table: HeadedTable) -> None:
    """Where graphs are split, each must have its target."""
    missing = (~given.known).nonzero()[:, 0].tolist()
    if missing:
        raise ValueError(
            f"target must be there for every {what}, got none for {len(missing)} of "
            f"{len(given.known)}, such as {names[missing[0]]!r} in {table.path.name}. Fill it in, "
            "or take these out, and predict them later with simplex predict."
        )


def _of_edges(given: Targets, ids: Tensor, K: SimplicialComplex, table: HeadedTable) -> Targets:
    """Of rows as of edges: two rows of one edge must agree."""
    count = K.num_simplices(1)
    used = (ids >= 0) & given.known
    rows = used.nonzero()[:, 0]
    shape = (count, *given.values.shape[1:])
    none = -1 if given.kind == "classes" else torch.nan
    values = torch.full(shape, none, dtype=given.values.dtype)
    values[ids[rows]] = given.values[rows]
    other = (values[ids[rows]].nan_to_num(-7) != given.values[rows].nan_to_num(-7)).reshape(
        len(rows), -1
    )
    if bool(other.any()):
        row = int(rows[other.any(1).nonzero()[0, 0]])
        raise ValueError(
            f"{table.at(row)}: an edge must have one target, got another one in a second row of "
            "the same edge. Edges have no direction here: remove one of the rows."
        )
    known = torch.zeros(count, dtype=torch.bool)
    known[ids[rows]] = True
    return given._replace(values=values, known=known)


def _fields(
    given: Targets, level: int | None, K: SimplicialComplex
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    if level is None:
        return {"y": given.values}, {}
    ending = f"_{level}" if level else ""
    fields = {f"y{ending}": given.values, f"known_mask{ending}": given.known}
    return fields, dict.fromkeys(fields, K.part_pointer(level))


def _said_of(given: Targets, level: int | None, names: Sequence[str]) -> list[str]:
    of = {None: "graphs", 0: "nodes", 1: "edges"}[level]
    kind = given.kind if given.classes is None else f"{len(given.classes)} classes"
    missing = int((~given.known).sum())
    gaps = f", missing for {missing} of {len(given.known)} {of}" if missing else ""
    return [f"target {', '.join(names)}: {kind} of {of}{gaps}"]


# --- parts ----------------------------------------------------------------------------------------


def _add_masks(
    tables: Tables,
    graphs: Graphs,
    K: SimplicialComplex,
    fields: dict[str, Any],
    slices: dict[str, Tensor],
    notes: list[str],
) -> None:
    """A column ``split`` of words as the masks of a fixed split."""
    for table, level in ((tables.graphs, None), (tables.nodes, 0)):
        heading = split_heading(table)
        if table is None or heading is None:
            continue
        parts = [PARTS[value.lower()] for value in table.columns[heading]]
        rows = torch.arange(len(parts)) if level is None else _rows(graphs)
        for part in ("train", "val", "test"):
            mask = torch.tensor([each == part for each in parts])[rows]
            fields[f"{part}_mask"] = mask
            if level is not None:
                slices[f"{part}_mask"] = K.part_pointer(0)
        notes.append(f"{heading}: parts, of the protocol 'fixed'")
        return
