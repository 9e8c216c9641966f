"""Mini-batches of one giant graph or complex, and networks on all of it in bounded memory."""

from simplex.loader._ball_loader import BallLoader


__all__ = ["BallLoader"]
