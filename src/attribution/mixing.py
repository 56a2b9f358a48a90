"""How well chains agree and how much correlated draws tell: R-hat, ESS and Monte Carlo error.

Rank-normalised and split as in Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021, Bayesian
Analysis 16), the autocorrelations summed as Geyer's initial monotone sequence (1992). These are
ArviZ's numbers, to which tests hold them, for all rows of draws at once and without ArviZ's import,
which takes longer than all estimates of a run.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.special import ndtri

from attribution.design.types import Floats

TAILS = (0.05, 0.95)
"""Quantiles whose effective sample sizes make up the tail ESS (Vehtari et al. 2021)."""

FEWEST = 4
"""Draws of a chain with fewer of which nothing is said."""

NUMBERS = 50_000
"""Draws that are looked at together: as many as a processor keeps at hand."""

RESOLUTION = float(np.finfo(np.float64).resolution)
"""Range within which values count as the same."""


def r_hat(draws: Floats) -> Floats:
    """Return rank-normalised split R-hat, the worse of bulk and tails; (row,).

    Parameters
    ----------
    draws
        Shape (row, chain, draw). Not a number for a single chain, for chains of fewer than four
        draws and for rows with a draw that is not a number.
    """
    if draws.shape[1] < 2:
        return np.full(len(draws), np.nan)
    return _by_row(_r_hat, draws)


def ess_bulk(draws: Floats) -> Floats:
    """Return effective draws of the bulk of each row; (row, chain, draw) -> (row,)."""
    return _by_row(lambda rows: _ess(_normal_scores(_halves(rows))), draws)


def ess_tail(draws: Floats) -> Floats:
    """Return effective draws of the 5 % or 95 % quantile, whichever has fewer.

    Shape (row, chain, draw) -> (row,).
    """
    return _by_row(_ess_tail, draws)


def ess_mean(draws: Floats) -> Floats:
    """Return effective draws of each row's mean; (row, chain, draw) -> (row,)."""
    return _by_row(lambda rows: _ess(_halves(rows)), draws)


def mcse_mean(draws: Floats) -> Floats:
    """Return the Monte Carlo standard error of each row's mean; (row, chain, draw) -> (row,)."""
    return _by_row(_mcse_mean, draws)


