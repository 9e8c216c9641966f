"""The profile of the session, and its count.

``SIMPLEX_FUZZ=N`` draws N examples in each test instead of a few, from the seed that
``--hypothesis-seed`` gives; without it the examples are the same in every run.
"""

import os
from typing import Any

from hypothesis import HealthCheck, settings

from tests.fuzz.judge import COUNTS


_GIVEN = os.environ.get("SIMPLEX_FUZZ")
_COMMON: dict[str, Any] = {
    "deadline": None,  # a call has a limit of its own
    "print_blob": True,
    "suppress_health_check": list(HealthCheck),
}
settings.register_profile("short", max_examples=25, derandomize=True, database=None, **_COMMON)
settings.register_profile("long", max_examples=int(_GIVEN or 1), database=None, **_COMMON)
settings.load_profile("long" if _GIVEN else "short")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if COUNTS:
        kinds = ("refused", "crash", "hang", "wrong", "unclear")
        told = ", ".join(f"{COUNTS[kind]} {kind}" for kind in kinds)
        terminalreporter.write_line(f"fuzz: {COUNTS['calls']:,} calls, {told}")
