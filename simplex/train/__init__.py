"""Protocols: training loops with their reports."""

from simplex.train._curves import summarize, summarize_choices
from simplex.train._flow import FlowEpoch, flow_accuracy, train_flow
from simplex.train._models import MODELS, make_model
from simplex.train._protocols import Configuration, cross_validate, run_protocols
from simplex.train._records import EpochRecord, FoldChoice
from simplex.train._settings import TrainSettings, TUSettings
from simplex.train._splits import Split, fold_splits, mask_splits, random_splits
from simplex.train._task import Task
from simplex.train._tu import TUReport, train_tu


# isort: split
# Shared with the other packages of this library; not part of the public surface.
from simplex.train._checkpoint import (
    read_checkpoint as read_checkpoint,
    save_checkpoint as save_checkpoint,
)
from simplex.train._distributed import (
    Processes as Processes,
    torchrun_processes as torchrun_processes,
)
from simplex.train._grid import parse_grid as parse_grid, parse_options as parse_options


__all__ = [
    "MODELS",
    "Configuration",
    "EpochRecord",
    "FlowEpoch",
    "FoldChoice",
    "Split",
    "TUReport",
    "TUSettings",
    "Task",
    "TrainSettings",
    "cross_validate",
    "flow_accuracy",
    "fold_splits",
    "make_model",
    "mask_splits",
    "random_splits",
    "run_protocols",
    "summarize",
    "summarize_choices",
    "train_flow",
    "train_tu",
]
