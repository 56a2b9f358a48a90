"""The sections of the page, in reading order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from attribution.charts.sources import claims, contrasts, rates, ways
from attribution.charts.words import capitalised, count, percent
from attribution.manifest import Manifest
from attribution.quantities.authenticity import is_of_fakes
from attribution.quantities.recorded import PER_RECORDED, is_of_recorded
from attribution.reporting import tables, words
from attribution.reporting.content import Block, Facts, Folded, Items, Missing, Section, Words
from attribution.reporting.figures import drawn, figure
from attribution.reporting.findings import Findings, attempt
from attribution.reporting.headline import answers, group_name
from attribution.reporting.provenance import joined
from attribution.spec.model import ModelSpec
from attribution.spec.words import equations, prior_lines


def sections(
    main: Findings, others: Sequence[Findings], compared: pl.DataFrame | None
) -> tuple[Section, ...]:
    """Return every section below the headline.

    Parameters
    ----------
    main
        The run whose numbers are the report's.
    others
        Runs of other models on the same posts.
    compared
        The comparison of all of them; None for a single run.
    """
    about = about_orders if main.about_orders else about_another
    found = [
        *about(main),
        *([] if compared is None else [comparison(compared, main.noun)]),
        *(other(findings, number) for number, findings in enumerate(others, start=2)),
        health(main),
        model(main),
        data(main),
        made(main),
    ]
    return tuple(section for section in found if section.blocks)


def about_orders(found: Findings) -> tuple[Section, ...]:
    """Return the sections of a model of orders, those that it has no numbers for included."""
    return (
        signals(found),
        groups(found),
        funnel(found),
        audiences(found),
        fakes(found),
        capture(found),
        contributions(found),
        roi(found),
    )


def about_another(found: Findings) -> tuple[Section, ...]:
    """Return the sections of a model of another outcome, contributions and ROI where it has any."""
    parts = () if isinstance(found.contributions, Missing) else (contributions(found),)
    money = () if isinstance(found.roi, Missing) else (roi(found),)
    of_days = (halo(found),) if is_halo(found) else ()
    return (
        *of_days,
        *(estimates(found), groups(found), audiences(found)),
        *parts,
        *money,
        parameters(found),
    )


def is_halo(found: Findings) -> bool:
    """Whether the run is of daily sales and what posts bring to them."""
    return "halo_share" in found.effects["quantity"]


def halo(found: Findings) -> Section:
    """Return daily sales with and without posts."""
    blocks = (Words((words.HALO,)), figure("halo", found))
    return Section("halo", words.HALO_TITLE.format(outcome=found.outcome), blocks)


def signals(found: Findings) -> Section:
    """Return what reach, likes and comments are worth."""
    blocks = (
        Words((words.SIGNALS,)),
        figure("forest", found),
        figure("density", found),
        figure("response", found),
        _folded_estimates(found.effects.filter(~pl.col("scope").is_in(["contrast", "creator"]))),
    )
    return Section("signals", words.SIGNALS_TITLE, blocks)


def estimates(found: Findings) -> Section:
    """Return what goes with an outcome that is not orders."""
    title = words.ESTIMATES_TITLE.format(outcome=found.outcome)
    if isinstance(found.estimates, Missing):
        return Section("estimates", title, (found.estimates,))
    rows = found.effects.filter(~pl.col("scope").is_in(["contrast", "creator"]))
    if rows.is_empty():
        return Section("estimates", title, ())
    names = ("forest", "density", *(() if is_halo(found) else ("response",)))
    charts = (figure(name, found) for name in names)
    return Section("estimates", title, (*charts, _folded_estimates(rows)))


def parameters(found: Findings) -> Section:
    """Return every parameter of the model, levels of large groups aside."""
    frame = found.run.parameters()
    blocks = (Words((words.PARAMETERS,)), tables.parameters(frame))
    return Section("parameters", words.PARAMETERS_TITLE, blocks)


def _folded_estimates(frame: pl.DataFrame) -> Folded:
    title = words.ALL_ESTIMATES.format(count=count(frame.height, "row"))
    return Folded(title, (tables.estimates(frame, "Estimates"),))


def groups(found: Findings) -> Section:
    """Return how tiers differ; no blocks where there is one tier."""
    rows = contrasts(found.effects)
    title = words.GROUPS_TITLE if found.about_orders else words.LEVELS_TITLE
    title = title.format(group=group_name(found))
    if rows.is_empty():
        return Section("groups", title, ())
    return Section("groups", title, (figure("contrasts", found), _folded_estimates(rows)))


def funnel(found: Findings) -> Section:
    """Return by which ways tiers differ; no blocks of a model without stages."""
    rows = pl.concat([claims(found.effects), ways(found.effects)])
    if rows.is_empty():
        return Section("funnel", words.FUNNEL_TITLE, ())
    charts = (figure(name, found) for name in ("claim", "funnel"))
    blocks = (Words((words.FUNNEL,)), *charts, _folded_estimates(rows))
    return Section("funnel", words.FUNNEL_TITLE, blocks)


def audiences(found: Findings) -> Section:
    """Return the creators' audiences; no blocks where the model has no creators."""
    ranking = attempt("Creators", found.run.susceptibility)
    if isinstance(ranking, Missing):
        return Section("creators", words.CREATORS_TITLE, ())
    every = Folded(words.ALL_CREATORS, (tables.susceptibility(ranking),))
    of_luck = attempt("Luck", found.run.luck)
    share = of_luck if isinstance(of_luck, Missing) else tables.luck(of_luck, words.LUCK)
    blocks = (Words((words.CREATORS,)), figure("creators", found), share, every)
    return Section("creators", words.CREATORS_TITLE, blocks)


