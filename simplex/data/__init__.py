"""The PyG bridge: a complex as a ``Data`` object, and a data set of many complexes."""

from simplex.data._dataset import SimplicialDataset
from simplex.data._simplicial_data import SimplicialData


__all__ = ["SimplicialData", "SimplicialDataset"]
