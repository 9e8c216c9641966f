"""What an epoch of each model costs: ``python -m tests.benchmarks.speed.models``, a line at a time.

Every model that ``simplex train`` knows, but the one on positions, with the defaults of the command
(width 32, three layers, batches of 32 graphs), on graphs to classify (PROTEINS) and on one graph
whose vertices are to be classified (Cora). An epoch puts the batches together and steps on each, as
in training. Seconds are those of one core, so that other work on the machine counts little. Each
model has a process of its own, forked where the data are loaded: its peak resident memory holds the
data, the training and what is used of torch.
"""

import argparse
import multiprocessing
import resource
import time
from multiprocessing.connection import Connection
from statistics import median

import torch

from simplex.data import SimplicialDataset
from simplex.datasets import load_dataset
from simplex.train import MODELS, Experiment, Task, make_model


SETS = ("proteins", "cora")


def measure(
    name: str, dataset: SimplicialDataset, task: Task, epochs: int, answer: Connection
) -> None:
    """Send the seconds of each epoch, the parameters and the peak memory in MiB."""
    torch.manual_seed(0)
    experiment = Experiment("proteins", model=name)
    model = make_model(experiment, dataset, task).train()
    optimizer = torch.optim.Adam(model.parameters(), experiment.train.lr)
    seconds = []
    whole = dataset.to_batch() if len(dataset) == 1 else None
    for _ in range(epochs + 1):
        start = time.process_time()
        for ids in torch.randperm(len(dataset)).split(experiment.train.batch_size):
            batch = dataset[ids].to_batch() if whole is None else whole
            outputs = task.outputs(model, batch)
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(outputs, task.rows(batch)).backward()
            optimizer.step()
        seconds.append(time.process_time() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answer.send((seconds[1:], sum(each.numel() for each in model.parameters()), peak))


def main() -> None:
    """Print a line per data set and model."""
    parser = argparse.ArgumentParser(description=__doc__)
    every = sorted(MODELS.keys() - {"empsn"})  # the data have no positions
    parser.add_argument("models", nargs="*", default=every, help="names (default: all)")
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--epochs", type=int, default=3, help="that are timed, after one more")
    options = parser.parse_args()
    torch.set_num_threads(1)  # as one that is forked must
    fork = multiprocessing.get_context("fork")
    for name in options.sets:
        dataset = load_dataset(name)
        task = Task.of(dataset)
        here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{name}: f-vector {dataset.num_simplices.sum(0).tolist()}, {here:.0f} MiB before")
        for model in options.models:
            receiver, sender = fork.Pipe(duplex=False)
            child = fork.Process(
                target=measure, args=(model, dataset, task, options.epochs, sender)
            )
            child.start()
            sender.close()
            try:
                seconds, count, peak = receiver.recv()
            except EOFError:  # it has said why
                print(f"  {model:16s} failed", flush=True)
                continue
            child.join()
            print(
                f"  {model:16s} {median(seconds):8.3f} s an epoch ({min(seconds):.3f} to "
                f"{max(seconds):.3f})   {peak:6.0f} MiB   {count:8d} parameters",
                flush=True,
            )


if __name__ == "__main__":
    main()
