"""Counties of the United States: predict one statistic of each from the six others."""

import csv
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from simplex.complexes import require_word
from simplex.datasets._files import folder_with, read_columns, refused
from simplex.datasets._one_complex import Reduce, one_complex, require_lift
from simplex.datasets._root import data_root


if TYPE_CHECKING:
    from torch_geometric.data import Data

    from simplex.data import SimplicialDataset

US_COUNTY = {  # target: the name in TopoBench, in the order of the columns
    "income": "MedianIncome",
    "migration": "MigraRate",
    "birth": "BirthRate",
    "death": "DeathRate",
    "education": "BachelorRate",
    "unemployment": "UnemploymentRate",
    "election": "Election",
}
_TABLES = {  # file: (column of the county's number, columns of the year)
    "income.csv": ("FIPS", ["MedianIncome{}"]),
    "population.csv": ("FIPS", ["R_NET_MIG_{}", "R_birth_{}", "R_death_{}"]),
    "education.csv": ("FIPS", ["BachelorRate{}"]),
    "unemployment.csv": ("FIPS", ["Unemployment_rate_{}"]),
    "election.csv": ("fips_code", ["dem_{}", "gop_{}"]),
}
_NUMBER = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?")


def us_county(
    target: str = "election",
    year: int = 2012,
    root: str | Path | None = None,
    *,
    max_dim: int = 2,
    reduce: Reduce = "mean",
) -> "SimplicialDataset":
    r"""Load the counties of the United States, joined where they touch, and lift the graph.

    There are seven statistics of a county: median income (1,000 dollars), net migration, births and
    deaths (per 1,000 inhabitants), bachelors and unemployment (per cent), and the election's margin
    (dem - gop) / (dem + gop). One is the target, the six others are the features.

    The tables are joined by the number of a county. What a table lacks for a county is filled with
    the mean of the column over all counties of the graph, in the target too; counties without a
    neighbour are then left out. Features are standardised over all counties of the result:

    .. math:: x' = (x - \text{mean}(x)) / \text{std}(x)

    Args:
        target: ``"election"``, ``"income"``, ``"migration"``, ``"birth"``, ``"death"``,
            ``"education"`` or ``"unemployment"``; the names of TopoBench (``"MedianIncome"``, …)
            are taken too.
        year: 2012 or 2016.
        root: folder with ``adjacency.txt``, ``election.csv``, ``income.csv``, ``population.csv``,
            ``education.csv`` and ``unemployment.csv``; ``None`` for ``us_county/`` in the folder
            that the environment variable ``SIMPLEX_DATA`` names, else
            ``~/.cache/simplex/us_county``.
        max_dim: the top dimension of the lift.
        reduce: what higher simplices carry: the ``"mean"`` or the ``"sum"`` of the features of
            their vertices; ``None`` for the constant 1, one channel.

    Returns:
        One item: ``x`` (n_0, 6) float32 and ``x_k``; ``y`` (n_0,) float32, in the units above;
        ``edge_index`` with both directions; the names of the counties as vertex labels. There are
        no masks: draw splits by ``simplex.train.random_splits``.

    Raises:
        ValueError: another target or year, or a file that is absent or breaks its format.

    Paper:
        Jia & Benson, "Residual correlation in graph neural network regression", KDD 2020; joined as
        in TopoBench (Telyatnikov et al. 2024). Departures: (1) TopoBench standardises with the mean
        and the deviation of the training vertices, here all vertices count, as features are known
        of all; (2) it scales the target likewise, so its errors are in deviations of the training
        targets, and are to be multiplied by that deviation to be compared.

    Example:
        >>> data = us_county("election")[0]  # doctest: +SKIP
        >>> data.complex, data.x.shape  # doctest: +SKIP
        (SimplicialComplex(f_vector=(3224, 9483, 6490)), torch.Size([3224, 6]))
    """
    require_lift(max_dim, reduce)
    target = {old: new for new, old in US_COUNTY.items()}.get(target, target)
    require_word("target", target, tuple(US_COUNTY))
    require_word("year", year, (2012, 2016))
    folder = _folder(data_root("us_county", root))
    pairs, names = _adjacency(folder / "adjacency.txt")
    counties = torch.unique(pairs)  # of the whole graph, ascending
    statistics = torch.stack(_statistics(folder, year, counties), 1)  # (counties, 7)
    apart = pairs[0] != pairs[1]
    touching = torch.isin(counties, pairs[:, apart])
    counties, statistics = counties[touching], statistics[touching]
    return one_complex(
        _graph(torch.searchsorted(counties, pairs[:, apart]), statistics, target),
        max_dim,
        reduce,
        labels=[names[number] for number in counties.tolist()],
    )


