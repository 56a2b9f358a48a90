"""What leaks, late orders, hidden likes and fakes do to the answers, in growing doses.

    uv run python -m proofs.doses --brands 4 --jobs 2
    uv run python -m proofs.doses --page

The same simulated brands are given each trouble in growing doses, and fitted without and with what
is made for it. Each fit becomes a line of a file in ``--folder``, so that a run that was stopped
goes on; ``--page`` writes what is there into docs/explanation/doses.md, with a chart of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from attribution import forward
from attribution.fitting import design_of
from attribution.known_truth import true_posts, truth_table
from attribution.quantities.estimates import NEW, PROBABILITY, THESE
from attribution.quantities.recorded import OF_BASIS
from attribution.simulation import Brand, Leaks, LiftTests, Settings, simulate
from attribution.simulation.delay import Delay
from attribution.spec import read_spec
from proofs.calibration.stored import mark
from proofs.capture import tested
from proofs.fakes import joined
from proofs.null_brands import CREATORS, POSTS, shown
from proofs.parallel import Lines, Record, gather, identity
from proofs.quick import HOW, posterior_of

if TYPE_CHECKING:
    from attribution.data import AnalysisTable
    from attribution.design.types import Design, Floats
    from attribution.draws import Draws
    from attribution.spec import ModelSpec

FIRST_SEED = 8000
DOSES = (0.0, 0.1, 0.2, 0.4)
CODES = 3
"""Codes that leak."""

DELAYS: Mapping[float, Delay] = {
    0.0: Delay(1.0, 0.01),
    0.1: Delay(0.75, 2.4),
    0.2: Delay(0.75, 5.2),
    0.4: Delay(0.75, 29.0),
}
"""Delays at which about such a share of orders is credited to a later post of the creator."""

WITHOUT, WITH = "without", "with"
ANSWERS = {
    "orders_per_1000_likes": "orders per 1,000 likes",
    "orders_per_100_comments": "orders per 100 comments",
    "contrast": "nano against micro, per reach",
    "orders": "orders brought in all",
    "revenue": "revenue over cost (1 + ROI)",
}
RATES = list(ANSWERS)[:2]
CONTRAST = ("tier_contrast_orders_per_1000_reached_in_all", "contrast", "nano / micro", NEW)

Fitted = tuple["ModelSpec", "AnalysisTable"]


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong with a table in doses.

    Parameters
    ----------
    dose
        What a dose is a share of.
    remedy
        What is made for it.
    settings
        From a dose and the orders of the brand without it to the brand's settings.
    models
        From a brand and its table to what is fitted without and with the remedy.
    """

    dose: str
    remedy: str
    settings: Callable[[float, Brand], Settings]
    models: Callable[[Brand, AnalysisTable], tuple[Fitted, Fitted]]


BASE = shown()


def _leaks(dose: float, plain: Brand) -> Settings:
    """Let strangers make up a share of the orders with a code."""
    coded = plain.orders.get_column("code").count()
    tests = replace(BASE, lift_tests=LiftTests(count=2))
    leaked = dose / (1.0 - dose) * coded / CODES
    return replace(tests, leaks=Leaks(CODES, leaked)) if dose else tests


def _lift_tested(brand: Brand, table: AnalysisTable) -> tuple[Fitted, Fitted]:
    return (read_spec("additive"), table), (tested(brand), table)


def _late(dose: float, _plain: Brand) -> Settings:
    return replace(BASE, delay=DELAYS[dose])


def _carried(_brand: Brand, table: AnalysisTable) -> tuple[Fitted, Fitted]:
    spec = read_spec("additive")
    bare = table.frame.drop("carry_posts", "carry_shares", strict=False)
    return (spec, replace(table, frame=bare)), (spec, table)


def _hidden(dose: float, _plain: Brand) -> Settings:
    return replace(BASE, population=replace(BASE.population, hidden_likes=dose))


def _latent(_brand: Brand, table: AnalysisTable) -> tuple[Fitted, Fitted]:
    spec = read_spec("additive")
    dropped = replace(spec, missing=dict.fromkeys(spec.missing, "set_aside"))
    return (dropped, table), (spec, table)


def _fakes(dose: float, _plain: Brand) -> Settings:
    return BASE.with_fakes(dose)


