"""Models fitted to data that another model made: what notices, and what passes.

    uv run python -m proofs.wrong --brands 4 --jobs 2
    uv run python -m proofs.wrong --page

Tables are made by one model and fitted with it and with others that are wrong of them. Kept is
which health checks fail, whether a comparison prefers the right model, and which answers miss the
truth. Each brand of each truth becomes a line of a file in ``--folder``, so that a run that was
stopped goes on; ``--page`` writes what is there into docs/explanation/wrong.md.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import polars as pl

from attribution.known_truth import KEYS, truth_table
from attribution.quantities.estimates import SURE
from attribution.simulation import Brand, Leaks, Settings, simulate
from attribution.simulation.delay import Delay
from attribution.spec import parse_spec, read_spec, spec_text
from proofs.calibration.broken import BROKEN
from proofs.fakes import joined
from proofs.parallel import Lines, Record, gather, identity

if TYPE_CHECKING:
    from attribution.data import AnalysisTable
    from attribution.run import Run
    from attribution.spec import ModelSpec

CREATORS, EACH = 40, 8
SETTINGS: Mapping[str, Any] = {"chains": 2, "draws": 400, "tune": 400, "target_accept": 0.9}
FIRST_SEED = 6000

ORDERS = (1_000, 60_000)
"""Orders in all of the tables drawn from a prior that are taken."""

CANDIDATES = 40
"""Draws from a prior among which the first such table is taken."""

SAMPLING = ("convergence", "effective draws", "divergences", "energy", "tree depth")
"""What names of checks of the sampler start with: chains are short here."""

RIGHT = "right"

SIGNED = ("elasticity_", "comment_less_like", "slope_per_")


@dataclass(frozen=True)
class Given:
    """A table, the right model of it, and the truth of its answers."""

    table: AnalysisTable
    right: ModelSpec
    truth: Callable[[Run], pl.DataFrame]


Fitted = tuple["ModelSpec", "AnalysisTable"]
Wrong = Callable[[Given], Fitted]


def of_prior(model: str) -> Callable[[int], Given]:
    """Return how to draw a table from a shipped model's prior, with a usual number of orders."""

    def given(seed: int) -> Given:
        from attribution.from_prior import draw_from_prior
        from attribution.quantities.effects import quantities_of
        from proofs.calibration.tables import posts

        drawn = draw_from_prior(model, posts(CREATORS, EACH, seed), count=CANDIDATES, seed=seed)
        totals = drawn.outcomes.sum(axis=1)
        usual = (totals >= ORDERS[0]) & (totals <= ORDERS[1])
        k = int(np.flatnonzero(usual)[0])
        true = quantities_of(drawn.design)(drawn.design, drawn.truth(k))
        rows = [(*q.key, float(q.draws[0])) for q in true if q.has_interval]
        truth = pl.DataFrame(rows, schema=[*KEYS, "truth"], orient="row")
        return Given(drawn.table(k), drawn.spec, lambda _run: truth)

    return given


def of_brand(settings: Settings, model: str = "additive") -> Callable[[int], Given]:
    """Return how to simulate a brand, of which a shipped model is right."""

    def given(seed: int) -> Given:
        brand: Brand = simulate(settings.sized(CREATORS, CREATORS * EACH), seed)
        return Given(
            joined(brand), read_spec(model), lambda run: truth_table(brand.truth, run.design)
        )

    return given


def shipped(model: str) -> Wrong:
    """Return how to fit a shipped model."""
    return lambda given: (read_spec(model), given.table)


def broken(name: str) -> Wrong:
    """Return how to break the right model as the proofs of calibration do."""

    def fitted(given: Given) -> Fitted:
        spec, frame = BROKEN[name].apply(given.right, given.table.frame)
        return spec, replace(given.table, frame=frame)

    return fitted


