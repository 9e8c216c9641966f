"""What training refuses while it runs: a loss from which it does not recover."""


def require_finite_loss(loss: float, lr: float) -> None:
    """Raise ``ValueError`` where a loss is infinite or not a number."""
    if not loss < float("inf"):
        raise ValueError(f"lr must keep the loss finite, got lr={lr} and loss {loss}.")
