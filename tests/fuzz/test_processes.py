"""Lifts and Betti numbers in forked and spawned processes, and in threads at once."""

import multiprocessing
import threading

import networkx as nx
import torch
from torch_geometric.data import Data
from torch_geometric.loader import DataLoader

from simplex.lifting import clique_complex
from simplex.operators import betti_numbers
from simplex.transforms import CliqueLift
from tests.cases import over


GRAPH = nx.gnp_random_graph(60, 0.3, seed=0)


def invariants(threads: int) -> tuple[object, ...]:
    torch.set_num_threads(threads)  # two, so that the lift has a pool
    try:
        K = clique_complex(GRAPH, 3)
        return K.f_vector, betti_numbers(K)
    finally:
        torch.set_num_threads(1)


@over("method", ["fork", "spawn"])
def test_processes_started_after_a_lift_lift_the_same(method):
    """A forked process runs torch on one thread, as workers of a loader do: OpenMP needs it."""
    expected = invariants(2)  # the parent has used its pool and its kernels
    with multiprocessing.get_context(method).Pool(1 if method == "spawn" else 2) as pool:
        assert pool.map(invariants, [1, 1, 1]) == [expected] * 3


def test_threads_lift_the_same_at_once():
    expected, found = invariants(2), []
    threads = [threading.Thread(target=lambda: found.append(invariants(2))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 6


class Lifted(torch.utils.data.Dataset):
    """Graphs that are lifted where they are loaded."""

    def __len__(self):
        return 8

    def __getitem__(self, i):
        graph = nx.gnp_random_graph(10 + i, 0.5, seed=i)
        edges = torch.tensor(list(graph.edges)).T
        return CliqueLift(2)(
            Data(x=torch.ones(len(graph), 1), edge_index=torch.cat([edges, edges.flip(0)], 1))
        )


def test_workers_of_a_loader_lift_the_same():
    expected = [batch.complex for batch in DataLoader(Lifted(), batch_size=4)]
    loader = DataLoader(Lifted(), batch_size=4, num_workers=2)
    assert [batch.complex == K for batch, K in zip(loader, expected, strict=True)] == [True] * 2
