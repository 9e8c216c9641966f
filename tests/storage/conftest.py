"""A worker process, which takes seconds to start, for all tests."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest


@pytest.fixture(scope="package")
def processes():
    with ProcessPoolExecutor(1, get_context("spawn")) as executor:
        yield executor
