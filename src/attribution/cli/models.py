"""``attribution models``: the catalogue of model specs."""

from __future__ import annotations

import click

from attribution.cli._output import Show, table_output
from attribution.cli._views import View, plain

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
@click.option("--toml", is_flag=True, help="Print the spec's file, to copy and edit.")
def show_model(model: str, toml: bool) -> None:
    """Show a model in words: assumptions, equations, and priors as they will be used.

    NAME is a model of `attribution models list`, FILE a spec of your own. For a spec of your own,
    start with `attribution models show additive --toml > my.toml`.
    """
    from attribution.cli._layout import output_width
    from attribution.spec import describe, read_spec, spec_text

    spec = read_spec(model)
    if toml:
        click.echo(spec_text(model), nl=False)
    else:
        click.echo(describe(spec, width=min(output_width(), 100)))