def fakes(found: Findings) -> Section:
    """Return shares of fake engagement; no blocks of a model without them."""
    rows = found.effects.filter(is_of_fakes())
    if rows.is_empty():
        return Section("fakes", words.FAKES_TITLE, ())
    blocks = (Words((words.FAKES,)), figure("fakes", found), _folded_estimates(rows))
    return Section("fakes", words.FAKES_TITLE, blocks)


def capture(found: Findings) -> Section:
    """Return orders beyond recorded ones; no blocks of a model that says nothing of them."""
    rows = found.effects.filter(is_of_recorded())
    if rows.is_empty():
        return Section("capture", words.CAPTURE_TITLE, ())
    told = rows.filter(pl.col("quantity") == PER_RECORDED)
    charts = () if told.is_empty() else (figure("capture", found),)
    blocks = (Words((words.CAPTURE,)), *charts, _folded_estimates(rows))
    return Section("capture", words.CAPTURE_TITLE, blocks)


def contributions(found: Findings) -> Section:
    """Return the split of the observed orders, or why there is none."""
    table = found.contributions
    if isinstance(table, Missing):
        return Section("contributions", words.CONTRIBUTIONS_TITLE, (table,))
    blocks = (
        Words((words.CONTRIBUTIONS,)),
        figure("contributions", found),
        Folded("As a table", (tables.contributions(table),)),
    )
    return Section("contributions", words.CONTRIBUTIONS_TITLE, blocks)


def roi(found: Findings) -> Section:
    """Return realised and expected ROI, or why there is none."""
    if isinstance(found.roi, Missing):
        return Section("roi", words.ROI_TITLE, (found.roi,))
    captions = {"total": "All posts", "tier": "By tier", "creator": "By creator"}
    shown = [
        tables.roi(frame, captions[frame["by"][0]])
        for frame in found.roi.partition_by("by", maintain_order=True)
    ]
    intro = Words((words.ROI.format(margin=percent(found.margin)),))
    return Section("roi", words.ROI_TITLE, (intro, figure("roi", found), *shown))


def comparison(compared: pl.DataFrame, noun: str) -> Section:
    """Return how the models compare."""
    blocks = (
        Words((words.COMPARISON.format(noun=noun),)),
        drawn("comparison", compared),
        tables.comparison(compared),
    )
    return Section("comparison", words.COMPARISON_TITLE, blocks)


def other(found: Findings, number: int) -> Section:
    """Return what another model says of the same posts."""
    run = found.run
    answered = tuple(
        (answer.question, f"{answer.short}. {answer.text}") for answer in answers(found)
    )
    shown = rates(found.effects)
    blocks: tuple[Block, ...] = (
        Words((run.spec.title,)),
        Facts(answered),
        *(
            ()
            if shown.is_empty()
            else (figure("forest", found, f"run{number}-"), _folded_estimates(shown))
        ),
        *(() if found.about_orders else parameters(found).blocks[1:]),
        Folded("Health checks", (tables.checks(run.manifest.health),)),
        *_assumed(run.spec, "What this model assumes"),
    )
    return Section(f"run{number}", words.OTHER_TITLE.format(name=run.name), blocks)


