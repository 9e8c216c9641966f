"""Small random complexes with targets of every kind at every level, and the plainest of models."""

import torch
from torch import nn

from simplex.complexes import flag_complex
from simplex.data import SimplicialDataset


def union(count, seed=0, vertices=6):
    """Flag complexes of random graphs, as one complex with ``count`` parts."""
    generator = torch.Generator().manual_seed(seed)
    pairs = torch.combinations(torch.arange(vertices))
    edges = []
    for part in range(count):
        kept = torch.rand(len(pairs), generator=generator) < 0.6
        kept[:3] = kept[vertices - 1] = True  # a triangle at least, so that no dimension is empty
        edges.append(pairs[kept] + part * vertices)
    union = flag_complex(count * vertices, torch.cat(edges), max_dim=2)
    return union.with_parts(torch.arange(count + 1) * vertices)


def features(K, seed=1, channels=3, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(K.num_simplices(k), channels, generator=generator).to(dtype) for k in range(3)
    ]


def targets(kind, signal, width, seed=2):
    """What can be learned of a signal (rows, channels)."""
    rows, generator = len(signal), torch.Generator().manual_seed(seed)
    mixed = signal @ torch.randn(signal.shape[1], width, generator=generator).to(signal.dtype)
    if kind == "classes":
        return mixed.argmax(1)
    missing = torch.rand(rows, width, generator=generator) < 0.2
    values = (mixed > 0).to(signal.dtype) if kind == "labels" else 40 + 7 * mixed
    return values.masked_fill(missing, torch.nan)


def dataset(count, kind, level=None, width=3, dtype=torch.float32):
    """``count`` items; ``y`` has a row per item, or at a level one per simplex (``y_k``, k ≥ 1)."""
    K = union(count)
    x = features(K, dtype=dtype)
    signal = x[level] if level is not None else pooled(x[0], K)
    name = f"y_{level}" if level else "y"
    slices = {} if level is None else {name: K.part_pointer(level)}
    fields = {name: targets(kind, signal, width)}
    return SimplicialDataset.from_union(K, x, max_dim=2, fields=fields, slices=slices)


def pooled(x, K):
    return x.new_zeros(K.num_parts, x.shape[1]).index_add(0, K.part(0), x)


class Plain(nn.Module):
    """A linear map of the features at a level, or of their sums over each part."""

    def __init__(self, outputs, level=None, dropout=0.0, dtype=torch.float32):
        super().__init__()
        self.level, self.dropout = level, nn.Dropout(dropout)
        self.hidden = nn.Linear(3, 5, dtype=dtype)
        self.map = nn.Linear(5, outputs, dtype=dtype)

    def forward(self, x, complex):
        values = pooled(x[0], complex) if self.level is None else x[self.level]
        return self.map(self.dropout(self.hidden(values).tanh()))


class OfCandidates(nn.Module):
    """A linear map of the sum of the features over the vertices of each candidate."""

    def __init__(self, outputs):
        super().__init__()
        self.map = nn.Linear(3, outputs)

    def forward(self, x, complex, candidates):
        return self.map(x[0][candidates].sum(1))


def single(kind, level, width=3, dtype=torch.float32):
    """One complex: its simplices of a dimension are the examples."""
    K = union(1, vertices=10)
    x = features(K, dtype=dtype)
    name = f"y_{level}" if level else "y"
    fields = {name: targets(kind, x[level], width)}
    slices = {name: K.part_pointer(level)}
    return SimplicialDataset.from_union(K, x, max_dim=2, fields=fields, slices=slices)
