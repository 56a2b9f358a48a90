"""``attribution models``: the catalogue of model specs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from attribution.cli._check import check_model
from attribution.cli._init import init_model
from attribution.cli._messages import say
from attribution.cli._options import PATH, mapping_option, tiers_option
from attribution.cli._output import Show, table_output
from attribution.cli._views import View, plain

if TYPE_CHECKING:
    from attribution.design import Design

VIEW = View((plain("model", "name"), plain("what it is", "title"), plain("question", "question")))


@click.group()
def models() -> None:
    """List and show the models that a table can be fitted with."""


@models.command("list")
@table_output(VIEW)
def list_models(show: Show) -> None:
    """List the shipped models and the question that each answers."""
    import polars as pl

    from attribution.spec import catalogue

    rows = [
        {
            "name": spec.name,
            "title": spec.title,
            "question": spec.question,
            "outcome": spec.outcome.column,
            "family": spec.outcome.family,
        }
        for spec in catalogue()
    ]
    show(pl.DataFrame(rows))


@models.command("show")
@click.argument("model", metavar="NAME|FILE")
@click.argument("table", type=PATH, required=False)
@click.option("--toml", is_flag=True, help="Print the spec's file, to copy and edit.")
@mapping_option()
@tiers_option()
def show_model(
    model: str, table: Path | None, toml: bool, mapping: Path | None, tiers: str | None
) -> None:
    """Show a model in words: assumptions, equations, and priors as they will be used.

    NAME is a model of `attribution models list`, FILE a spec of your own. For a spec of your own,
    start with `attribution models show additive --toml > my.toml`.

    Priors that a spec leaves to the table are told by their rule. With TABLE they are told in
    numbers, as a fit of that table will use them, with the parts that the table cannot support.
    """
    from attribution.cli._layout import output_width
    from attribution.spec import describe, read_spec, spec_text, to_toml

    width = min(output_width(), 100)
    if table is not None:
        design = _design(model, table, mapping, tiers)
        absent = ((part.part, part.reason) for part in design.absent)
        text = to_toml(design.spec) if toml else describe(design.spec, width, absent=absent)
        click.echo(text, nl=not toml)
    elif toml:
        click.echo(spec_text(model), nl=False)
    else:
        click.echo(describe(read_spec(model), width))


def _design(model: str, table: Path, mapping: Path | None, tiers: str | None) -> Design:
    """Return what a fit of a table would be built from, and say how many posts that leaves."""
    from attribution.fitting import design_of, read_inputs

    design = design_of(*read_inputs(model, table, mapping, tiers), model)
    aside = f", {len(design.set_aside):,} set aside" if design.set_aside else ""
    say(f"{table}: {design.table.height:,} posts in the fit{aside}")
    return design


models.add_command(init_model)
models.add_command(check_model)
