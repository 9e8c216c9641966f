"""``simplex train``: cross-validate a network on a TU data set."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; without imports beyond the standard library, so that help is instant."""
    parser.description = (
        "Lift the graphs of a TU data set to clique complexes, train a network on each fold, and "
        "print mean and standard deviation of the test accuracy over the folds. The state is saved "
        "after every epoch: a run that was stopped goes on with --resume."
    )
    add = parser.add_argument
    add("--dataset", required=True, help="name, such as MUTAG, PROTEINS, IMDB-BINARY")
    add("--root", type=Path, help="folder of data sets, with NAME/raw (default: $SIMPLEX_DATA/tu)")
    add(
        "--model", choices=["sin", "f-vector"], default="sin", help="f-vector only counts simplices"
    )
    add("--max-dim", type=int, default=2, help="top dimension of the lift (default: 2)")
    add("--init", choices=["sum", "mean"], default="sum", help="features of higher simplices")
    add("--hidden", type=int, default=32, help="width of the hidden layers (default: 32)")
    add("--layers", type=int, default=3, help="message passing layers (default: 3)")
    add("--readout", choices=["sum", "mean"], default="sum", help="pooling of each dimension")
    add("--dropout", type=float, default=0.5, help="before the last map (default: 0.5)")
    add("--folds", type=int, default=10, help="ten use the stored folds, where there are any")
    add("--epochs", type=int, default=100, help="(default: 100)")
    add("--batch-size", type=int, default=32, help="graphs per step (default: 32)")
    add("--lr", type=float, default=1e-3, help="learning rate (default: 0.001)")
    add("--decay-every", type=int, default=50, help="epochs between halvings of the learning rate")
    add("--seed", type=int, default=0, help="of weights, order and dropout (default: 0)")
    add("--device", default="cpu", help="where to train, such as cuda (default: cpu)")
    add("--threads", type=int, help="threads of torch; one is often fastest for small graphs")
    add("--out", type=Path, help="folder for results (default: runs/DATASET-MODEL-SEED)")
    add("--resume", action="store_true", help="continue the run in the folder")


def run(args: argparse.Namespace) -> int:
    """Train as the options say; wrong input raises ``ValueError`` with one clear line."""
    import torch

    from simplex.train import TrainSettings, TUSettings, train_tu

    if args.threads is not None:
        if args.threads < 1:
            raise ValueError(f"threads must be at least 1, got {args.threads}.")
        torch.set_num_threads(args.threads)
    _require_device(args.device)
    given: dict[str, Any] = vars(args)
    train = TrainSettings(**_pick(given, TrainSettings))
    settings = TUSettings(**_pick(given, TUSettings), train=train)
    out = args.out or Path("runs") / f"{args.dataset}-{args.model}-{args.seed}"
    train_tu(settings, out, resume=args.resume, device=args.device)
    return 0


def _require_device(name: str) -> None:
    import torch

    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built with CUDA
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"--device must be a device of this machine, got {name}: {reason}"
        ) from None


def _pick(given: dict[str, Any], settings: type) -> dict[str, Any]:
    return {field.name: given[field.name] for field in fields(settings) if field.name in given}
