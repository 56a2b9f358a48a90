"""The report: one self-contained HTML file about one run, or about several of the same posts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attribution.charts.words import count, listing
from attribution.errors import InputError, Problem
from attribution.quantities.compare import compare
from attribution.reporting import words
from attribution.reporting.content import Page
from attribution.reporting.findings import Findings, gather
from attribution.reporting.headline import answers
from attribution.reporting.page import render
from attribution.reporting.recorded import lift_tests
from attribution.reporting.sections import sections
from attribution.run import Run


def report(
    runs: Run | Sequence[Run],
    path: str | Path,
    *,
    margin: float = 1.0,
    unhealthy: bool = False,
) -> Path:
    """Write one HTML file that opens anywhere, without a network, and return its path.

    Parameters
    ----------
    runs
        One run, or several of the same posts: the first gives the numbers, the others are
        compared with it.
    path
        The file, ``.html``.
    margin
        Share of net revenue that remains after costs of goods, above 0 and at most 1.
    unhealthy
        Write a report of runs that failed the health gate, with a banner.

    Raises
    ------
    InputError
        For no run, a file that is no ``.html``, a folder that does not exist, runs that cannot
        be compared.
    UnhealthyRunError
        When a run failed the health gate and ``unhealthy`` is False.
    """
    given = list(runs) if isinstance(runs, Sequence) else [runs]
    target = _checked(given, Path(path))
    for run in given:
        run.require_healthy(unhealthy, "a report")
    target.write_text(render(_page(given, margin, unhealthy)), encoding="utf-8")
    return target


def _checked(runs: Sequence[Run], target: Path) -> Path:
    if not runs:
        raise InputError(Problem("A report needs a run"))
    if target.suffix.lower() != ".html":
        raise InputError(
            Problem(
                "A report is one HTML file", file=str(target), expected="a name ending in .html"
            )
        )
    if not target.parent.is_dir():
        raise InputError(Problem("There is no such folder", file=str(target.parent)))
    return target


def _page(runs: Sequence[Run], margin: float, unhealthy: bool) -> Page:
    compared = compare(runs) if len(runs) > 1 else None
    main, *others = (gather(run, margin=margin, unhealthy=unhealthy) for run in runs)
    failed = [f"{run.name}: {', '.join(_failed(run))}" for run in runs if not run.healthy]
    banners = [("Unhealthy run", words.BANNER.format(checks="; ".join(failed)))] if failed else []
    if approximate := [run.name for run in runs if run.manifest.approximate]:
        text = words.APPROXIMATE.format(runs=listing(approximate))
        banners.append(("Approximate fit", text))
    title = words.TITLE if main.about_orders else words.OTHER_OUTCOME_TITLE
    caveat = words.CAVEAT if main.about_orders else words.OTHER_OUTCOME_CAVEAT
    if tests := lift_tests(main):
        caveat = words.CALIBRATED.format(tests=count(len(tests), "lift test"))
    return Page(
        title=title.format(outcome=main.outcome, run=main.run.name),
        subtitle=_subtitle(main),
        banners=tuple(banners),
        answers=answers(main),
        caveat=caveat.format(outcome=main.outcome),
        sections=sections(main, others, compared),
    )


def _failed(run: Run) -> list[str]:
    return [check.name for check in run.manifest.health if check.status == "fail"]


def _subtitle(found: Findings) -> str:
    run = found.run
    posts = count(run.table.height, found.noun)
    creators = (
        f" of {count(run.table['creator_id'].n_unique(), 'creator')}"
        if "creator_id" in run.table.columns
        else ""
    )
    # Hyphens at which no line ends.
    day = run.manifest.created[:10].replace("-", "\u2011")
    return f"{posts}{creators} · {run.spec.title} · {day}"
