"""Shared fixtures: dtypes, seeds, and real data that may be absent."""

import os
from pathlib import Path

import pytest
import torch


ROOT = Path(__file__).resolve().parents[1]


def pytest_configure() -> None:
    torch.set_num_threads(1)  # tensors are small: threads cost more than they bring


def data_folder() -> Path | None:
    """Real data: SIMPLEX_DATA, or shared/data beside the checkout; None where absent."""
    for place in (os.environ.get("SIMPLEX_DATA"), ROOT.parent / "shared" / "data"):
        if place and Path(place).is_dir():
            return Path(place)
    return None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    folder = data_folder()
    if folder is None:
        pytest.skip("real data absent: set SIMPLEX_DATA to a folder with tu/, sr/, ocean/")
    return folder


@pytest.fixture(params=[torch.float32, torch.float64], ids=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> torch.dtype:
    return request.param


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
