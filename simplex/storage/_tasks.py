"""Work in tasks, by threads of this process or by any executor."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
    wait,
)
from typing import Any, TypeVar

import numpy as np

from simplex.complexes import require_int, usable_threads


Result = TypeVar("Result")

_WAITING = 4  # tasks for each worker that are handed over before their turn
_MANY = 64  # workers of an executor that does not tell how many it has
_LOST = {"KilledWorker", "CommClosedError", "FutureCancelledError", "NoValidWorkerError"}  # Dask's


def run_tasks(
    function: Callable[..., Result],
    tasks: Iterable[tuple[Any, ...]],
    executor: Executor | None = None,
    *,
    finished: Callable[[int, Result], object] | None = None,
) -> Iterator[Result]:
    """Yield ``function(*task)`` for each task, in the order of the tasks.

    Nothing is done before the first result is asked for. A bounded number of tasks is in flight.

    Args:
        function: of a module, so that it can be pickled; for threads it should release the
            interpreter lock. A task may be run twice: whatever it writes, it must write again.
        tasks: tuples of small arguments that can be pickled, such as paths and ranges.
        executor: any ``concurrent.futures.Executor``: threads, processes, or a Dask cluster by
            ``client.get_executor()``. ``None`` for as many threads as the machine has free.
        finished: called with number and result of each task as it ends, in the calling thread.

    Raises:
        TypeError: no executor.
        RuntimeError: a worker was lost, and the executor does not run its task again.
        BaseException: what ``function`` raises; tasks that wait are then cancelled.
    """
    require_executor(executor)
    if executor is None:
        with ThreadPoolExecutor(usable_threads(), "simplex") as threads:
            yield from _results(function, tasks, threads, finished)
    else:
        yield from _results(function, tasks, executor, finished)


def require_executor(executor: object) -> None:
    """Raise ``TypeError`` for what is neither an executor nor ``None``."""
    if executor is not None and not isinstance(executor, Executor):
        remedy = " Pass client.get_executor()." if hasattr(executor, "get_executor") else ""
        raise TypeError(
            "executor must be a concurrent.futures.Executor or None, got "
            f"{type(executor).__name__}.{remedy}"
        )


def _results(
    function: Callable[..., Result],
    tasks: Iterable[tuple[Any, ...]],
    executor: Executor,
    finished: Callable[[int, Result], object] | None,
) -> Iterator[Result]:
    # Dask would take the result, or the error, of an earlier task with the same arguments.
    options = {"pure": False} if _dask_client(executor) is not None else {}
    waiting = iter(tasks)
    window = _WAITING * _workers(executor)
    flying: deque[Future[Result]] = deque()  # in the order of the tasks
    number: dict[Future[Result], int] = {}
    counter = itertools.count()
    try:
        while True:
            for task in itertools.islice(waiting, window - len(flying)):
                future = _submitted(executor, function, task, options)
                number[future] = next(counter)
                flying.append(future)
            if not flying:
                return
            for future in wait(number, return_when=FIRST_COMPLETED).done if number else ():
                which = number.pop(future)
                result = future.result()
                if finished is not None:
                    finished(which, result)
            while flying and flying[0].done() and flying[0] not in number:
                yield flying.popleft().result()
    except BaseException as error:
        if _is_loss(error):
            raise RuntimeError(
                f"the executor lost a worker, or was shut down, while tasks of "
                f"{function.__name__} ran ({type(error).__name__}: {error}). A machine without "
                "memory left is the usual cause: take fewer workers or smaller tasks. In a script, "
                'processes must be started under if __name__ == "__main__". What finished tasks '
                "wrote is kept: call again to go on."
            ) from error
        raise
    finally:
        for future in flying:
            future.cancel()


def _submitted(
    executor: Executor,
    function: Callable[..., Result],
    task: tuple[Any, ...],
    options: dict[str, Any],
) -> Future[Result]:
    try:
        return executor.submit(function, *task, **options)
    except RuntimeError as error:  # it takes no tasks any more
        raise BrokenExecutor(str(error)) from error


def _workers(executor: Executor) -> int:
    """How many tasks run at a time."""
    count = getattr(executor, "_max_workers", None)
    client = _dask_client(executor)
    if client is not None:
        count = sum(client.nthreads().values())
    return count if isinstance(count, int) and count > 0 else _MANY


def _dask_client(executor: Executor) -> Any:
    """The client behind an executor of Dask; ``None`` for any other one."""
    client: Any = getattr(executor, "_client", None)
    return client if hasattr(client, "nthreads") else None


def _is_loss(error: BaseException) -> bool:
    return isinstance(error, (BrokenExecutor, CancelledError)) or type(error).__name__ in _LOST


def row_ranges(
    work: Any, *, pieces: int | None = None, most_work: int | None = None
) -> list[tuple[int, int]]:
    """Contiguous ranges of rows, of about equal work, that cover all rows.

    Args:
        work: (n,) non-negative integers, the work of each row; or n, for rows of equal work.
        pieces: about so many ranges, or
        most_work: ranges of at most so much work each, unless a single row has more.

    Returns:
        ``[(start, stop), …]``, none of them empty.

    Raises:
        ValueError: both of ``pieces`` and ``most_work``, or neither.

    Example:
        >>> row_ranges([1, 1, 6, 1, 1], pieces=2)
        [(0, 3), (3, 5)]
        >>> row_ranges(5, most_work=2)
        [(0, 2), (2, 4), (4, 5)]
    """
    if isinstance(work, int) and not isinstance(work, bool):
        step = _step(require_int("work", work, 0), pieces, most_work)
        return [(first, min(first + step, work)) for first in range(0, work, step)]
    work = np.asarray(work, np.int64)
    pointer = np.zeros(len(work) + 1, np.int64)
    np.cumsum(work, out=pointer[1:])
    return pointer_ranges(pointer, pieces=pieces, most_work=most_work)


def pointer_ranges(
    pointer: np.ndarray, *, pieces: int | None = None, most_work: int | None = None
) -> list[tuple[int, int]]:
    """As :func:`row_ranges`, of work ``pointer[row + 1] - pointer[row]``; nothing is copied.

    Args:
        pointer: (n+1,) non-decreasing integers.
        pieces: about so many ranges, or
        most_work: ranges of at most so much work each, unless a single row has more.

    Example:
        >>> pointer_ranges(np.array([0, 1, 2, 8, 9, 10]), most_work=2)
        [(0, 2), (2, 3), (3, 5)]
    """
    rows, total = len(pointer) - 1, int(pointer[-1]) - int(pointer[0])
    step = _step(rows, pieces, most_work)
    if total == 0:
        return row_ranges(rows, most_work=step if pieces else max(rows, 1))
    if pieces is not None:
        inner = np.linspace(int(pointer[0]), int(pointer[-1]), pieces + 1)[1:-1]
        bounds = np.unique([0, *np.searchsorted(pointer, inner).tolist(), rows])
        return list(itertools.pairwise(bounds.tolist()))
    ranges, start = [], 0
    while start < rows:
        stop = int(np.searchsorted(pointer, int(pointer[start]) + step, "right")) - 1
        ranges.append((start, max(stop, start + 1)))
        start = ranges[-1][1]
    return ranges


def _step(rows: int, pieces: int | None, most_work: int | None) -> int:
    """The work of a range, for rows of work 1 where the number of ranges is told."""
    if (pieces is None) == (most_work is None):
        raise ValueError("one of pieces and most_work must be given, got both or neither.")
    if most_work is not None:
        return require_int("most_work", most_work, 1)
    return max(1, -(-rows // require_int("pieces", pieces, 1)))