def _authenticity(_brand: Brand, table: AnalysisTable) -> tuple[Fitted, Fitted]:
    return (read_spec("additive"), table), (read_spec("authenticity"), table)


TROUBLES: Mapping[str, Trouble] = {
    "leaks": Trouble("of orders with a code", "two lift tests", _leaks, _lift_tested),
    "late": Trouble("of orders after a later post", "late orders shared out", _late, _carried),
    "hidden": Trouble("of posts hide their likes", "likes as unknowns", _hidden, _latent),
    "fakes": Trouble("of engagement is fake", "authenticity", _fakes, _authenticity),
}


def work(number: int) -> Record:
    """Make one brand with one dose of one trouble, and fit it without and with the remedy."""
    rest, at = divmod(number, len(DOSES))
    seed, which = divmod(rest, len(TROUBLES))
    name, dose = list(TROUBLES)[which], DOSES[at]
    plain = simulate(BASE, FIRST_SEED + seed)
    brand = simulate(TROUBLES[name].settings(dose, plain), FIRST_SEED + seed)
    models = TROUBLES[name].models(brand, joined(brand))
    designs = [design_of(spec, table) for spec, table in models]
    found = {
        words: fitted(design, designs[-1], brand, seed)
        for words, design in zip((WITHOUT, WITH), designs, strict=True)
    }
    return {"trouble": name, "dose": dose, "seed": FIRST_SEED + seed, "fits": found}


def fitted(design: Design, whole: Design, brand: Brand, seed: int) -> Record:
    """Fit a model and return its answers over their truth; ``whole`` has all posts."""
    draws, r_hat = posterior_of(design, seed)
    return {"r_hat": r_hat, **dict(ratios(design, draws, whole, brand))}


def ratios(
    design: Design, draws: Draws, whole: Design, brand: Brand
) -> Iterator[tuple[str, Sequence[float]]]:
    """Yield each answer over its truth: lower end, median and upper end of its interval."""
    from attribution.quantities.effects import quantities_of

    found = {q.key: q.draws for q in quantities_of(design)(design, draws)}
    truth = {row[:4]: row[4] for row in truth_table(brand.truth, design).rows()}
    for name in RATES:
        key = (f"{name}{OF_BASIS}", "overall", "all", THESE)
        key = key if key in found else (name, *key[1:])
        yield name, _over(found[key], truth[key])
    yield "contrast", _over(found[CONTRAST], truth[CONTRAST])
    orders = forward.expected(design, draws)
    brought = forward.brought(design, draws)
    if brought is not None:
        orders = orders * brought.reshape(-1, 1)
    true, every = true_posts(brand.truth, design), true_posts(brand.truth, whole)
    yield "orders", _over(orders.sum(axis=1), every["expected"].sum())
    revenue = (orders * forward.order_value(design, draws)).sum(axis=1)
    yield "revenue", _over(revenue, (true["expected"] * true["value"]).sum())


def _over(draws: Floats, truth: float) -> Sequence[float]:
    tail = (1.0 - PROBABILITY) / 2.0
    return [float(each) for each in np.quantile(draws, (tail, 0.5, 1.0 - tail)) / truth]


def lines_of(folder: Path) -> Lines:
    """Return the file of results; other settings or specs make other results."""
    marks = [mark(read_spec(model)) for model in ("additive", "authenticity")]
    size = (CREATORS, POSTS, HOW)
    of = identity(marks, size, DOSES, repr(DELAYS), CODES, list(TROUBLES), list(ANSWERS))
    return Lines(folder / "brands.jsonl", of)


@click.command(help=__doc__)
@click.option("--brands", type=click.IntRange(min=1), default=4, show_default=True)
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("runs/doses"))
@click.option("--page", is_flag=True, help="Write results and page from what is in the folder.")
def main(brands: int, jobs: int, folder: Path, page: bool) -> None:
    """Collect brands, or write the page."""
    from proofs.doses_page import write_page

    lines = lines_of(folder)
    if page:
        write_page(lines.read().values())
        return
    gather(work, range(brands * len(TROUBLES) * len(DOSES)), lines, jobs, "doses")


if __name__ == "__main__":
    main()
