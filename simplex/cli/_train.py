"""``simplex train``: train and test a network on a data set, by its name or in the user's files."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any


_DESCRIPTION = """\
Lift graphs to clique complexes, train a network on each split, and print mean and standard
deviation of the test scores over the splits. The data are one of the sets by name, or your files:

  nodes.csv edges.csv [graphs.csv]   tables, or a folder of them, with --target COLUMN
  graphs.pt                          PyG Data objects, as torch.save leaves them
  hypergraph.json                    the Hypergraph Interchange Format, with --target ATTRIBUTE
  FOLDER                             text files of the TU collection, or a data set on disk

Protocols:

  xu         Xu et al. 2019, as in published tables: the one epoch that is best on average over the
             test folds. It is optimistic, since the test folds choose.
  nested     each fold holds out a tenth of its training part, which chooses the epoch (and the
             point of the grid); the test fold is looked at once.
  both       the two side by side
  topobench  random splits 50/25/25, one for each of --seeds, stopped early by the validation part
  fixed      the masks of the data

The default is both for the TU collection, fixed for sets with published masks, and topobench for
others.

The state is saved every few seconds: a run that was stopped goes on with --resume. Several
processes share every batch with  torchrun --nproc_per_node 2 -m simplex train …
"""

_LEVELS = {"complex": None, "vertex": 0, "edge": 1, "triangle": 2, "tetrahedron": 3}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options; without imports beyond the standard library, so that help is instant."""
    parser.description = _DESCRIPTION
    # What is not given is left to the defaults of the settings.
    parser.argument_default = argparse.SUPPRESS
    _add_data(parser)
    _add_protocol(parser)
    _add_model(parser)
    _add_training(parser)
    add = parser.add_argument_group("results").add_argument
    add("--out", type=Path, default=None, help="folder (default: runs/DATASET-MODEL-SEED)")
    add("--resume", action="store_true", default=False, help="continue the run in the folder")
    add(
        "--log",
        choices=["tensorboard"],
        default=None,
        help="who else is told of every epoch; the events go to the folder of the results",
    )