def health(found: Findings) -> Section:
    """Return the health gate and what the statistician wants to see."""
    blocks = (
        Words((words.HEALTH,)),
        tables.checks(found.run.manifest.health),
        figure("predictive", found),
        Folded(words.STATISTICIAN, (figure("ranks", found), figure("trace", found))),
    )
    return Section("health", words.HEALTH_TITLE, blocks)


def model(found: Findings) -> Section:
    """Return what the model assumes, and what it could not use."""
    spec, absent = found.run.spec, found.run.manifest.absent
    lacking: Block = Words((words.NOTHING_ABSENT,))
    if absent:
        rows = ((item.part, item.reason) for item in absent)
        lacking = tables.pairs("What this table could not answer", ("part", "why"), rows)
    said = [text for text in (spec.title, spec.question) if text not in ("", spec.name)]
    blocks = (
        *((Words((". ".join(said),)),) if said else ()),
        *((Items(spec.assumptions),) if spec.assumptions else ()),
        *(() if found.about_orders else (_equations(found.run.design.spec),)),
        lacking,
        *((Folded("References", (Items(spec.references),)),) if spec.references else ()),
    )
    return Section("model", words.MODEL_TITLE, blocks)


def _assumed(spec: ModelSpec, title: str) -> tuple[Block, ...]:
    return (Folded(title, (Items(spec.assumptions),)),) if spec.assumptions else ()


def _equations(spec: ModelSpec) -> Block:
    """Return what a model of one's own states; nobody else described it."""
    priors = (Items(tuple(" ".join(line.split()) for line in prior_lines(spec))),)
    return Folded(words.EQUATIONS, (Items(tuple(equations(spec))), *priors))


def data(found: Findings) -> Section:
    """Return how orders met posts, and what was left out."""
    aside = found.run.manifest.set_aside
    provenance = found.run.manifest.provenance
    blocks = list(joined(provenance))
    if provenance is None and not found.about_orders:
        blocks = [Words((words.BROUGHT,))]
    if rejected := found.run.manifest.rejected_rows:
        blocks.append(Words((words.REJECTED.format(count=count(rejected, "row")),)))
    if aside:
        rows = ((item.post_id, item.reason) for item in aside)
        title = words.SET_ASIDE.format(count=count(len(aside), found.noun))
        caption = f"{capitalised(found.noun)}s left out"
        blocks.append(Folded(title, (tables.pairs(caption, (found.noun, "why"), rows),)))
    else:
        blocks.append(Words((words.NOTHING_SET_ASIDE.format(noun=found.noun),)))
    joins = provenance is not None or found.about_orders
    title = words.DATA_TITLE if joins else words.BROUGHT_TITLE
    return Section("data", title, tuple(blocks))


def made(found: Findings) -> Section:
    """Return what is needed to make the same numbers again."""
    manifest = found.run.manifest
    facts = [
        ("run", found.run.name),
        ("model", manifest.spec_name),
        ("made", manifest.created),
        ("seed", str(manifest.seed)),
        ("draws", _drawn(manifest)),
        ("outcome and exposure", f"{manifest.outcome}, {manifest.exposure}")
        if manifest.exposure
        else ("outcome", manifest.outcome),
        ("versions", _listed(manifest.versions.items())),
        ("seconds", _listed((stage, f"{took:.1f}") for stage, took in manifest.timings.items())),
        *((f"SHA-256 of {name}", digest) for name, digest in manifest.hashes.items()),
    ]
    return Section("made", words.MADE_TITLE, (Facts(tuple(facts)),))


def _drawn(manifest: Manifest) -> str:
    count = f"{manifest.chains} chains × {manifest.draws:,}"
    if manifest.approximate:
        return f"{count} of Metropolis-Hastings, proposed by an approximation"
    return f"{count}, after {manifest.tune:,} to tune"


def _listed(pairs: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs)
