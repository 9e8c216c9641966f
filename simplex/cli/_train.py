"""``simplex train``: cross-validate a network on a TU data set."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any


_DESCRIPTION = """\
Lift the graphs of a TU data set to clique complexes, train a network on each fold, and print mean
and standard deviation of the test accuracy over the folds, under two protocols:

  xu      Xu et al. 2019, as in published tables: the one epoch that is best on average over the
          test folds. It is optimistic, since the test folds choose.
  nested  each fold holds out a tenth of its training part, which chooses the epoch (and the point
          of the grid); the test fold is looked at once.

The state is saved every few seconds: a run that was stopped goes on with --resume. Several
processes share every batch with  torchrun --nproc_per_node 2 -m simplex train …
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; without imports beyond the standard library, so that help is instant."""
    parser.description = _DESCRIPTION
    absent = argparse.SUPPRESS  # what is not given is left to the defaults of the settings
    add = parser.add_argument_group("data and protocol", argument_default=absent).add_argument
    add("--dataset", required=True, help="name, such as MUTAG, PROTEINS, IMDB-BINARY")
    add("--root", type=Path, help="folder of data sets, with NAME/raw (default: $SIMPLEX_DATA/tu)")
    add("--max-dim", type=int, help="top dimension of the lift (default: 2)")
    add(
        "--init",
        dest="reduce",
        choices=["sum", "mean"],
        help="features of higher simplices, from those of their vertices",
    )
    add(
        "--no-node-attr",
        dest="use_node_attr",
        action="store_false",
        help="leave out real node attributes, where the data have any beside their labels",
    )
    add("--folds", type=int, help="ten use the stored folds, where there are any")
    add(
        "--protocol",
        choices=["xu", "nested", "both"],
        help="which to run; both are always listed (default: both)",
    )
    add(
        "--grid",
        action="append",
        default=[],
        metavar="NAME=V,V",
        help="values to try, such as hidden-channels=16,32 or lr=0.001,0.01; may be given several "
        "times, every combination is trained under each protocol",
    )
    add = parser.add_argument_group("model", argument_default=absent).add_argument
    add("--model", help="its name; a wrong one lists them all (default: sin)")
    add("--hidden-channels", "--hidden", type=int, help="width of the hidden layers (default: 32)")
    add("--num-layers", "--layers", type=int, help="message passing layers (default: 3)")
    add("--readout", help="pooling of each dimension, sum or mean (default: sum)")
    add("--dropout", type=float, help="probability (default: 0.5)")
    add(
        "--norm",
        type=_or_none,
        help="such as batch, or none (default: rms for oriented models, else batch)",
    )
    add(
        "--jumping-knowledge",
        type=_or_none,
        help="cat reads all layers, none the last one (default: cat)",
    )
    add(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a further keyword argument of the model, such as skip=True or readout_dims=(0,2); "
        "may be given several times",
    )
    add = parser.add_argument_group("training", argument_default=absent).add_argument
    add("--epochs", type=int, help="(default: 100)")
    add("--batch-size", type=int, help="graphs per step, of all processes together (default: 32)")
    add("--lr", type=float, help="learning rate (default: 0.001)")
    add("--weight-decay", type=float, help="L2 penalty (default: 0)")
    add(
        "--schedule",
        choices=["step", "cosine", "plateau", "none"],
        help="of the learning rate; plateau watches the inner validation loss, or the training "
        "loss where there is none (default: step)",
    )
    add("--decay", type=float, help="factor of a step or after a plateau (0.5)")
    add("--decay-every", type=int, help="epochs of a step or of a plateau (50)")
    add(
        "--patience",
        type=int,
        help="nested only: stop after so many epochs without a better inner validation; xu "
        "compares all folds at one epoch and trains them all to the end",
    )
    add("--seed", type=int, help="of weights, order and dropout (default: 0)")
    add("--device", default="cpu", help="where to train, such as cuda (default: cpu)")
    add("--threads", type=int, help="threads of torch (default: those the machine has free)")
    add = parser.add_argument_group("results").add_argument
    add("--out", type=Path, help="folder for results (default: runs/DATASET-MODEL-SEED)")
    add("--resume", action="store_true", help="continue the run in the folder")


def run(args: argparse.Namespace) -> int:
    """Train as the options say; wrong input raises ``ValueError`` with one clear line."""
    import torch

    from simplex.cli._checks import require_device
    from simplex.complexes import require_int
    from simplex.train import (
        Experiment,
        TrainSettings,
        parse_grid,
        parse_options,
        read_checkpoint,
        run_experiment,
        torchrun_processes,
    )

    require_device(args.device)
    given: dict[str, Any] = vars(args) | {
        "grid": parse_grid(args.grid),
        "options": parse_options(args.option),
    }
    protocol = given.get("protocol", "both")
    train = TrainSettings.preset(protocol, **_pick(given, TrainSettings))
    experiment = Experiment(**_pick(given, Experiment), train=train)
    out = args.out or Path("runs") / f"{experiment.dataset}-{experiment.model}-{train.seed}"
    if "threads" in args:
        torch.set_num_threads(require_int("threads", args.threads, least=1))
    elif args.resume:  # the numbers depend on it
        torch.set_num_threads(read_checkpoint(out / "checkpoint.pt")[0]["num_threads"])
    with torchrun_processes(args.device) as (processes, device):
        run_experiment(experiment, out, resume=args.resume, device=device, processes=processes)
    return 0


def _or_none(text: str) -> str | None:
    return None if text == "none" else text


def _pick(given: dict[str, Any], settings: type) -> dict[str, Any]:
    return {field.name: given[field.name] for field in fields(settings) if field.name in given}
