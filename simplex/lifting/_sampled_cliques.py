"""Maximal cliques found by random walks, and the complex that they span."""

from typing import Any

import torch
from torch import Tensor

from simplex.complexes import (
    SimplicialComplex,
    cofacet_table,
    on_free_threads,
    ragged,
    require_generator,
    require_int,
    require_memory,
    require_subsets,
    small_subsets,
    unique_edges,
)
from simplex.interop import read_graph


@on_free_threads()
def sampled_clique_complex(
    graph: Any,
    num_walks: int = 1,
    max_dim: int = 2,
    *,
    num_vertices: int | None = None,
    generator: torch.Generator | None = None,
) -> SimplicialComplex:
    """The faces of some maximal cliques: where all cliques would be too many.

    From every vertex ``num_walks`` cliques are grown: a vertex drawn uniformly from those that are
    joined to all vertices so far is added until there is none. Every clique found is maximal, so
    every vertex and every edge of a walk is in a simplex as large as can be; cliques on few walks
    are missed. All edges of the graph are kept.

    Args:
        graph: as for :func:`clique_complex`; a list gives the disjoint union.
        num_walks: cliques grown from each vertex.
        max_dim: top dimension kept; larger cliques give their faces.
        num_vertices: n_0 of an ``edge_index``; ``None`` for the largest id plus one.
        generator: source of randomness, on the device of the edges; ``None`` for torch's own.

    Returns:
        A subcomplex of :func:`clique_complex` with all its vertices and edges (for ``max_dim`` of 1
        or more), labels and parts as there.

    Raises:
        TypeError: an object that is no graph, or no generator.
        ValueError: a directed graph, or faces that do not fit in memory.

    Cost:
        O(num_walks · Σ_v deg(v) · log) for each vertex that is added; at most num_walks · n_0
        cliques, of which all faces up to ``max_dim`` are listed.

    Example:
        >>> import networkx as nx
        >>> sampled_clique_complex(nx.complete_graph(5), max_dim=4).f_vector
        (5, 10, 10, 5, 1)
    """
    require_int("max_dim", max_dim, least=0)
    num_walks = require_int("num_walks", num_walks, least=0)
    require_generator(generator)
    read = read_graph(graph, num_vertices)
    count = read.num_vertices
    edges = unique_edges(read.edge_index, count)
    if max_dim == 0:
        K = SimplicialComplex(count, device=edges.device)
    else:
        members, pointer = _walked(edges, count, num_walks, generator)
        require_subsets(pointer.diff(), max_dim + 1)
        longest = int(pointer.diff().max()) if len(pointer) > 1 else 1
        faces = small_subsets(members, pointer, min(max_dim + 1, longest), count)[2:]
        K = SimplicialComplex.from_simplices([edges, *faces], num_vertices=count).to(edges.device)
    return K.with_parts(read.part_pointer).with_vertex_labels(read.labels)


def _walked(
    edges: Tensor, count: int, num_walks: int, generator: torch.Generator | None
) -> tuple[Tensor, Tensor]:
    """The members of all cliques, each increasing, and where each clique starts.

    A step draws one candidate for each walk, and keeps those of the others that are joined to it.
    """
    what, remedy = f"{num_walks} walks from each of {count} vertices", "Lower num_walks."
    require_memory(64 * num_walks * count, edges.device, what, remedy)
    both = torch.cat([edges, edges.flip(1)])
    keys = (both[:, 0] * count + both[:, 1]).sort().values
    pointer, index = cofacet_table(both[:, :1], count)
    start = torch.arange(count, device=edges.device).repeat(num_walks)
    degree = pointer.diff()[start]
    total = int(degree.sum())
    what = f"the {total} candidates of {len(start)} walks"
    require_memory(total * 64, edges.device, what, remedy)
    walk, nth = ragged(degree)
    candidate = both[index, 1][pointer[start][walk] + nth]
    owners, members = [torch.arange(len(start), device=edges.device)], [start]
    while len(candidate):
        sizes = walk.bincount(minlength=len(start))
        first, active = sizes.cumsum(0) - sizes, (sizes > 0).nonzero().squeeze(1)
        uniform = torch.rand(
            len(active), generator=generator, dtype=torch.float64, device=edges.device
        )
        nth = torch.minimum((uniform * sizes[active]).long(), sizes[active] - 1)
        drawn = candidate[first[active] + nth]
        owners.append(active)
        members.append(drawn)
        chosen = torch.full((len(start),), -1, device=edges.device)
        chosen[active] = drawn
        wanted = chosen[walk] * count + candidate
        place = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
        joined = keys[place] == wanted
        walk, candidate = walk[joined], candidate[joined]
    owner, member = torch.cat(owners), torch.cat(members)
    order = member.argsort(stable=True)
    order = order[owner[order].argsort(stable=True)]
    sizes = owner.bincount(minlength=len(start))
    return member[order], torch.cat([sizes.new_zeros(1), sizes.cumsum(0)])
