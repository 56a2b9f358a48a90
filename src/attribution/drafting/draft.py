"""Draft a spec: choose outcome and terms, put the defaults into numbers, write it with comments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl

from attribution.data import AnalysisTable, read_analysis
from attribution.design import Design, build_design
from attribution.drafting.columns import Chosen, choose_terms, slug
from attribution.drafting.outcome import OUTCOME, choose
from attribution.drafting.text import Words, commented
from attribution.spec.columns import signals, used_features
from attribution.spec.defaults import DEFAULT
from attribution.spec.families import FAMILIES, OWN
from attribution.spec.model import ModelSpec, OrderValue, Outcome, Own, Predictor
from attribution.spec.priors import Prior
from attribution.spec.terms import INTERCEPT, Group, Intercept, Term


def draft_spec(
    table: str | Path | pl.DataFrame | AnalysisTable,
    *,
    name: str = "my",
    outcome: str | None = None,
    family: str | None = None,
    exposure: str | None = None,
    trials: str | None = None,
) -> str:
    """Return the text of a first spec for a table, every choice and prior with a comment.

    It is a regression of the outcome on the columns that may be predictors, to be read and edited;
    it can be fitted as it is.

    Parameters
    ----------
    table
        File or folder that ``ingest`` wrote, a table of one row per post, or an analysis table.
    name
        The model's name.
    outcome
        Column that the model explains; ``conversions`` if None.
    family
        Distribution of the outcome; guessed from its values if None.
    exposure
        Column that the mean of a count is proportional to; reach, views or followers if None.
    trials
        Column with the number of trials, of an outcome that counts successes.

    Raises
    ------
    InputError
        When the table cannot be read, or has no such columns, or the family cannot have such
        values.
    """
    source = table if isinstance(table, AnalysisTable) else read_analysis(table)
    frame = source.frame
    chosen = choose(frame, outcome, family, exposure, trials)
    terms = choose_terms(frame, chosen.outcome)
    spec = _spec(slug(name), chosen.outcome, terms, frame)
    design = build_design(spec, frame, level_order=source.tier_order)
    for absent in design.absent:
        terms.left_out.setdefault(absent.part, absent.reason)
    words = Words(chosen.why_family, chosen.why_exposure, terms.words, terms.left_out)
    return commented(_kept(design), design, words)


def _spec(name: str, outcome: Outcome, chosen: Chosen, frame: pl.DataFrame) -> ModelSpec:
    """Return the spec with its priors left to the table."""
    family = FAMILIES[outcome.family]
    mean = Predictor(family.links[0], (Intercept(DEFAULT), *chosen.terms))
    per = f" per unit of {outcome.exposure}" if outcome.exposure else ""
    return ModelSpec(
        name=name,
        title=f"{outcome.column}{per}: a first model",
        question=f"What goes with more {outcome.column}{per}?",
        assumptions=(
            f"{_assumed(mean.link)} all that is named under [mean].",
            "Estimates are associations: nothing here proves what causes what.",
        ),
        references=(),
        outcome=outcome,
        features=tuple(chosen.features),
        missing=dict(chosen.missing),  # type: ignore[arg-type]
        mean=mean,
        own={section: Own(OWN[section].default) for section in family.own},
        order_value=_order_value(outcome, chosen.terms, frame),
    )


def _assumed(link: str) -> str:
    return {
        "log": "The mean is a product of",
        "identity": "The mean is a sum of",
    }.get(link, "The odds are a product of")


def _order_value(outcome: Outcome, terms: list[Term], frame: pl.DataFrame) -> OrderValue | None:
    """Return the model of order values where the table has revenue: without it there is no ROI."""
    if outcome.column != OUTCOME or not {"net_revenue", "paying_orders"} <= set(frame.columns):
        return None
    revenue, orders = (float(frame[c].sum()) for c in ("net_revenue", "paying_orders"))
    if not (revenue > 0 and orders > 0):
        return None
    mean = Prior("normal", {"mu": float(f"{np.log(revenue / orders):.3g}"), "sigma": 1.5})
    groups = (
        replace(term, sd=Prior("half_normal", {"sigma": 0.3}))
        for term in terms
        if isinstance(term, Group) and term.of == (INTERCEPT,)
    )
    return OrderValue(
        mean=mean,
        shape=Prior("log_normal", {"mu": 0.5, "sigma": 1.0}),
        paying_share=Prior("beta", {"alpha": 9.0, "beta": 1.0}),
        terms=tuple(group for group in groups if group.by in ("tier", "creator_id")),
    )


def _kept(design: Design) -> ModelSpec:
    """Return the design's spec without features and policies that no term needs any more."""
    spec = design.spec
    spec = replace(spec, features=used_features(spec))
    needed = signals(spec)
    return replace(spec, missing={c: p for c, p in spec.missing.items() if c in needed})
