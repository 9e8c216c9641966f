"""How fast the encodings are: ``python -m tests.benchmarks.speed.encodings [FOLDER]``.

On ten thousand graphs of the size of molecules, and on Cora where FOLDER holds PyG's raw files
(``ind.cora.graph``).
"""

import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import torch

from simplex import SimplicialComplex
from simplex.data import SimplicialDataset
from simplex.lifting import clique_complex
from simplex.operators import eigenpairs
from simplex.transforms import (
    Degrees,
    Electrostatics,
    Encoding,
    HarmonicEnergies,
    HeatKernelDiagonals,
    HodgeEigenvectors,
    HopCounts,
    PageRanks,
    RandomWalkReturns,
)


def molecules(count: int, seed: int = 0) -> SimplicialDataset:
    """Random trees of 15 to 30 vertices with three further edges: 10,000 take the lift a moment."""
    generator = torch.Generator().manual_seed(seed)
    sizes = torch.randint(15, 31, (count,), generator=generator)
    start = sizes.cumsum(0) - sizes
    vertex = torch.arange(int(sizes.sum()))
    owner = torch.arange(count).repeat_interleave(sizes)
    local = vertex - start[owner]
    back = (torch.rand(len(vertex), generator=generator) * local.clamp(max=3)).long() + 1
    tree = torch.stack([vertex, vertex - back])[:, local > 0]
    ends = (torch.rand(2, 3 * count, generator=generator) * sizes.repeat(3)).long()
    edges = torch.cat([tree, ends + start.repeat(3)], dim=1)
    K = clique_complex(edges[:, edges[0] != edges[1]], 2, num_vertices=len(vertex))
    pointer = torch.cat([start, sizes.sum()[None]])
    return SimplicialDataset.from_union(K.with_parts(pointer), max_dim=2)


def cora(folder: Path) -> SimplicialComplex:
    """The clique complex of the citations."""
    with (folder / "ind.cora.graph").open("rb") as file:
        graph = nx.from_dict_of_lists(pickle.load(file, encoding="latin1"))
    graph.remove_edges_from(nx.selfloop_edges(graph))
    return clique_complex(graph, 2)


ENCODINGS: dict[str, Encoding] = {
    "`Degrees`": Degrees(),
    "`RandomWalkReturns`, 16 steps of three walks": RandomWalkReturns(),
    "`HeatKernelDiagonals`, 5 times": HeatKernelDiagonals(),
    "`Electrostatics`": Electrostatics(),
    "`PageRanks`": PageRanks(),
    "`HopCounts`, 3 hops": HopCounts(),
    '`HodgeEigenvectors`, 8 of "curl"': HodgeEigenvectors(part="curl"),
    '`HodgeEigenvectors`, 8 of "hodge"': HodgeEigenvectors(),
    '`HodgeEigenvectors`, 8 "curl", squared': HodgeEigenvectors(part="curl", form="squared"),
    "`HarmonicEnergies`": HarmonicEnergies(),
}


def seconds(task: Callable[[], object]) -> float:
    """The time of one run."""
    begin = time.perf_counter()
    task()
    return time.perf_counter() - begin


def main() -> None:
    """Print a line per measurement."""
    dataset = molecules(10_000)
    print(f"10,000 graphs, f-vector {dataset.to_batch().complex.f_vector}")
    Degrees()(dataset)
    for name, encoding in ENCODINGS.items():
        print(f"{name}: {seconds(lambda e=encoding: e(dataset)):.2f} s", flush=True)
    if len(sys.argv) < 2:
        return
    K = cora(Path(sys.argv[1]))
    print(f"Cora, f-vector {K.f_vector}")
    one = SimplicialDataset.from_union(K)
    for name, encoding in ENCODINGS.items():
        print(f"{name}: {seconds(lambda e=encoding: e(one)):.2f} s", flush=True)
    for k in range(K.dim + 1):
        for part in ("gradient", "curl", "harmonic"):
            found = seconds(lambda k=k, part=part: eigenpairs(K, k, 8, part=part))
            print(f"`eigenpairs` of 8, k = {k}, {part}: {found:.2f} s", flush=True)


if __name__ == "__main__":
    main()
