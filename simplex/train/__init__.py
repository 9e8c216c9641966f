"""Protocols: training loops with their reports."""

from simplex.train._curves import (
    NestedSummary,
    Summary,
    draw_curves,
    summarize,
    summarize_choices,
)
from simplex.train._distributed import Processes, torchrun_processes
from simplex.train._flow import FlowEpoch, flow_accuracy, train_flow
from simplex.train._grid import configurations, parse_grid, parse_options
from simplex.train._models import MODELS, make_model
from simplex.train._protocols import Configuration, Outcome, cross_validate, hold_out, run_protocols
from simplex.train._records import EpochRecord, FoldChoice, write_csv
from simplex.train._settings import TrainSettings, TUSettings
from simplex.train._tu import TUReport, train_tu


__all__ = [
    "MODELS",
    "Configuration",
    "EpochRecord",
    "FlowEpoch",
    "FoldChoice",
    "NestedSummary",
    "Outcome",
    "Processes",
    "Summary",
    "TUReport",
    "TUSettings",
    "TrainSettings",
    "configurations",
    "cross_validate",
    "draw_curves",
    "flow_accuracy",
    "hold_out",
    "make_model",
    "parse_grid",
    "parse_options",
    "run_protocols",
    "summarize",
    "summarize_choices",
    "torchrun_processes",
    "train_flow",
    "train_tu",
    "write_csv",
]