def _add_data(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("data").add_argument
    add(
        "--dataset",
        required=True,
        nargs="+",
        metavar="NAME|PATH",
        help="a name, such as MUTAG, cora, us-county-election (a wrong one names near ones), or "
        "the path of your data, of tables all of them",
    )
    add("--root", type=Path, help="folder of data sets by name (default: in $SIMPLEX_DATA)")
    add("--max-dim", type=int, help="top dimension of the lift (default: 2)")
    add(
        "--init",
        dest="reduce",
        choices=["sum", "mean"],
        help="features of higher simplices, from those of their vertices",
    )
    add(
        "--rings",
        type=int,
        metavar="N",
        help="fill the rings of at most N vertices, as molecules have them (8 is usual)",
    )
    add(
        "--apex",
        choices=["sum", "mean", "token"],
        help="features of a ring: the sum or the mean of its vertices, or a learned token (sum)",
    )
    add(
        "--no-node-attr",
        dest="use_node_attr",
        action="store_false",
        help="leave out real node attributes of TU data, where there are any beside their labels",
    )
    add(
        "--encode",
        dest="encodings",
        action="append",
        metavar="NAME[(K=V,…)]",
        help="append an encoding to the features, such as degrees or 'random-walk(steps=[1,2,4])'; "
        "may be given several times; a wrong name lists them",
    )
    add("--features", type=_names, metavar="COLUMN,…", help="columns of tables that are features")
    add(
        "--categories",
        type=_names,
        metavar="COLUMN,…",
        help="columns of numbers that name categories, such as postal codes",
    )
    add = parser.add_argument_group("task").add_argument
    add(
        "--task",
        choices=["links", "triangles", "closure"],
        help="hold edges or triangles of one graph out and find them again; or which open "
        "triangles of timed simplices close, of a folder with NAME-nverts.txt, …",
    )
    add("--target", metavar="NAME", help="column, attribute or field; A,B,C for several columns")
    add(
        "--level",
        type=_level,
        metavar="LEVEL",
        help="of what: complex, vertex, edge, triangle or a dimension (default: seen in the data)",
    )
    add("--kind", choices=["classes", "labels", "numbers"], help="(default: seen in the targets)")
    add(
        "--metric",
        dest="metrics",
        action="append",
        metavar="NAME",
        help="accuracy, balanced_accuracy, auroc, average_precision, f1_macro, f1_micro; mae, "
        "rmse, r2, mae_deviations; may be given several times, the first one chooses",
    )
    add("--loss", help="cross_entropy, binary_cross_entropy, mse, mae or huber")
    add(
        "--class-weights",
        type=_weights,
        metavar="balanced|W,W,…",
        help="of the loss, one for each class",
    )


def _add_protocol(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("protocol").add_argument
    add("--protocol", choices=["xu", "nested", "both", "topobench", "fixed"])
    add("--folds", type=int, help="ten use the stored folds, where there are any")
    add("--seeds", type=_integers, metavar="S,S,…", help="of topobench (default: 0,3,5,7,9)")
    add(
        "--grid",
        action="append",
        default=[],
        metavar="NAME=V,V",
        help="values to try, such as hidden-channels=16,32 or lr=0.001,0.01; may be given several "
        "times, every combination is trained under each protocol",
    )
    add("--search", type=int, metavar="N", help="draw N combinations of the grid, not all")


def _add_model(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("model").add_argument
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


def _add_training(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("training").add_argument
    add("--epochs", type=int, help="(default: 100; 500 with topobench and fixed)")
    add("--batch-size", type=int, help="graphs per step, of all processes together (default: 32)")
    add("--optimizer", choices=["adam", "adamw", "sgd", "locoprop"], help="(default: adam)")
    add("--lr", type=float, help="learning rate (default: 0.001)")
    add("--weight-decay", type=float, help="L2 penalty, of adamw decoupled (default: 0)")
    add(
        "--schedule",
        choices=["step", "cosine", "plateau", "warmup-cosine", "none"],
        help="of the learning rate; plateau watches the inner validation loss, or the training "
        "loss where there is none (default: step)",
    )
    add("--warmup", type=int, help="epochs of the rise of warmup-cosine")
    add("--decay", type=float, help="factor of a step or after a plateau (0.5)")
    add("--decay-every", type=int, help="epochs of a step or of a plateau (50)")
    add("--clip", type=float, help="scale gradients down to this norm")
    add("--accumulate", type=int, help="batches in one step (default: 1)")
    add("--amp", choices=["bf16"], help="mixed precision")
    add("--compile", action="store_true", help="train through torch.compile")
    add(
        "--recalibrate",
        action="store_true",
        help="take the statistics of batch norms anew before a model is scored",
    )
    add(
        "--patience",
        type=int,
        help="stop after so many looks at the validation part without a better one; xu compares "
        "all folds at one epoch and trains them all to the end",
    )
    add("--check-every", type=int, help="epochs from one look to the next (default: 1)")
    add("--min-epochs", type=int, help="do not stop before (default: 0)")
    add("--seed", type=int, help="of weights, order and dropout (default: 0)")
    add("--device", default="cpu", help="where to train, such as cuda (default: cpu)")
    add("--threads", type=int, help="threads of torch (default: those the machine has free)")


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
        protocol_of,
        read_checkpoint,
        run_experiment,
        torchrun_processes,
    )

    require_device(args.device)
    dataset = ",".join(args.dataset)
    given: dict[str, Any] = vars(args) | {
        "dataset": dataset,
        "protocol": _protocol(args, protocol_of(dataset)),
        "grid": parse_grid(args.grid),
        "options": parse_options(args.option),
    }
    train = TrainSettings.preset(given["protocol"], **_pick(given, TrainSettings))
    experiment = Experiment(**_pick(given, Experiment), train=train)
    out = args.out or Path("runs") / f"{_stem(dataset)}-{experiment.model}-{train.seed}"
    if "threads" in args:
        torch.set_num_threads(require_int("threads", args.threads, least=1))
    with torchrun_processes(args.device) as (processes, device):
        if args.resume and "threads" not in args:  # the numbers depend on it
            torch.set_num_threads(
                processes.of_first(
                    lambda: int(read_checkpoint(out / "checkpoint.pt")[0]["num_threads"])
                )
            )
        run_experiment(
            experiment, out, resume=args.resume, device=device, log=args.log, processes=processes
        )
    return 0


def _protocol(args: argparse.Namespace, published: str) -> str:
    """That which is said, or that of the task, or that of published tables."""
    of_task = "topobench" if "task" in args else published
    return getattr(args, "protocol", of_task)


def _stem(dataset: str) -> str:
    """What a run on the data is called: a name, or of a path its last part."""
    return Path(dataset.split(",")[0]).stem or "data"


def _or_none(text: str) -> str | None:
    return None if text == "none" else text


def _level(text: str) -> int | None:
    if text.isascii() and text.isdigit():
        return int(text)
    if text not in _LEVELS:
        raise argparse.ArgumentTypeError(
            f"must be {', '.join(_LEVELS)} or a dimension, got {text!r}"
        )
    return _LEVELS[text]


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _integers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        message = f"must be whole numbers with commas between them, such as 0,3,5, got {text!r}"
        raise argparse.ArgumentTypeError(message) from None


def _weights(text: str) -> str | tuple[float, ...]:
    try:
        return text if text == "balanced" else tuple(float(part) for part in text.split(","))
    except ValueError:
        message = f"must be balanced, or numbers with commas between them, got {text!r}"
        raise argparse.ArgumentTypeError(message) from None


def _pick(given: dict[str, Any], settings: type) -> dict[str, Any]:
    return {field.name: given[field.name] for field in fields(settings) if field.name in given}
