"""The functions behind the commands that ask a run: each takes a run or the folder it is in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from attribution.run import Run


def opened(run: Run | str | Path) -> Run:
    """Return the run, read from its folder when a path is given."""
    from attribution.run import load_run

    return load_run(Path(run)) if isinstance(run, str | Path) else run


def check(run: Run | str | Path) -> pl.DataFrame:
    """Return the health checks of a run, one row each.

    Returns
    -------
    Columns ``name, status, value, threshold, meaning, advice``; ``status`` is pass, warn or fail.

    Raises
    ------
    attribution.errors.InputError
        When there is no run there, or its files were altered.
    """
    return opened(run).check()


def effects(
    run: Run | str | Path,
    *,
    of: str | Sequence[str] | None = None,
    by: str | Sequence[str] | None = None,
    as_: str | None = None,
    step: float | None = None,
    ratio: float | None = None,
) -> pl.DataFrame:
    """Return averages, contrasts and slopes of the outcome, one tidy row per estimate.

    Parameters
    ----------
    run
        A run or its folder.
    of
        Columns whose effect is wanted; by default those that the model tells by itself.
    by
        Columns by whose levels to tell it; by default the column that the model reports by.
    as_
        ``difference``, ``ratio``, ``elasticity`` or ``slope``; by default the usual ones.
    step
        Size of a change of a number, and what a slope is told per.
    ratio
        Threshold of a claim such as "60 % higher", which is 1.6: how probable ratios above it are.

    Raises
    ------
    attribution.errors.InputError
        When there is no run there, its files were altered, or an effect cannot be told.
    """
    return opened(run).effects(of=of, by=by, as_=as_, step=step, ratio=ratio)


def parameters(run: Run | str | Path, *, every: bool = False) -> pl.DataFrame:
    """Return every parameter of the model, one tidy row each, on the scale of the spec.

    Parameters
    ----------
    run
        A run or its folder.
    every
        Give also the levels of large groups and what only the sampler knows.

    Raises
    ------
    attribution.errors.InputError
        When there is no run there, or its files were altered.
    """
    return opened(run).parameters(every=every)


def contributions(run: Run | str | Path, *, by: str | Sequence[str] = "total") -> pl.DataFrame:
    """Return how the observed orders split into reach, likes and comments.

    Parameters
    ----------
    run
        A run or its folder.
    by
        ``total``, ``tier``, ``creator``, ``campaign`` or ``post``; or several, whose rows come one
        below the other.

    Raises
    ------
    attribution.errors.InputError
        When there is no run there, or its model has no parts to split orders into.
    """
    return opened(run).contributions(by=by)


def roi(
    run: Run | str | Path,
    *,
    by: str | Sequence[str] = "creator",
    margin: float = 1.0,
    unhealthy: bool = False,
) -> pl.DataFrame:
    """Return realised and expected return on investment.

    Parameters
    ----------
    run
        A run or its folder.
    by
        ``total``, ``tier``, ``creator``, ``campaign`` or ``post``; or several, whose rows come one
        below the other.
    margin
        Share of net revenue that is left after the cost of the goods, above 0, at most 1.
    unhealthy
        Answer even when the run failed the health gate.

    Raises
    ------
    attribution.errors.InputError
        When there is no run there, or its table lacks fees or net revenue.
    attribution.errors.UnhealthyRunError
        When the run failed the health gate and ``unhealthy`` is false.
    """
    return opened(run).roi(by=by, margin=margin, unhealthy=unhealthy)


def susceptibility(run: Run | str | Path, *, top: int | None = None) -> pl.DataFrame:
    """Return how prone to buy each creator's audience is, the highest first, with odds.

    Parameters
    ----------
    run
        A run or its folder.
    top
        How many lead, for the probability of being among them; by default 10, a fifth of fewer
        than 20 creators.

    Raises
    ------
    attribution.errors.InputError
        When there is no run there, or its model has no effect of creators.
    """
    return opened(run).susceptibility(top=top)


def luck(run: Run | str | Path, *, top: int | None = None) -> pl.DataFrame:
    """Return how much of the differences between creators' observed rates is luck.

    Parameters
    ----------
    run
        A run or its folder.
    top
        How many lead, for how many of the observed leaders are none; as in ``susceptibility``.

    Raises
    ------
    attribution.errors.InputError
        When there is no run there, or its model has no effect of creators.
    """
    return opened(run).luck(top=top)


def chart(
    run: Run | str | Path,
    name: str,
    path: str | Path,
    *,
    others: Sequence[Run | str | Path] = (),
    margin: float = 1.0,
    unhealthy: bool = False,
) -> Path:
    """Write one chart of a run to a file and return its path.

    Parameters
    ----------
    run
        A run or its folder.
    name
        Name of the chart, such as ``forest``; ``run.charts`` gives the same as Altair objects.
    path
        File whose ending chooses the format: html, svg, png, pdf or json.
    others
        Runs to compare with, for ``comparison``.
    margin
        Share of net revenue that is left after the cost of the goods, for ``roi``.
    unhealthy
        Draw ROI even when the run failed the health gate.

    Raises
    ------
    attribution.errors.InputError
        When there is no such chart or format, or the run lacks what it needs.
    attribution.errors.UnhealthyRunError
        When ROI is asked of an unhealthy run and ``unhealthy`` is false.
    """
    from attribution.charts.registry import draw
    from attribution.charts.save import save
    from attribution.charts.sources import Request

    request = Request(margin, unhealthy, tuple(opened(other) for other in others))
    return save(draw(opened(run), name, request), path)
