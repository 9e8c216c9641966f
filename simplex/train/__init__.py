"""Protocols: training loops with their reports."""

from simplex.train._curves import summarize, summarize_choices
from simplex.train._experiment import Experiment
from simplex.train._flow import FlowEpoch, flow_accuracy, train_flow
from simplex.train._loggers import Logger
from simplex.train._models import MODELS, make_model
from simplex.train._predict import Predictions, predict_files
from simplex.train._protocols import cross_validate, run_protocols
from simplex.train._records import EpochRecord, FoldChoice
from simplex.train._results_table import results_table
from simplex.train._run import Report, run_experiment
from simplex.train._saved import SavedRun, read_run
from simplex.train._settings import TrainSettings
from simplex.train._sources import SOURCES, Sourced
from simplex.train._splits import Split, fold_splits, mask_splits, random_splits
from simplex.train._task import Task
from simplex.train._trainings import Configuration


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
from simplex.train._encodings import (
    encoding_names as encoding_names,
    read_encoding as read_encoding,
)
from simplex.train._grid import parse_grid as parse_grid, parse_options as parse_options
from simplex.train._metrics import measure as measure
from simplex.train._saved import predictions as predictions
from simplex.train._sources import (
    protocol_of as protocol_of,
    splits_of as splits_of,
    task_of as task_of,
)


__all__ = [
    "MODELS",
    "SOURCES",
    "Configuration",
    "EpochRecord",
    "Experiment",
    "FlowEpoch",
    "FoldChoice",
    "Logger",
    "Predictions",
    "Report",
    "SavedRun",
    "Sourced",
    "Split",
    "Task",
    "TrainSettings",
    "cross_validate",
    "flow_accuracy",
    "fold_splits",
    "make_model",
    "mask_splits",
    "predict_files",
    "random_splits",
    "read_run",
    "results_table",
    "run_experiment",
    "run_protocols",
    "summarize",
    "summarize_choices",
    "train_flow",
]