def poisson(given: Given) -> Fitted:
    """Fit the regression on engagement without dispersion."""
    text = spec_text("engagement").replace('"negative_binomial"', '"poisson"')
    text = re.sub(r"\[dispersion\]\n.*\n", "", text)
    return parse_spec(text), given.table


def per_follower(given: Given) -> Fitted:
    """Take orders of the regression on engagement for proportional to followers."""
    text = spec_text("engagement").replace('exposure = "reach"', 'exposure = "followers"')
    return parse_spec(text), given.table


def line(given: Given) -> Fitted:
    """Fit a line in place of the curve of followers."""
    text = spec_text("goldilocks")
    start, stop = text.index('kind = "spline"'), text.index('kind = "group"')
    prior = 'prior = { name = "normal", mu = 0.0, sigma = 0.5 }'
    term = f'kind = "linear"\nfeature = "size"\n{prior}\n\n[[mean.terms]]\n'
    return parse_spec(text[:start] + term + text[stop:]), given.table


def in_time(given: Given) -> Fitted:
    """Take every order for one of the post it is credited to."""
    frame = given.table.frame.drop("carry_posts", "carry_shares", strict=False)
    return given.right, replace(given.table, frame=frame)


@dataclass(frozen=True)
class Truth:
    """What makes tables, and what is fitted to them besides the right model.

    Parameters
    ----------
    given
        From a seed to a table.
    wrong
        Models that are wrong, by what is wrong.
    has_right
        Whether any shipped model is right.
    """

    given: Callable[[int], Given]
    wrong: Mapping[str, Wrong]
    has_right: bool = True


SAMPLES = Settings.samples()
TRUTHS: Mapping[str, Truth] = {
    "engagement": Truth(
        of_prior("engagement"),
        {
            "Poisson: no dispersion": poisson,
            "creators alike": broken("shared"),
            "followers as exposure": per_follower,
            "followers as reach": broken("exposure"),
            "additive": shipped("additive"),
            "tier_only": shipped("tier_only"),
        },
    ),
    "additive": Truth(
        of_brand(SAMPLES),
        {
            "engagement": shipped("engagement"),
            "tier_only": shipped("tier_only"),
            "creators alike": broken("shared"),
            "followers as reach": broken("exposure"),
        },
    ),
    "zero-inflated": Truth(
        of_prior("engagement_zero_inflated"),
        {"zeros not inflated": shipped("engagement"), "Poisson: no dispersion": poisson},
    ),
    "hurdle": Truth(of_prior("engagement_hurdle"), {"no hurdle": shipped("engagement")}),
    "slopes by tier": Truth(
        of_prior("engagement_by_tier"), {"one slope for all tiers": shipped("engagement")}
    ),
    "a curve of followers": Truth(of_prior("goldilocks"), {"a line": line}),
    "fakes": Truth(
        of_brand(SAMPLES.with_fakes(0.4), "authenticity"), {"additive": shipped("additive")}
    ),
    "late orders": Truth(
        of_brand(replace(SAMPLES, delay=Delay(0.75, 12.0))), {"late orders ignored": in_time}
    ),
    "leaks": Truth(
        of_brand(replace(SAMPLES, leaks=Leaks(orders=300.0))),
        {"additive": shipped("additive")},
        has_right=False,
    ),
    "capture of 40 %": Truth(
        of_brand(SAMPLES.with_capture(0.4, 0.3)),
        {"additive": shipped("additive")},
        has_right=False,
    ),
}


def work(number: int) -> Record:
    """Make a table and fit it with every model; numbers go through the truths in turn."""
    from attribution.fitting import fit
    from attribution.quantities.compare import compare

    seed, which = divmod(number, len(TRUTHS))
    name = list(TRUTHS)[which]
    truth = TRUTHS[name]
    given = truth.given(FIRST_SEED + seed)
    right = {RIGHT: (given.right, given.table)} if truth.has_right else {}
    models = right | {words: wrong(given) for words, wrong in truth.wrong.items()}
    runs, found = {}, {}
    for words, (spec, table) in models.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            runs[words] = fit(spec, table, seed=seed, **SETTINGS)
            found[words] = told(runs[words], given.truth(runs[words]))
            if right and words != RIGHT:
                both = [replace(runs[each], path=Path(each)) for each in (RIGHT, words)]
                found[words]["comparison"] = compared(compare(both))
    return {"truth": name, "seed": FIRST_SEED + seed, "models": found}