def _by_row(say: Callable[[Floats], Floats], draws: Floats) -> Floats:
    """Return what is said of each row that has enough draws, all numbers; block by block."""
    found = np.full(len(draws), np.nan)
    if draws.shape[2] < FEWEST:
        return found

    def tell(rows: slice) -> None:
        block = draws[rows]
        told = np.flatnonzero(~np.isnan(block).any(axis=(1, 2)))
        if told.size:
            # Infinite draws have no variance: what is said of them is not a number.
            with np.errstate(invalid="ignore", divide="ignore"):
                found[rows.start + told] = say(block[told])

    in_blocks(tell, len(draws), NUMBERS // max(draws[:1].size, 1))
    return found


def in_blocks(tell: Callable[[slice], None], count: int, size: int) -> None:
    """Have each stretch of so many rows looked at, by as many threads as there are processors."""
    size = max(size, 1)
    with ThreadPoolExecutor(os.process_cpu_count()) as pool:
        # A list, so that what went wrong in a thread is raised.
        list(pool.map(tell, (slice(k, k + size) for k in range(0, count, size))))


def _r_hat(draws: Floats) -> Floats:
    halves = _halves(draws)
    middle = np.median(halves, axis=(1, 2), keepdims=True)
    bulk = _potential(_normal_scores(halves))
    tails = _potential(_normal_scores(np.abs(halves - middle)))
    return np.where(tails > bulk, tails, bulk)


def _ess_tail(draws: Floats) -> Floats:
    low, high = np.quantile(draws.reshape(len(draws), -1), TAILS, axis=1)[:, :, None, None]
    return np.minimum(_ess(_halves(draws <= low)), _ess(_halves(draws <= high)))


def _mcse_mean(draws: Floats) -> Floats:
    sd = draws.std(axis=(1, 2), ddof=1)
    return np.asarray(sd / np.sqrt(_ess(_halves(draws))))


def _halves(draws: Floats) -> Floats:
    """Split each chain in two, an odd draw in the middle left out; (row, 2 * chain, draw / 2)."""
    half = draws.shape[2] // 2
    return np.concatenate([draws[:, :, :half], draws[:, :, -half:]], axis=1).astype(np.float64)


def _normal_scores(draws: Floats) -> Floats:
    """Return normal quantiles of the ranks of all draws of a row (Blom 1958)."""
    ranks = _ranks(draws.reshape(len(draws), -1))
    scores: Floats = ndtri((ranks - 0.375) / (ranks.shape[1] + 0.25))
    return scores.reshape(draws.shape)


def _ranks(rows: Floats) -> Floats:
    """Return ranks within each row from 1 on, averages where values tie; (row, value)."""
    order = np.argsort(rows, axis=1)
    ordered = np.take_along_axis(rows, order, axis=1)
    differs = np.ones(rows.shape, dtype=bool)
    differs[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.flatnonzero(differs)
    after = np.append(first[1:], rows.size)
    counted = np.repeat((first + after + 1) / 2.0, after - first).reshape(rows.shape)
    ranks = np.empty(rows.shape)
    before = np.arange(len(rows))[:, None] * rows.shape[1]
    np.put_along_axis(ranks, order, counted - before, axis=1)
    return ranks


def _potential(chains: Floats) -> Floats:
    """Return the potential scale reduction of each row; (row, chain, draw) -> (row,)."""
    count = chains.shape[2]
    between = count * chains.mean(axis=2).var(axis=1, ddof=1)
    within = chains.var(axis=2, ddof=1).mean(axis=1)
    return np.asarray(np.sqrt((between / within + count - 1.0) / count))


def _ess(chains: Floats) -> Floats:
    """Return effective draws of each row's mean; (row, chain, draw) -> (row,).

    As many as there are draws where they are all the same.
    """
    size = chains.shape[1] * chains.shape[2]
    correlation = _autocorrelation(chains)
    time = np.maximum(_autocorrelation_time(correlation), 1.0 / np.log10(size))
    unknown = np.isnan(correlation[:, 1])
    same = np.ptp(chains, axis=(1, 2)) < RESOLUTION
    return np.where(same, float(size), np.where(unknown, np.nan, size / time))


def _autocorrelation(chains: Floats) -> Floats:
    """Return the autocorrelation at each lag, from within and between chains; (row, lag)."""
    count = chains.shape[2]
    means = chains.mean(axis=2, keepdims=True)
    # Zeros so many that the end of a chain does not meet its beginning.
    padded = 1 << (2 * count - 1).bit_length()
    spectrum = np.fft.rfft(chains - means, n=padded, axis=2)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=1)
    covariance = np.fft.irfft(power, n=padded, axis=1)[:, :count] / count
    within = covariance[:, :1] * count / (count - 1.0)
    whole = covariance[:, :1] + means[:, :, 0].var(axis=1, ddof=1)[:, None]
    correlation: Floats = 1.0 - (within - covariance) / whole
    correlation[:, 0] = 1.0
    return correlation


def _autocorrelation_time(correlation: Floats) -> Floats:
    """Sum autocorrelations up to where pairs of them are no longer positive; (row,)."""
    rows, count = correlation.shape
    pairs = correlation[:, : count - count % 2].reshape(rows, -1, 2).sum(axis=2)
    # The last pair that is looked at: the first that is not positive, or the last but one or two.
    pairs = pairs[:, : max((count - 1) // 2, 1)]
    ends = ~(pairs > 0.0)
    last = np.where(ends.any(axis=1), ends.argmax(axis=1), pairs.shape[1] - 1)
    lags = np.arange(pairs.shape[1])
    summed = np.where(lags < last[:, None], np.minimum.accumulate(pairs, axis=1), 0.0).sum(axis=1)
    even = correlation[np.arange(rows), 2 * last]
    counts = (even > 0.0) | (pairs[np.arange(rows), last] >= 0.0)
    return -1.0 + 2.0 * summed + np.where(counts, even, 0.0)
