"""Signals on simplices: filters, denoising, sampling, Gaussian processes, rankings, measures."""

from simplex.lifting import Flow, flow_of
from simplex.signals._filters import FittedFilter, fit_hodge_filter, frequency_bounds, hodge_filter
from simplex.signals._gaussian_process import HodgeGP
from simplex.signals._measures import effective_resistance, forman_curvature, hodge_pagerank
from simplex.signals._ranking import Ranking, hodge_rank
from simplex.signals._responses import (
    PolynomialResponse,
    RationalResponse,
    Response,
    chebyshev_response,
    least_squares_response,
)
from simplex.signals._sampling import Slepians, reconstruct, sampling_set, slepians
from simplex.signals._smoothing import denoise, interpolate
from simplex.signals._trend import trend_filter


__all__ = [
    "FittedFilter",
    "Flow",
    "HodgeGP",
    "PolynomialResponse",
    "Ranking",
    "RationalResponse",
    "Response",
    "Slepians",
    "chebyshev_response",
    "denoise",
    "effective_resistance",
    "fit_hodge_filter",
    "flow_of",
    "forman_curvature",
    "frequency_bounds",
    "hodge_filter",
    "hodge_pagerank",
    "hodge_rank",
    "interpolate",
    "least_squares_response",
    "reconstruct",
    "sampling_set",
    "slepians",
    "trend_filter",
]
