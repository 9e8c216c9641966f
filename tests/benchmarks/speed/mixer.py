"""MLP-Mixer beside timm's: ``python -m tests.benchmarks.speed.mixer``.

Both have the same weights, checked by their logits, and take turns in one process, on two threads
unless OMP_NUM_THREADS says otherwise. On a busy machine OMP_WAIT_POLICY=PASSIVE keeps threads that
wait for each other from taking each other's time.
"""

import argparse
import os
from collections.abc import Callable
from statistics import median
from typing import Any

import torch

from simplex.nn import MLPMixer, load_timm_state
from tests.benchmarks.speed.nn import turns
from tests.nn.oracles.mlp_mixer import import_timm


THEIRS = {"S/32": "mixer_s32_224", "S/16": "mixer_s16_224", "B/32": "mixer_b32_224",
          "B/16": "mixer_b16_224", "L/32": "mixer_l32_224", "L/16": "mixer_l16_224"}  # fmt: skip
BATCH = 8


def measure(name: str, compiled: bool, repeats: int) -> None:
    """Forward alone, and forward with backward, of one configuration."""
    theirs = import_timm().create_model(THEIRS[name], pretrained=False)
    ours = MLPMixer.from_config(name)
    load_timm_state(ours, theirs.state_dict())
    x = torch.randn(BATCH, 3, 224, 224)
    for model in (ours, theirs):  # a head at zero would stop the gradient
        model.head.weight.data.normal_(generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=1e-4, atol=1e-4)
    models: dict[str, Any] = {"ours": ours, "timm": theirs}
    if compiled:
        models["ours, compiled"] = torch.compile(ours, fullgraph=True)
        models["timm, compiled"] = torch.compile(theirs)

    def forward(model: Any) -> Callable[[], None]:
        def run() -> None:
            with torch.no_grad():
                model(x)

        return run

    def both(model: Any) -> Callable[[], None]:
        return lambda: model(x).square().mean().backward()

    for what, way in (("forward", forward), ("forward and backward", both)):
        print(f"{name}, batch {BATCH}, {torch.get_num_threads()} threads: {what}")
        times = turns({key: way(model) for key, model in models.items()}, repeats)
        for key, values in times.items():
            ratio = median(v / t for v, t in zip(values, times["timm"], strict=True))
            print(f"  {key:15s} {median(values):8.4f} s, at least {min(values):.4f}; ", end="")
            print(f"{ratio:.3f} of timm's time, turn by turn", flush=True)


def main() -> None:
    """The configurations named, S/32 and B/16 by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["S/32", "B/16"], metavar="NAME")
    parser.add_argument("--compiled", action="store_true", help="both compiled too")
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    for name in arguments.names:
        measure(name, arguments.compiled, arguments.repeats)


if __name__ == "__main__":
    main()
