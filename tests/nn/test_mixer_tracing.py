"""The Mixer as other programs take it: exported, traced, scripted, with batches of any size."""

import importlib.util

import pytest
import torch
from torch import fx, nn

from simplex.nn import MLPMixer, expand_resolution
from tests.cases import over


def exported(model, inputs):
    batch = torch.export.Dim("batch")
    return torch.export.export(model, inputs, dynamic_shapes=[{0: batch} for _ in inputs]).module()


FORMS = {
    "export": exported,
    "trace": lambda model, inputs: torch.jit.trace(model, inputs, check_trace=False),
    "script": lambda model, inputs: torch.jit.script(model),
    "fx": lambda model, inputs: fx.symbolic_trace(model),
}


def mixers():
    """Networks and two inputs of another number of images each."""
    square = MLPMixer(3, 8, 10, num_layers=2, image_size=16, patch_size=8)
    line = MLPMixer(2, 8, 0, num_layers=1, image_size=(12,), patch_size=4, gelu="tanh")
    told = MLPMixer(3, 8, 4, 2, (8, 4), 4, cond_channels=5, dropout=0.1, stochastic_depth=0.2)
    for model, channels in ((square, 3), (line, 2), (expand_resolution(told, 2), 3)):
        for parameter in model.parameters():
            nn.init.normal_(parameter, std=0.2)
        inputs = [
            (torch.randn(size, channels, *model.grid.image_size), torch.randn(size, 5))
            for size in (4, 3)
        ]
        yield model.eval(), [pair if model.cond_channels else pair[:1] for pair in inputs]


@over("form", FORMS)
def test_batches_of_any_size(form):
    for model, (first, second) in mixers():
        program = FORMS[form](model, first)
        for inputs in (first, second):
            torch.testing.assert_close(program(*inputs), model(*inputs))


@over("form", ("trace", "script", "fx"))
def test_training_keeps_its_chances(form):
    *_, (model, (first, second)) = mixers()
    program = FORMS[form](model.train(), first)
    for inputs in (first, second):
        torch.manual_seed(0)
        expected = model(*inputs)
        torch.manual_seed(0)
        torch.testing.assert_close(program(*inputs), expected)


def test_a_symbolic_trace_keeps_the_checks():
    model, ((x,), _) = next(mixers())
    program = fx.symbolic_trace(model)
    with pytest.raises(ValueError, match=r"x must have shape \(batch, 3, 16, 16\), got"):
        program(x[:, :2])
    with pytest.raises(ValueError, match=r"x must have shape \(batch, 3, 16, 16\), got"):
        torch.jit.trace(model, (x[:, :2],))


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of the exporter, about torch
@pytest.mark.skipif(
    importlib.util.find_spec("onnxscript") is None, reason="needs onnxscript, torch's own exporter"
)
def test_onnx_with_a_dynamic_batch():
    from onnx.reference import ReferenceEvaluator

    model, ((first,), (second,)) = next(mixers())
    shapes = ({0: torch.export.Dim("batch")},)
    program = torch.onnx.export(model, (first,), dynamo=True, dynamic_shapes=shapes, verbose=False)
    session = ReferenceEvaluator(program.model_proto)
    for x in (first, second):
        (y,) = session.run(None, {program.model_proto.graph.input[0].name: x.numpy()})
        torch.testing.assert_close(torch.from_numpy(y), model(x), atol=1e-4, rtol=1e-4)
