"""A finished run read back: the model with its weights, and what it predicts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from simplex.data import SimplicialDataset
from simplex.train._checks import require_kind, require_path
from simplex.train._encodings import encoded
from simplex.train._experiment import Experiment
from simplex.train._grid import configurations
from simplex.train._models import make_model
from simplex.train._settings import TrainSettings
from simplex.train._task import Task
from simplex.train._trainings import TrainedModel


@dataclass(frozen=True, eq=False)
class SavedRun:
    """What :func:`read_run` reads.

    Args:
        experiment: the point of the grid that the weights are of.
        task: what is predicted.
        trained: the weights, and where they come from.
        form: how its files were read; ``None`` where it had none.
    """

    experiment: Experiment
    task: Task
    trained: TrainedModel
    form: Mapping[str, Any] | None = None

    def model(self, dataset: SimplicialDataset) -> nn.Module:
        """The network with its weights.

        Args:
            dataset: of the widths of the data of the run, before its encodings.

        Raises:
            ValueError: the weights are of other widths.
        """
        return self._model(self._encoded(dataset))

    def _encoded(self, dataset: SimplicialDataset) -> SimplicialDataset:
        require_kind("dataset", dataset, SimplicialDataset, "Lift graphs with lift_dataset.")
        return encoded(dataset, self.experiment.encodings, self.experiment.train.seed)

    def _model(self, dataset: SimplicialDataset) -> nn.Module:
        model = make_model(self.experiment, dataset, self.task)
        try:
            model.load_state_dict(dict(self.trained.state))
        except RuntimeError as error:
            raise ValueError(
                "dataset must have the features of the data of the run, got others: the weights do "
                f"not fit ({str(error).splitlines()[-1].strip()})."
            ) from error
        return model

    def predict(self, dataset: SimplicialDataset) -> Tensor:
        """What the model says, (rows, num_outputs): logits, or numbers in their units (float64).

        Args:
            dataset: the data, before the encodings of the run; targets are not needed.
        """
        dataset = self._encoded(dataset)
        return predictions(self._model(dataset), self.task, dataset, self.trained)


@torch.no_grad()
def predictions(
    model: nn.Module, task: Task, dataset: SimplicialDataset, trained: TrainedModel | None = None
) -> Tensor:
    """The outputs of a model on a data set, numbers in the units of the training targets."""
    batch = dataset.to_batch()
    model.eval()
    outputs = task.outputs(model, batch)
    if trained is None or trained.mean is None or trained.deviation is None:
        return outputs
    return outputs.double() * trained.deviation.double() + trained.mean.double()


def read_run(folder: str | Path) -> SavedRun:
    """The model of a finished run of :func:`run_experiment`, for predictions.

    Args:
        folder: with ``settings.json`` and ``model.pt``; only tensors and plain values are read.

    Raises:
        ValueError: no such files, or damaged ones.
    """
    require_path("folder", folder)
    place = Path(folder)
    settings, weights = place / "settings.json", place / "model.pt"
    for path in (settings, weights):
        if not path.is_file():
            raise ValueError(
                f"folder must be of a finished run, got {place} without {path.name}. Train with "
                "run_experiment, or continue the run with resume."
            )
    try:
        stored = json.loads(settings.read_text(encoding="utf-8"))
        trained = TrainedModel(**torch.load(weights, map_location="cpu", weights_only=True))
        given: dict[str, Any] = stored["experiment"]
        train = TrainSettings(**given.pop("train"))
        experiment = Experiment(**given, train=train)
        of_task = stored["task"]
        of_task["metrics"] = tuple(of_task["metrics"])
        weights_of = of_task["class_weights"]
        if isinstance(weights_of, list):
            of_task["class_weights"] = tuple(weights_of)
        task = Task(**of_task)
        points = configurations(experiment)
        experiment = points[trained.configuration - 1][1]
        return SavedRun(experiment, task, trained, stored.get("form"))
    except Exception as error:  # a file of another kind raises anything
        raise ValueError(
            f"folder must be of a finished run, got {place} with files that cannot be read "
            f"({type(error).__name__}: {error})."
        ) from error
