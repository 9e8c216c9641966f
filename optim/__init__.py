"""Optimisers that know the layers they train; torch only, independent of ``simplex``.

Read it as ``simplex.optim``. The package has no public name yet: LocoProp is the first to come.
"""

__all__: list[str] = []
