"""The models that the command line knows by name: adding one is one line."""

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from simplex.complexes import SimplicialComplex, require_word, shown
from simplex.data import SimplicialDataset
from simplex.nn import (
    EMPSN,
    GCCN,
    GIN,
    GSAN,
    HOPSE,
    HSN,
    MPSN,
    SAN,
    SAT,
    SCA,
    SCCN,
    SCCNN,
    SCN,
    SCNN,
    SIN,
    SNN,
    BScNet,
    CandidateNetwork,
    DirSNN,
    Dist2Cycle,
    FVectorMLP,
    GraphNetwork,
    HeatNet,
    HiGCN,
    MarkedSIN,
    PooledMLP,
    SaNN,
    SCNet,
    SCoNe,
    SimplicialMixer,
    SimplicialTransformer,
)
from simplex.train._checks import require_kind
from simplex.train._encodings import blocks_of
from simplex.train._experiment import Experiment
from simplex.train._task import Task


MakeModel = Callable[[Experiment, SimplicialDataset, Task], nn.Module]


ACTIVATIONS = {
    "elu": functional.elu,
    "gelu": functional.gelu,
    "relu": functional.relu,
    "silu": functional.silu,
    "tanh": torch.tanh,
}


def standard(
    kind: Callable[..., nn.Module], *, norm: str | None = "batch", **options: Any
) -> MakeModel:
    """Make a model that has the constructor of all networks of the library.

    ``norm`` is what the setting ``"auto"`` means for it; options of the settings come after
    ``options``. What is pooled of whole complexes is normed: their sizes differ by orders.
    """

    def make(settings: Experiment, dataset: SimplicialDataset, task: Task) -> nn.Module:
        return kind(
            widths(dataset),
            settings.hidden_channels,
            task.num_outputs,
            settings.num_layers,
            settings.max_dim,
            reduce=settings.readout,
            dropout=settings.dropout,
            norm=norm if settings.norm == "auto" else settings.norm,
            jumping_knowledge=settings.jumping_knowledge,
            **(
                _of_level(task) | _readout_norm(kind, task) | options | _functions(settings.options)
            ),
        )

    return make


def bare(kind: Callable[..., nn.Module], *, drops: bool = True, **options: Any) -> MakeModel:
    """Make a model that has sizes, perhaps a dropout, and options of its own."""

    def make(settings: Experiment, dataset: SimplicialDataset, task: Task) -> nn.Module:
        return kind(
            widths(dataset),
            settings.hidden_channels,
            task.num_outputs,
            settings.num_layers,
            settings.max_dim,
            **({"dropout": settings.dropout} if drops else {}),
            **(_of_level(task) | options | dict(settings.options)),
        )

    return make


def _f_vector(settings: Experiment, dataset: SimplicialDataset, task: Task) -> nn.Module:
    two = replace(settings, num_layers=2)
    return bare(FVectorMLP, drops=False)(two, dataset, task)


def _gccn(settings: Experiment, dataset: SimplicialDataset, task: Task) -> nn.Module:
    """The graph layer by its name, among those that take a pair; ``gcn`` on one graph."""
    from torch_geometric.nn import GATConv, GCNConv, SAGEConv

    layers = {"sage": SAGEConv, "gat": GATConv, "gcn": GCNConv}
    options = dict(settings.options)
    name = options.pop("layer", "sage")
    require_word("layer", name, tuple(layers))
    make = standard(GCCN, make_conv=layers[name], bipartite=name != "gcn")
    return make(replace(settings, options=options), dataset, task)


class _Placed(nn.Module):
    """A network that is given positions, which the vertices have as their last columns."""

    def __init__(self, network: nn.Module, dimension: int) -> None:
        super().__init__()
        self.network, self.dimension = network, dimension

    def forward(self, x: Sequence[Tensor], complex: SimplicialComplex) -> Tensor:
        """As the network's."""
        own, pos = x[0][:, : -self.dimension], x[0][:, -self.dimension :]
        answer: Tensor = self.network([own, *x[1:]], complex, pos)
        return answer


def _empsn(settings: Experiment, dataset: SimplicialDataset, task: Task) -> nn.Module:
    """Equivariant under motions of the field ``pos``, which an encoding has put last."""
    names = [text.strip().lower() for text in settings.encodings]
    if names[-1:] != ["positions"]:
        raise ValueError(
            "encodings must end with 'positions' for the model 'empsn', which reads them in the "
            f"field pos of the data, got {list(settings.encodings)}."
        )
    dimension = int(dataset._data.pos.shape[1])
    first, *above = widths(dataset)
    network = EMPSN(
        [first - dimension, *above],
        settings.hidden_channels,
        task.num_outputs,
        settings.num_layers,
        settings.max_dim,
        reduce=settings.readout,  # type: ignore[arg-type]  # which it checks
        dropout=settings.dropout,
        **(_of_level(task) | dict(settings.options)),
    )
    return _Placed(network, dimension)


def _hopse(settings: Experiment, dataset: SimplicialDataset, task: Task) -> nn.Module:
    """A block of columns for the features and for each encoding, unless ``blocks`` says others."""
    blocks = blocks_of(dataset, settings.encodings, settings.max_dim)
    return standard(HOPSE, blocks=blocks)(settings, dataset, task)


