"""Protocols: training loops with their reports."""

from simplex.train._cross_validation import TrainSettings, cross_validate
from simplex.train._curves import EpochRecord, Summary, draw_curves, summarize, write_csv
from simplex.train._flow import FlowEpoch, flow_accuracy, train_flow
from simplex.train._tu import TUSettings, train_tu


__all__ = [
    "EpochRecord",
    "FlowEpoch",
    "Summary",
    "TUSettings",
    "TrainSettings",
    "cross_validate",
    "draw_curves",
    "flow_accuracy",
    "summarize",
    "train_flow",
    "train_tu",
    "write_csv",
]
