"""The same data and the same models by rstanarm, which shares no code with this project.

R writes each data set of its packages to a file and fits it; the specs in ``proofs/independent``
are fitted to the same file. Families that rstanarm lacks are fitted by a Stan program of their own.
Means, standard deviations and correlations of all parameters, and all effects of levels, must agree
within Monte Carlo error. What R draws and what came of a case become files in the folder, so that
a run that was stopped goes on where it was. Exits with 1 where a case fails, and with 2 where R
cannot be run.
"""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import click
import numpy as np
import polars as pl

from attribution.fitting import fit
from attribution.run import Run
from proofs import rnames
from proofs.decov import log_ratio
from proofs.posteriors import MOST_ERROR, MOST_R_HAT, MOST_RATIO, MOST_SHIFT, compared

PAGE = Path("docs/explanation/independent.md")
SPECS = Path(__file__).parent / "independent"
SCRIPT = SPECS / "rstanarm.R"
CHAINS, DRAWS, TUNE = 4, 750, 500
LEAST_WEIGHT = 0.2
"""Least share that weighted draws are worth of as many unweighted ones."""

R_PACKAGES = ("rstanarm", "rstan", "lme4", "MASS", "mlmRev", "HSAUR3", "pscl")
INSTALL = f"""needs R, its packages {", ".join(R_PACKAGES)}, and a C++ compiler.
On Debian or Ubuntu:
    apt install g++ {" ".join(f"r-cran-{name.lower()}" for name in R_PACKAGES)}
Elsewhere, in R:
    install.packages(c({", ".join(f'"{name}"' for name in R_PACKAGES)}))
"""


class NoRError(click.ClickException):
    """R, or a package of R's, is not there or failed."""

    exit_code = 2


@dataclass(frozen=True)
class Case:
    """A model of a data set.

    Parameters
    ----------
    structure
        Groups and predictors, in words.
    data
        Where the data come from, as ``package::name``.
    scale
        Of rstanarm's prior of standard deviations; None where a Stan program of its own is fitted,
        or where there are no groups.
    stan
        Whether the Stan program is fitted.
    slow
        How many times as many draws R takes, where its chains mix slowly.
    """

    structure: str
    data: str
    scale: float | None = None
    stan: bool = False
    slow: int = 1


CASES: Mapping[str, Case] = {
    "roaches": Case("exposure", "rstanarm::roaches"),
    "roaches_spread": Case("exposure", "rstanarm::roaches"),
    "quine": Case("categories", "MASS::quine"),
    "epilepsy": Case("correlated slopes", "MASS::epil", 0.5),
    "epilepsy_spread": Case("intercepts; category by number", "MASS::epil", 0.1),
    "ticks": Case("nested three deep, every row", "lme4::grouseticks", 1.0),
    "cattle": Case("intercepts, every row", "lme4::cbpp", 1.0),
    "menarche": Case("cloglog", "MASS::menarche"),
    "wells": Case("logit, number by number", "rstanarm::wells"),
    "contraception": Case("logit, correlated slopes", "mlmRev::Contraception", 0.5),
    "bacteria": Case("probit, intercepts", "MASS::bacteria", 1.0),
    "respiratory": Case("cloglog, intercepts", "HSAUR3::respiratory", 1.0),
    "radon": Case("intercepts", "rstanarm::radon", 0.5),
    "sleep": Case("correlated slopes", "lme4::sleepstudy", 1.0),
    "penicillin": Case("crossed", "lme4::Penicillin", 2.0),
    "pastes": Case("nested", "lme4::Pastes", 2.0),
    "sleep_log": Case("uncorrelated slopes", "lme4::sleepstudy", 1.0),
    "chicks": Case("uncorrelated slopes", "datasets::ChickWeight", 0.01),
    "roaches_zeros": Case("exposure; zeros by a number", "rstanarm::roaches", stan=True),
    "articles_zeros": Case("zeros by a number", "pscl::bioChemists", stan=True),
    "articles_hurdle": Case("categories", "pscl::bioChemists", stan=True),
    "articles_spread": Case("categories", "pscl::bioChemists", stan=True),
    "cattle_beta": Case("intercepts", "lme4::cbpp", stan=True),
    "sleep_extremes": Case("intercepts", "lme4::sleepstudy", stan=True),
}


