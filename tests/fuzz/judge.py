"""What became of a call: an answer, a refusal in our words, or a fault.

Faults are of four kinds, counted over a session: a *crash* (an error that is neither ValueError,
TypeError nor IndexError), *unclear* (one of these, but in somebody else's words), a *hang* (no end
within the limit) and *wrong* (an answer that an oracle contradicts).
"""

import signal
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optim
import simplex


HANG_SECONDS = 60
COUNTS: Counter[str] = Counter()
_OURS = tuple(str(Path(package.__file__).parent) for package in (simplex, optim))


class Refused(Exception):  # noqa: N818
    """The call was refused in our words."""


class Hang(BaseException):
    """The call did not end."""


@contextmanager
def limited() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANG_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The answer of a public function.

    Raises:
        Refused: it was refused in our words.
        AssertionError: a fault, named.
    """
    COUNTS["calls"] += 1
    try:
        with limited():
            return function(*args, **kwargs)
    except Hang:
        fault("hang", function, args, kwargs, "no end")
    except (ValueError, TypeError, IndexError) as error:
        if not _in_our_words(error):
            fault("unclear", function, args, kwargs, repr(error))
        COUNTS["refused"] += 1
        raise Refused(str(error)) from None
    except Exception as error:
        fault("crash", function, args, kwargs, repr(error))


def fault(kind: str, function: Any, args: Any, kwargs: Any, what: str) -> None:
    COUNTS[kind] += 1
    name = getattr(function, "__qualname__", function)
    raise AssertionError(f"{kind}: {name}(*{args!r}, **{kwargs!r}): {what}"[:2000])


def agree(got: Any, expected: Any, *context: Any) -> None:
    """An answer is the oracle's."""
    if got != expected:
        COUNTS["wrong"] += 1
        raise AssertionError(f"wrong: got {got!r}, expected {expected!r} of {context!r}"[:2000])


def _in_our_words(error: Exception) -> bool:
    """Whether we raised it; or Python, of arguments that the signature does not have."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    ours = last.filename.startswith(_OURS) and (last.line or "").startswith("raise ")
    bound = last.filename == __file__ and "argument" in str(error)
    return (ours or bound) and len(str(error)) > 10