def told(run: Run, truth: pl.DataFrame) -> Record:
    """Return what checks say of a run, and how far its answers are from the truth."""
    checks = [c for c in run.manifest.health if c.status != "pass"]
    failed = [c.name for c in checks if c.status == "fail" and not c.name.startswith(SAMPLING)]
    return {
        "failed": failed,
        "warned": [c.name for c in checks if c.status == "warn"],
        "orders": int(run.design.outcome.sum()),
        **answers(run, truth),
    }


def answers(run: Run, truth: pl.DataFrame) -> Record:
    """Return how many intervals of answers over all posts and by tier miss the truth."""
    rows = run.effects().join(truth, on=KEYS, how="inner", nulls_equal=True)
    rows = rows.filter(pl.col("scope") != "creator", pl.col("lower").is_not_null())
    half = (pl.col("upper") - pl.col("lower")) / 2
    rows = rows.with_columns(
        inside=pl.col("truth").is_between("lower", "upper"),
        off=(pl.col("median") - pl.col("truth")) / half,
    )
    worst = rows.sort(pl.col("off").abs(), descending=True).head(1)
    columns = ("quantity", "group", "median", "truth", "off")
    return {
        "asked": rows.height,
        "outside": rows.filter(~pl.col("inside")).height,
        "wrong_sign": wrong_sign(rows),
        "worst": {column: worst[0, column] for column in columns} if rows.height else None,
    }


def wrong_sign(rows: pl.DataFrame) -> int:
    """Return how many statements about which of two is more are sure and wrong."""
    signed = pl.any_horizontal(pl.col("quantity").str.starts_with(name) for name in SIGNED)
    zero = pl.when(pl.col("scope") == "contrast").then(1.0).when(signed).then(0.0)
    up, down = pl.col("probability") >= SURE, pl.col("probability") <= 1.0 - SURE
    made = pl.col("answer") != "cannot tell"
    wrong = (up & (pl.col("truth") < zero)) | (down & (pl.col("truth") > zero))
    return rows.filter(made & wrong).height


def compared(table: pl.DataFrame) -> Record:
    """Return the wrong model's elpd less the right one's, its standard error and the reading."""
    rows = {row["model"]: row for row in table.rows(named=True)}
    last = next(row for row in rows.values() if row["rank"] == 2)
    wrong_last = last["model"] != RIGHT
    return {
        "difference": last["elpd_diff"] if wrong_last else -last["elpd_diff"],
        "se": last["se_diff"],
        "reading": last["reading"].partition(";")[0],
        "prefers": RIGHT if wrong_last else "wrong",
    }


def lines_of(folder: Path) -> Lines:
    """Return the file of results; other settings or models make other results."""
    models = {name: list(truth.wrong) for name, truth in TRUTHS.items()}
    return Lines(folder / "brands.jsonl", identity(models, SETTINGS, CREATORS, EACH, ORDERS))


@click.command(help=__doc__)
@click.option("--brands", type=click.IntRange(min=1), default=4, show_default=True)
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), default=Path("runs/wrong"))
@click.option("--page", is_flag=True, help="Write results and page from what is in the folder.")
def main(brands: int, jobs: int, folder: Path, page: bool) -> None:
    """Collect tables, or write the page."""
    from proofs.wrong_page import PAGE

    lines = lines_of(folder)
    if page:
        PAGE.write(lines.read().values())
        return
    gather(work, range(brands * len(TRUTHS)), lines, jobs, "wrong models")


if __name__ == "__main__":
    main()