def ask_r(*told: str) -> str:
    """Run the R script; return what it prints.

    Raises
    ------
    NoRError
        R or a package is not installed, or a fit failed; with what R said.
    """
    try:
        done = subprocess.run(  # noqa: S603
            ["Rscript", str(SCRIPT), *told],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        raise NoRError(f"Rscript was not found; this proof {INSTALL}") from None
    if done.returncode == 3:
        raise NoRError(f"R lacks packages ({done.stdout.strip()}); this proof {INSTALL}")
    if done.returncode:
        raise NoRError(f"R failed on {' '.join(told)}:\n{done.stderr[-2000:]}")
    return done.stdout.strip()


def by_r(name: str, folder: Path) -> tuple[Path, pl.DataFrame]:
    """Return the file of the case's table, and R's draws of it."""
    table, draws = folder / f"{name}.csv", folder / f"{name}.draws.parquet"
    if not table.exists():
        ask_r("table", name, str(table))
    if not draws.exists():
        raw, draws_of_r = folder / f"{name}.draws.csv", DRAWS * CASES[name].slow
        ask_r("fit", name, str(raw), str(CHAINS), str(draws_of_r), "1")
        pl.read_csv(raw, infer_schema_length=None).write_parquet(draws)
        raw.unlink()
    return table, pl.read_parquet(draws)


def by_us(name: str, table: Path) -> Run:
    """Fit the case's spec to its table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit(SPECS / f"{name}.toml", table, draws=DRAWS, tune=TUNE, chains=CHAINS, seed=1)


def weights_of(run: Run, case: Case) -> np.ndarray:
    """Return rstanarm's prior density over ours at each draw; shape (chain, draw)."""
    log = log_ratio(run.design, run.draws, None if case.stan else case.scale)
    return np.exp(log - log.max()).reshape((CHAINS, -1))


def worth(weights: np.ndarray) -> float:
    """Return what share of as many unweighted draws the weighted ones are worth (Kish 1965)."""
    return float(weights.sum() ** 2 / (weights**2).sum() / weights.size)


def judged(name: str, folder: Path) -> pl.DataFrame:
    """Fit a case by both and return its parameters side by side."""
    table, drawn = by_r(name, folder)
    run = by_us(name, table)
    weights = weights_of(run, CASES[name])
    if worth(weights) < LEAST_WEIGHT:
        raise AssertionError(f"{name}: priors too far apart to compare, {worth(weights):.2f}")
    rows = compared(rnames.ours(run), rnames.theirs(drawn, CHAINS), weights)
    return rows.with_columns(
        case=pl.lit(name), family=pl.lit(run.spec.outcome.family), worth=pl.lit(worth(weights))
    )


def line(name: str, rows: pl.DataFrame) -> str:
    """Return a case's line of the Markdown table."""
    case = CASES[name]
    ratio = max(rows["ratio"].to_list(), key=lambda one: abs(np.log(one)))
    apart, shift = (max(abs(one) for one in rows[name]) for name in ("error", "shift"))
    failed = rows.filter(pl.col("failed") != "")
    verdict = "pass" if failed.is_empty() else "FAIL: " + ", ".join(failed["parameter"][:5])
    return (
        f"| {name} | {rows['family'][0]} | {case.structure} | `{case.data}` "
        f"| {'Stan' if case.stan else 'rstanarm'} | {rows.height} "
        f"| {apart:.1f} | {shift:.2f} | {ratio:.2f} "
        f"| {verdict} |"
    )


HEAD = (
    "| case | family | structure | data | by | parameters | farthest, in MCSE | farthest, in sd "
    "| farthest ratio of sds | |\n|---|---|---|---|---|---:|---:|---:|---:|---|"
)


@click.command(help=__doc__)
@click.option("--case", "names", type=click.Choice([*CASES]), multiple=True, help="All if none.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path("runs/rstanarm"))
@click.option("--parameters", type=click.Path(path_type=Path), help="CSV of all parameters.")
@click.option("--page", is_flag=True, help=f"Write {PAGE} too.")
def main(names: tuple[str, ...], folder: Path, parameters: Path | None, page: bool) -> None:
    """Fit the cases by both, print how far they are apart and judge it."""
    software = ask_r("has")
    folder.mkdir(parents=True, exist_ok=True)
    click.echo(HEAD)
    frames = []
    for name in names or CASES:
        path = folder / f"{name}.parquet"
        if not path.exists():
            judged(name, folder).write_parquet(path)
        frames.append(pl.read_parquet(path))
        click.echo(line(name, frames[-1]))
    table = pl.concat(frames)
    if parameters:
        table.write_csv(parameters)
    if page:
        PAGE.write_text(page_of(table, software), encoding="utf-8")
        click.echo(f"wrote {PAGE}", err=True)
    if table.filter(pl.col("failed") != "").height:
        click.echo("a posterior differs by more than chance", err=True)
        sys.exit(1)


def page_of(table: pl.DataFrame, software: str) -> str:
    """Return the page of the documentation."""
    ours = ", ".join(f"{name} {version(name)}" for name in ("pymc", "nutpie", "polars"))
    failed = table.filter(pl.col("failed") != "").height
    within = table.filter(pl.col("error").abs() < 2.0).height
    worth = min(table["worth"].to_list())
    head = f"""\
# Against independent software, on shared data

Written by `uv run python -m proofs.rstanarm --page`, with {software}; {ours}.

rstanarm and this project share no code: it is R on Stan. The data sets are those of R's packages,
taken from there when the command runs. The specs, in `proofs/independent`, were written from
[the grammar](../reference/grammar.md) alone. Each side states the same likelihood and takes
{CHAINS} chains of at least {DRAWS:,} draws of the same file. Families that rstanarm lacks are
fitted by a Stan program in the same folder, written from their formulas.

Priors are the same where both can state them. Where rstanarm cannot (its standard deviations
between levels are multiples of the family's own parameter, share one scale with correlated others,
and its constant is that of average categories), our draws are weighted by its prior density over
ours; the smallest share of draws that these are worth is {worth:.0%}. For probits it multiplies the
scales that it is given, which this comparison found and its script undoes.

A case passes if, of every coefficient, standard deviation, correlation, own parameter and effect of
a level, means and standard deviations each lie within {MOST_ERROR:g} Monte Carlo standard errors of
rstanarm's, means within {MOST_SHIFT:g} posterior standard deviations, standard deviations within a
factor of {MOST_RATIO:g}, and if both R-hat are below {MOST_R_HAT:g}.

Of {table.height:,} parameters {failed} fail; {within / table.height:.1%} of means lie within 2
Monte Carlo standard errors, of which chance alone would leave 95.4 %.

"""
    cases = [line(str(name), rows) for (name,), rows in table.group_by("case", maintain_order=True)]
    left = ", ".join(name for name in CASES if name not in table["case"].unique().to_list())
    more = f"\nNot in this table: {left}.\n" if left else ""
    return head + "\n".join([HEAD, *cases]) + "\n" + more


if __name__ == "__main__":
    main()