def _graph(pairs: Tensor, statistics: Tensor, target: str) -> "Data":
    from torch_geometric.data import Data
    from torch_geometric.utils import to_undirected

    column = list(US_COUNTY).index(target)
    others = torch.cat([statistics[:, :column], statistics[:, column + 1 :]], 1)
    return Data(
        x=((others - others.mean(0)) / others.std(0)).float(),
        y=statistics[:, column].float(),
        edge_index=to_undirected(pairs, num_nodes=len(statistics)),
    )


def _statistics(folder: Path, year: int, counties: Tensor) -> list[Tensor]:
    """The seven columns over the counties, (n,) float64 each, in the order of the targets."""
    columns = []
    for file, (number, of_year) in _TABLES.items():
        place, names = folder / file, [name.format(year) for name in of_year]
        table = read_columns(place, [number, *names], "the counties", encoding="latin-1")
        keys = [_county(each, place, line) for line, each in enumerate(table[number], start=2)]
        if len(set(keys)) < len(keys):
            raise refused(place, "the counties", "got a county twice")
        columns += [_filled(keys, table[name], counties, place) for name in names]
    *first, democrats, republicans = columns
    first[0] = first[0] / 1000
    return [*first, (democrats - republicans) / (democrats + republicans)]


def _filled(keys: list[int], texts: list[str], counties: Tensor, place: Path) -> Tensor:
    """The numbers of the counties; the mean of those that have one where there is none."""
    known: dict[int, float] = {}
    for line, (key, text) in enumerate(zip(keys, texts, strict=True), start=2):
        if not text:
            continue
        if not _NUMBER.fullmatch(text):
            raise refused(place, "the counties", f"got {text[:20]!r} for a number in row {line}")
        known[key] = float(text.replace(",", ""))
    values = torch.tensor([known.get(key, torch.nan) for key in counties.tolist()]).double()
    if bool(values.isnan().all()):
        raise refused(place, "the counties", "got a column without a county of the graph")
    return values.nan_to_num(nan=float(values.nanmean()))


def _adjacency(place: Path) -> tuple[Tensor, dict[int, str]]:
    """Pairs (2, E) of numbers of counties, and their names; a county's rows name it once."""
    text, names, pairs, here = place.read_text(encoding="latin-1"), {}, [], None
    for line, row in enumerate(csv.reader(io.StringIO(text), delimiter="\t"), start=1):
        if len(row) != 4 or (here is None and not row[1].strip()):
            raise refused(place, "the counties", f"got {'|'.join(row)[:40]!r} in line {line}")
        if row[1].strip():
            here = _county(row[1], place, line)
            names[here] = row[0].strip()
        there = _county(row[3], place, line)
        names.setdefault(there, row[2].strip())
        pairs.append((here, there))
    if not pairs:
        raise refused(place, "the counties", "got no pairs")
    table: NDArray[np.int64] = np.array(pairs, dtype=np.int64)
    return torch.from_numpy(table).T, names


def _county(text: str, place: Path, line: int) -> int:
    if not re.fullmatch(r"\d{1,5}", text.strip()):
        got = f"got {text[:20]!r} for the number of a county in line {line}"
        raise refused(place, "the counties", got)
    return int(text)


def _folder(root: Path) -> Path:
    files = ["adjacency.txt", *_TABLES]
    folder = folder_with(files, [root], "the counties")
    if folder is None:
        raise ValueError(
            f"the counties must be stored in {root}, got no such files. Put {', '.join(files)} of "
            "datasets/election in github.com/000Justin000/gnn-residual-correlation there, or pass "
            "the root that holds them."
        )
    return folder
