"""The page of the documentation that shows coverage and null brands."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import click
import polars as pl

from attribution.sampling import Settings
from proofs.brands import KINDS
from proofs.summary import claims, coverage, outside

PAGE = Path("docs/explanation/coverage.md")
UNMEASURED = "Not measured yet for this page."
PACKAGES = ("pymc", "nutpie", "arviz-stats", "polars")


def write_page(folder: Path) -> Path:
    """Write the page from the brands in a folder and return its path."""
    brands = {kind: _read(folder, kind) for kind in KINDS}
    if brands["prior"] is None:
        raise click.ClickException(f"no brands of kind prior in {folder}")
    text = "\n".join(_page(brands)) + "\n"
    PAGE.write_text(text, encoding="utf-8")
    return PAGE


def _read(folder: Path, kind: str) -> pl.DataFrame | None:
    files = sorted(folder.glob(f"{kind}-*.parquet"))
    return pl.concat([pl.read_parquet(file) for file in files]) if files else None


def _page(brands: dict[str, pl.DataFrame | None]) -> list[str]:
    made = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    usual = Settings()
    return [
        "# How often the intervals cover the truth",
        "",
        "Written by `uv run python -m proofs.coverage --page` from the fits of"
        " `uv run python -m proofs.coverage --kind prior --brands 40` (and `--kind fixed`,"
        f" `--kind null`), with {made}.",
        "",
        "Each brand is simulated, written as CSV files, joined by `ingest` (last touch, delays"
        f" learnt from its own orders) and fitted with the model `additive`, {usual.chains} chains"
        f" of {usual.draws:,} draws after {usual.tune:,} of tuning, as a user would. All brands"
        " count, healthy or not.",
        "",
        "A figure is the share of"
        " equal-tailed intervals of a probability that hold the truth. Bias is how far the median"
        " lies above the truth on average, in half widths of the interval; width is the interval's"
        " median width as a share of the estimate. Intervals of one brand"
        " hang together, so each figure's band is binomial at its effective number (clustered by"
        " brand) and adjusted so that all figures of a table lie inside theirs with probability"
        " 0.95 if coverage is nominal.",
        "",
        "## Brands from the model's own prior: nominal coverage should be exact",
        "",
        *_covered(brands["prior"], "prior", gate=True),
        *_sizes(brands, "prior", gate=True),
        "",
        "## Brands at the samples' fixed truth: no gate",
        "",
        "Here the truth is one point of the prior and the order values are log-normal, which the"
        " model does not assume; nothing says that coverage must be nominal.",
        "",
        *_covered(brands["fixed"], "fixed", gate=False),
        *_sizes(brands, "fixed", gate=False),
        "",
        "How often an effect of likes or comments is claimed where all three bring orders (the"
        " power of the rule):",
        "",
        *_claimed(brands["fixed"], "fixed"),
        "",
        "## Null brands: engagement carries nothing",
        "",
        "All orders come from reach. How often is an effect of likes or comments claimed?",
        "",
        *_claimed(brands["null"], "null"),
    ]


def _sizes(brands: dict[str, pl.DataFrame | None], kind: str, *, gate: bool) -> list[str]:
    """Return what was measured at other sizes, each under its own heading."""
    lines = []
    for name, estimates in brands.items():
        if name.startswith(f"{kind}_") and estimates is not None:
            size = name.removeprefix(f"{kind}_").replace("x", " creators with ")
            lines += ["", f"### {size} posts each", "", *_covered(estimates, name, gate=gate)]
    return lines


def _covered(estimates: pl.DataFrame | None, kind: str, *, gate: bool) -> list[str]:
    if estimates is None:
        return [UNMEASURED]
    table = coverage(estimates)
    verdict = [_verdict(table), ""] if gate else []
    return [*_health(estimates, kind), "", *verdict, *_table(table)]


def _claimed(estimates: pl.DataFrame | None, kind: str) -> list[str]:
    if estimates is None:
        return [UNMEASURED]
    return [*_health(estimates, kind), "", *_claims(claims(estimates))]


def _health(estimates: pl.DataFrame, kind: str) -> list[str]:
    each = estimates.group_by("brand").agg(pl.first("healthy", "failed", "orders", "target_accept"))
    healthy = int(each.get_column("healthy").sum())
    low, middle, high = (each.get_column("orders").quantile(q) for q in (0.0, 0.5, 1.0))
    words = [
        f"{each.height} brands ({KINDS[kind].words}); {healthy} passed the health gate. Credited"
        f" orders per brand: {low:,.0f} to {high:,.0f}, median {middle:,.0f}."
    ]
    rates = each.get_column("target_accept").unique().sort()
    words.append(f"Target acceptance of NUTS: {', '.join(f'{rate:g}' for rate in rates)}.")
    failed = each.filter(~pl.col("healthy")).get_column("failed").str.split(", ").explode()
    if failed.len():
        counts = failed.value_counts(sort=True).rows()
        words.append("Failed checks: " + ", ".join(f"{name} ({n})" for name, n in counts) + ".")
    return words


def _verdict(table: pl.DataFrame) -> str:
    missed = outside(table)
    if missed.is_empty():
        return f"All {table.height} figures lie inside their bands."
    names = ", ".join(
        f"{row['quantity']} by {row['scope']} ({row['population']}, {row['prob']:.0%})"
        for row in missed.rows(named=True)
    )
    return f"**{missed.height} of {table.height} figures lie outside their bands:** {names}."


def _table(table: pl.DataFrame) -> list[str]:
    lines = [
        "| estimand | told | about | interval | number | effective | coverage | band | inside"
        " | bias | width |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | --- | --- | ---: | ---: |",
    ]
    return lines + [
        f"| {row['quantity']} | {row['scope']} | {row['population']} | {row['prob']:.0%} "
        f"| {row['intervals']:,} | {row['effective']:,} | {row['coverage']:.3f} "
        f"| {row['low']:.3f} to {row['high']:.3f} | {'yes' if row['inside'] else 'no'} "
        f"| {row['bias']:+.2f} | {row['width']:.2f} |"
        for row in table.rows(named=True)
    ]


def _claims(table: pl.DataFrame) -> list[str]:
    lines = [
        "| estimand | brands | claimed | cannot tell | share claimed | 95 % interval |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    return lines + [
        f"| {row['quantity']} | {row['brands']} | {row['claimed']} | {row['cannot tell']} "
        f"| {row['share claimed']:.2f} | {row['low']:.2f} to {row['high']:.2f} |"
        for row in table.rows(named=True)
    ]
