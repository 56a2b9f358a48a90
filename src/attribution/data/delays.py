"""How long after a post its orders come, learnt although nobody sees which post an order is from.

A code tells the creator, not the post. With orders of post p at rate m_p f(t - t_p), the orders of
one code are a Poisson process with the sum of these rates, and the post behind each order is a
latent label: expectation-maximisation over these labels. Each post's rate has a Gamma prior around
its code's mean and is integrated over in the mean-field way, a post's weight being exp(E[log m_p])
(variational Bayes: Bishop 2006, *Pattern Recognition and Machine Learning*, ch. 10). With the
rates' best values instead, delays would come out too short where posts are many, since a rate can
always explain an order by the post just before it. The density f is constant on bins; each bin's
count is divided by how long posts were observed in it, so that the export's end does not shorten
delays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma

from attribution.data.pairs import Floats, Integers, Pairs

DAY = 86_400
BINS = (0.0, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 21.0)
"""Edges of the delay bins in days; the window closes the last one."""

PSEUDO_ORDERS = 5.0
PSEUDO_MEAN_DAYS = 5.0
"""Orders that the density is given before the data, from an exponential distribution."""

RATE_SHAPE = 0.5
"""Shape of the Gamma prior of the posts' rates. Tried on brands with a post every 2 to 15 days and
a spread of 0.4 to 1.3 (standard deviation of log rates): half an order gave the smallest largest
error of the distribution function, at most 0.02 for a post every 4 to 15 days."""

TOLERANCE = 1e-5
MOST_STEPS = 500


@dataclass(frozen=True)
class Delays:
    """Distribution of the delay from post to order, given that it is at most the window.

    Parameters
    ----------
    edges
        Edges of the bins, days; shape (bin + 1,).
    density
        Share of orders per day within each bin; shape (bin,), integrates to 1.
    orders
        Orders that it was learnt from.
    """

    edges: Floats
    density: Floats
    orders: int

    def cdf(self, days: Floats) -> Floats:
        """Return the share of orders that have come by then; 0 before the post, 1 after."""
        shares = np.cumsum(self.density * np.diff(self.edges))
        cumulative = np.concatenate([[0.0], shares / shares[-1]])
        come: Floats = np.interp(days, self.edges, cumulative)
        return come

    @property
    def mean_days(self) -> float:
        """Mean delay in days."""
        middle = (self.edges[:-1] + self.edges[1:]) / 2
        return float(np.sum(self.density * np.diff(self.edges) * middle))


def bin_edges(window_days: float) -> Floats:
    """Return the delay bins' edges, up to the window."""
    return np.array([edge for edge in BINS if edge < window_days] + [window_days])


def learn_delays(
    pairs: Pairs,
    days: Floats,
    code: Integers,
    observed: Floats,
    window_days: float,
) -> Delays:
    """Estimate the delays by expectation-maximisation.

    Parameters
    ----------
    pairs
        Orders (events) and the posts they may have come from; each order has at least one.
    days
        Delay that each pair would mean; shape (pair,).
    code
        The posts' codes, numbered from 0; shape (post,). The rates of one code's posts are
        shrunk towards their mean.
    observed
        Days after each post, up to the window, in which its orders would be in the export;
        shape (post,).
    window_days
        Longest delay.

    Returns
    -------
    Delays
        The prior's exponential distribution where there are no orders.
    """
    edges = bin_edges(window_days)
    widths = np.diff(edges)
    prior = np.diff(-np.exp(-edges / PSEUDO_MEAN_DAYS))
    prior *= PSEUDO_ORDERS / prior.sum()
    bins = np.clip(np.searchsorted(edges, days, side="right") - 1, 0, len(widths) - 1)
    seen = np.clip(observed[:, None] - edges[:-1], 0.0, widths)
    orders = int(pairs.event.max(initial=-1)) + 1
    weight = np.ones(len(observed))
    density = prior / prior.sum() / widths
    for _ in range(MOST_STEPS):
        share = weight[pairs.post] * density[bins]
        share /= np.bincount(pairs.event, share, orders)[pairs.event]
        by_post = np.bincount(pairs.post, share, len(observed))
        by_bin = np.bincount(bins, share, len(widths))
        rate, weight = _rates(by_post, seen @ density, code)
        updated = (by_bin + prior) / (rate @ seen + PSEUDO_ORDERS * widths)
        updated /= np.sum(updated * widths)
        change = np.max(np.abs(np.cumsum((updated - density) * widths)))
        density = updated
        if change < TOLERANCE:
            break
    return Delays(edges, density, orders)


def _rates(orders: Floats, exposure: Floats, code: Integers) -> tuple[Floats, Floats]:
    """Return the mean of each post's rate and exp of its mean logarithm, orders per window."""
    overall = (orders.sum() + 1.0) / (exposure.sum() + 1.0)
    of_code = (np.bincount(code, orders) + overall) / (np.bincount(code, exposure) + 1.0)
    shape = orders + RATE_SHAPE
    per = exposure + RATE_SHAPE / of_code[code]
    return shape / per, np.exp(digamma(shape)) / per
