"""Runs are saved after every epoch here: what is lost by a kill is then known."""

import pytest


@pytest.fixture(autouse=True)
def saved_after_every_epoch(monkeypatch):
    monkeypatch.setattr("simplex.train._trainings._SECONDS_BETWEEN_SAVES", 0)