def _sann(settings: Experiment, dataset: SimplicialDataset, task: Task) -> nn.Module:
    """Without hops of its own where the encodings have gathered them."""
    make = standard(SaNN, hops=0) if settings.gathers else standard(SaNN)
    return make(settings, dataset, task)


MODELS: dict[str, MakeModel] = {
    "f-vector": _f_vector,
    "pooled": bare(PooledMLP),
    "dirsnn": standard(DirSNN),
    "empsn": _empsn,
    "gccn": _gccn,
    "gin": standard(GIN),
    # Graph layers of PyG, on the 1-skeleton.
    **{
        name: standard(GraphNetwork, convolution=name)
        for name in ("gcn", "gat", "sage", "gps", "mlp")
    },
    "gsan": standard(GSAN),
    "heat": bare(HeatNet, drops=False),
    "higcn": standard(HiGCN),
    "hopse": _hopse,
    "hsn": standard(HSN),
    # Copies are of very different complexes: the norm is of each by itself.
    "marked-sin": standard(MarkedSIN, norm="graph"),
    "mpsn": standard(MPSN),
    "san": standard(SAN),
    "sann": _sann,
    "sca": standard(SCA),
    "sccn": standard(SCCN),
    "scn": standard(SCN),
    "sin": standard(SIN),
    "transformer": standard(SimplicialTransformer, norm=None),
    # Not signed, as the features of higher simplices, sums over their vertices, are not.
    "kernel-mixer": standard(SimplicialMixer, mixing="kernel", signed=False),
    "operator-mixer": standard(SimplicialMixer, mixing="operator", signed=False),
    # Equivariant under reorientation: batch norm would shift their values, and they refuse it.
    "bscnet": standard(BScNet, norm="rms"),
    "dist2cycle": standard(Dist2Cycle, norm="rms"),
    "sat": standard(SAT, norm="rms"),
    "sccnn": standard(SCCNN, norm="rms"),
    "scnn": standard(SCNN, norm="rms"),
    "scnet": standard(SCNet, norm="rms"),
    "scone": standard(SCoNe, norm="rms"),
    "snn": standard(SNN, norm="rms"),
}


def widths(dataset: SimplicialDataset) -> list[int]:
    """How wide the cochains of each dimension are."""
    return [int(x.shape[1]) if x.ndim > 1 else 1 for x in dataset[0].cochains()]


def _functions(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, with an activation that is named by a word as the function of that name."""
    named = options.get("activation")
    return dict(options) | ({"activation": ACTIVATIONS[named]} if named in ACTIVATIONS else {})


def _of_level(task: Task) -> dict[str, Any]:
    """Where the rows are simplices, the dimension of which the network answers."""
    signed = {"signed_output": True} if task.signed else {}
    return {} if task.level is None else {"level": task.level} | signed


def _readout_norm(kind: Callable[..., nn.Module], task: Task) -> dict[str, Any]:
    """Numbers may grow with the complex, so they are not read on a logarithmic scale."""
    if "readout_norm" not in inspect.signature(kind).parameters:
        return {}
    return {"readout_norm": "batch" if task.kind == "numbers" else "log"}


def require_model(name: object) -> None:
    """Raise ``ValueError`` where there is no model of this name."""
    if not isinstance(name, str) or name not in MODELS:
        raise ValueError(f"model must be one of {', '.join(sorted(MODELS))}, got {shown(name)}.")


def make_model(
    experiment: Experiment, dataset: SimplicialDataset, task: Task | None = None
) -> nn.Module:
    """The model that an experiment names, with fresh weights.

    Args:
        experiment: names the model and its settings.
        dataset: says how wide the features are.
        task: says how many outputs there are, and of what; ``None`` for the classes of the items.

    Raises:
        ValueError: no model has that name, an option is a setting of its own, or the model refuses
            its settings.
    """
    require_kind("experiment", experiment, Experiment)
    require_kind("dataset", dataset, SimplicialDataset, "Lift graphs with lift_dataset.")
    if task is None:
        task = Task.of(dataset)
    require_kind("task", task, Task)
    require_model(experiment.model)
    if not task.candidates:
        return _made(experiment, dataset, task)
    width = experiment.hidden_channels
    network = _made(experiment, dataset, Task("numbers", width))
    k = dataset._data.candidates.shape[1] - 1
    return CandidateNetwork(network, width, task.num_outputs, k)


def _made(settings: Experiment, dataset: SimplicialDataset, task: Task) -> nn.Module:
    """The network; what both the settings and the options name is refused."""
    try:
        return MODELS[settings.model](settings, dataset, task)
    except TypeError as error:
        twice = re.search(r"multiple values for (?:keyword )?argument '(\w+)'", str(error))
        if twice is None or twice[1] not in settings.options:
            raise
        setting = {"reduce": "readout"}.get(twice[1], twice[1])
        remedy = f"Give the setting {setting}." if hasattr(settings, setting) else "Leave it out."
        raise ValueError(
            f"options must not name what a setting says, got {twice[1]!r}. {remedy}"
        ) from None
