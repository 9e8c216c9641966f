"""Mini-batches of one giant graph or complex, and networks on all of it in bounded memory."""

from simplex.loader._ball_loader import BallLoader
from simplex.loader._clusters import ClusterLoader
from simplex.loader._infer import infer


__all__ = ["BallLoader", "ClusterLoader", "infer"]
