"""Many cases in one test item: a law is one item, and its failure names the case that broke it."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch


def over(names: str, cases: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """As ``pytest.mark.parametrize``, but all cases run within one item.

    Every case starts from the same seed, as an item does. Fixtures are shared by the cases, so a
    test that changes one of them (a folder, the environment) must be able to do so repeatedly.

    Args:
        names: the argument, or several with commas between them.
        cases: its values, or a tuple of values for each case; of a mapping, the keys.
    """
    arguments = [name.strip() for name in names.split(",")]
    listed = list(cases)
    assert listed, "a test without cases cannot fail"

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def run(**fixtures: Any) -> None:
            for case in listed:
                values = (case,) if len(arguments) == 1 else case
                given = dict(zip(arguments, values, strict=True))
                torch.manual_seed(0)
                try:
                    test(**fixtures, **given)
                except BaseException as error:  # also what pytest.raises and pytest.fail raise
                    error.add_note(f"in the case {_brief(given)}")
                    raise

        signature = inspect.signature(test)
        kept = [
            parameter for name, parameter in signature.parameters.items() if name not in arguments
        ]
        run.__signature__ = signature.replace(parameters=kept)  # type: ignore[attr-defined]
        return run

    return decorate


def _brief(given: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={repr(value)[:200]}" for name, value in given.items())
