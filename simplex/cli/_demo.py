"""``simplex demo``: the four main jobs, end to end, on embedded data."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any


if TYPE_CHECKING:
    from torch import nn

    from simplex.datasets import FlowTask


_SEED = 0
_POINTS, _TRAIN, _TEST = 250, 300, 200
_HIDDEN, _LAYERS = 32, 4
_TRAINING = {"epochs": 14, "batch_size": 16, "lr": 2e-3, "step_size": 5}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.description = (
        "Four jobs on embedded data, without network access, in about a minute on two cores:\n"
        "lift the graph of Les Misérables; set the classical pairs of graphs against the tests of\n"
        "isomorphism; train an orientation-equivariant network on flows, beside two that are not;\n"
        "learn to draw flows around a hole, by diffusion. Leaves four pictures."
    )
    parser.epilog = "example:\n  simplex demo --out pictures"
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("simplex-demo"),
        metavar="DIR",
        help="folder for the pictures (default: simplex-demo)",
    )


def run(args: argparse.Namespace) -> int:
    """Run the four jobs and say where the pictures are."""
    import torch

    from simplex.cli._checks import require_writable
    from simplex.cli._demo_flows import sample_edge_flows

    began = time.perf_counter()
    args.out.mkdir(parents=True, exist_ok=True)
    require_writable(args.out, f"--out must be a folder that can be written to, got {args.out}")
    lift_les_miserables(args.out)
    compare_classical_pairs()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # tensors this small lose more to waiting threads than they gain
    try:
        train_on_flows(args.out)
        _heading("4. Generate: draw new flows around a hole, by diffusion")
        sample_edge_flows(args.out)
    finally:
        torch.set_num_threads(threads)
    print(f"\nDone in {time.perf_counter() - began:.0f} s. Pictures in {args.out}/:")
    for picture in sorted(args.out.glob("*.png")):
        print(f"  {picture.name}")
    return 0


def lift_les_miserables(out: Path) -> None:
    """Lift the co-appearance graph to dimension 3, print its invariants, draw it."""
    _heading("1. Lift: the characters of Les Misérables who appear together")
    import networkx as nx

    from simplex.cli._output import save_picture
    from simplex.lifting import clique_complex
    from simplex.operators import betti_numbers
    from simplex.plot import draw_complex

    graph = nx.les_miserables_graph()
    whole = clique_complex(graph, max_dim=len(graph))
    print(f"graph          {len(graph)} vertices, {graph.number_of_edges()} edges")
    print(f"clique complex f-vector {whole.f_vector}")
    print(f"               Betti numbers {betti_numbers(whole)}")
    with save_picture(out / "les_miserables.png", 9, 9) as figure:
        ax = draw_complex(whole, ax=figure.add_subplot(), labels=True)
        ax.set_title(f"Les Misérables: f-vector {whole.f_vector}", fontsize=9)


def compare_classical_pairs() -> None:
    """Print which test tells which pair apart."""
    _heading("2. Compare: which test tells the two graphs of a pair apart?")
    from simplex.datasets import classical_pairs
    from simplex.lifting import clique_complex
    from simplex.wl import compare, folklore_wl, is_isomorphic, simplicial_wl, weisfeiler_lehman

    columns = ("WL", "SWL dim 2", "SWL dim 3", "2-FWL", "exact")
    print(f"{'pair':40}" + "".join(f"{column:>11}" for column in columns))
    for pair in classical_pairs():
        first, second = (clique_complex(graph, 3) for graph in (pair.first, pair.second))
        flat = first.skeleton(2), second.skeleton(2)
        told_apart = (
            bool(compare(*flat, weisfeiler_lehman)),
            bool(compare(*flat, simplicial_wl)),
            bool(compare(first, second, simplicial_wl)),
            bool(compare(*flat, folklore_wl)),
            not is_isomorphic(first.skeleton(1), second.skeleton(1)),
        )
        cells = "".join(f"{'apart' if answer else '=':>11}" for answer in told_apart)
        print(f"{pair.name:40}{cells}", flush=True)


def train_on_flows(out: Path) -> None:
    """Train three networks on a small flow task, print their accuracies, draw flows."""
    _heading("3. Train: on which side of the two holes did a path go?")
    import torch

    from simplex.datasets import synthetic_flow
    from simplex.nn import EdgeMPNN, OrientedMPSN
    from simplex.train import flow_accuracy

    task = synthetic_flow(_POINTS, _TRAIN, _TEST, generator=torch.Generator().manual_seed(_SEED))
    print(
        f"mesh {task.complex.f_vector}; {_TRAIN} training and {_TEST} test flows, every test flow "
        f"in a random\norientation of its own; {_LAYERS} layers of width {_HIDDEN}, "
        f"{_TRAINING['epochs']} epochs, seed {_SEED}. (The task of the paper\n"
        "has 1000 points, 1000 flows and 100 epochs.)"
    )
    _draw(task, out / "flows.png")
    sizes = (1, _HIDDEN, 2, _LAYERS)
    networks: dict[str, Callable[[], nn.Module]] = {
        "oriented, tanh (equivariant)": lambda: OrientedMPSN(*sizes),
        "oriented, ReLU (not equivariant)": lambda: OrientedMPSN(
            *sizes, activation=torch.relu, oriented=False
        ),
        "graph only (no signs, no triangles)": lambda: EdgeMPNN(*sizes),
    }
    curves: dict[str, tuple[list[float], list[float]]] = {}
    print(f"\n{'network':40}{'train':>11}{'test':>11}{'time':>11}")
    for name, build in networks.items():
        torch.manual_seed(_SEED)
        model, began = build(), time.perf_counter()
        curves[name] = _train(model, task, name)
        test = curves[name][1][-1]
        spent = time.perf_counter() - began
        train = flow_accuracy(model, task.complex, task.train)
        print(f"{name:40}{train:>10.1%} {test:>10.1%} {spent:>9.0f} s", flush=True)
    print(
        "The first answer cannot change with the orientation; the second one learned the\n"
        "orientation of the training flows. The third one has to know the place by the\n"
        "irregularities of the mesh: it swings from epoch to epoch and from seed to seed (the\n"
        "seeds 0 to 3 end at 50, 51, 50 and 99 %)."
    )
    _draw_curves(curves, out / "training.png")


def _train(model: "nn.Module", task: "FlowTask", name: str) -> tuple[list[float], list[float]]:
    """Training and test accuracy epoch by epoch, with a progress bar on a terminal."""
    import torch
    from tqdm import tqdm

    from simplex.train import flow_accuracy, train_flow

    test: list[float] = []

    def after_epoch(_: object) -> None:
        test.append(flow_accuracy(model, task.complex, task.test))
        model.train()
        bar.update()

    with tqdm(total=_TRAINING["epochs"], desc=name, disable=None, leave=False) as bar:
        history = train_flow(
            model,
            task,
            generator=torch.Generator().manual_seed(_SEED),
            on_epoch=after_epoch,
            **_TRAINING,  # type: ignore[arg-type]
        )
    return [record.train_accuracy for record in history], test


def _draw(task: "FlowTask", path: Path) -> None:
    from simplex.cli._output import save_picture
    from simplex.plot import draw_flow

    with save_picture(path, 10, 5) as figure:
        for label, ax in enumerate(figure.subplots(1, 2)):
            sample = int((task.train.labels == label).nonzero()[0])
            draw_flow(task.complex, task.positions, task.train.flows[sample].double(), ax=ax)
            ax.set_title(f"class {label}", fontsize=10)


def _draw_curves(curves: dict[str, tuple[list[float], list[float]]], path: Path) -> None:
    from simplex.cli._output import save_picture

    kinds = ("training flows", "test flows, each in its own orientation")
    with save_picture(path, 10, 4) as figure:
        axes: Any = figure.subplots(1, 2, sharey=True)
        for name, accuracies in curves.items():
            for ax, accuracy in zip(axes, accuracies, strict=True):
                ax.plot(range(1, len(accuracy) + 1), accuracy, label=name)
        for ax, kind in zip(axes, kinds, strict=True):
            ax.set(xlabel="epoch", ylim=(0.4, 1.02))
            ax.set_title(kind, fontsize=10)
        axes[0].set_ylabel("accuracy")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)


def _heading(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}", flush=True)
