"""Executors that count, and that fail."""

from concurrent.futures import Executor, Future


class Serial(Executor):
    """Runs each task at once, and fails from a given one on, as a lost machine would."""

    def __init__(self, tasks_until_lost=None):
        self.left, self.names = tasks_until_lost, []

    def submit(self, function, /, *arguments):
        result = Future()
        if self.left is not None and len(self.names) >= self.left:
            result.set_exception(ConnectionError("the machine is gone"))
        else:
            self.names.append(function.__name__)
            result.set_result(function(*arguments))
        return result
