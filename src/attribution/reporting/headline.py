"""The headline: the reader's questions, each with an answer in plain words and its probability."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from attribution.charts.words import capitalised, listing, number, percent, span
from attribution.quantities.estimates import CANNOT_TELL, PROBABILITY
from attribution.quantities.of_numbers import COMMENT_LESS_LIKE, STEPS
from attribution.quantities.roi import PAUSE, REBOOK
from attribution.quantities.totals import SHARE_FLOOR
from attribution.reporting import words
from attribution.reporting.claimed import claim
from attribution.reporting.content import Answer, Missing
from attribution.reporting.findings import Findings
from attribution.reporting.recorded import counted, recorded

Row = dict[str, Any]

ALIKE = 0.1
"""Share of the overall elasticity that groups' may differ by and still be told as one."""

MOST_ANSWERS = 8
"""Estimates in the headline of an outcome that is not orders; the tables below have all."""


def answers(found: Findings) -> tuple[Answer, ...]:
    """Return the answers to the report's questions, those it cannot answer included."""
    if not found.about_orders:
        return (*goes_with(found), belief(found))
    asked = (likes(found), comments(found), groups(found), *claim(found), *recorded(found))
    return (*asked, money(found))


def goes_with(found: Findings) -> tuple[Answer, ...]:
    """Answer, of an outcome that is not orders, what every estimate over all rows says."""
    rows = found.effects.filter(pl.col("scope") == "overall").rows(named=True)
    if not rows:
        question = words.ASK_OUTCOME.format(outcome=found.outcome)
        return (Answer(question, words.SEE_BELOW, words.NO_ESTIMATES),)
    return tuple(_estimated(row) for row in rows[:MOST_ANSWERS])


def _estimated(row: Row) -> Answer:
    text = words.ESTIMATED.format(
        median=number(row["median"]),
        unit=row["unit"],
        span=span(row["lower"], row["upper"]),
        prob=percent(row["prob"]),
        weights=f"; {row['weighting']}" if row["weighting"] else "",
    )
    if row["statement"] is not None:
        prior = row["prior_probability"]
        text += words.STATED.format(
            statement=row["statement"],
            posterior=odds(row["probability"]),
            prior="" if prior is None else words.BEFORE.format(prior=odds(prior)),
        )
    short = words.CANNOT_TELL if row["answer"] == CANNOT_TELL else capitalised(row["answer"])
    return Answer(row["label"], short, f"{text}.")


def belief(found: Findings) -> Answer:
    """Answer whether the model may be believed."""
    checks = found.run.manifest.health
    by = {s: [c.name for c in checks if c.status == s] for s in ("fail", "warn")}
    if by["fail"]:
        text = words.FAILED.format(names=", ".join(by["fail"]))
        return Answer(words.ASK_BELIEF, words.NO, text)
    if by["warn"]:
        text = words.WARNED.format(names=", ".join(by["warn"]))
        return Answer(words.ASK_BELIEF, words.YES, text)
    return Answer(words.ASK_BELIEF, words.YES, words.BELIEVED.format(count=len(checks)))


def odds(value: float | None) -> str:
    """Return a probability in words, never certain: ``0.98``, ``above 0.99``."""
    if value is None:
        return "unknown"
    if value > 0.99:
        return "above 0.99"
    return "below 0.01" if value < 0.01 else f"{value:.2f}"


def likes(found: Findings) -> Answer:
    """Answer whether people who like a post buy."""
    rate, share = found.overall("orders_per_1000_likes"), found.overall("share_of_orders_likes")
    if rate is None or share is None:
        return _elasticity(found, words.ASK_LIKES, "likes")
    chances = words.SHARE_ODDS.format(
        floor=percent(SHARE_FLOOR),
        posterior=odds(share["probability"]),
        prior=odds(share["prior_probability"]),
    )
    filled = _filled(rate) | {"share": percent(share["median"]), "odds": chances}
    if share["answer"] == CANNOT_TELL:
        return Answer(words.ASK_LIKES, words.CANNOT_TELL, words.LIKES_UNSURE.format(**filled))
    if share["probability"] > 0.5:
        return Answer(words.ASK_LIKES, words.YES, words.LIKES_YES.format(**filled))
    return Answer(words.ASK_LIKES, words.NO, words.LIKES_NO.format(**filled))


def comments(found: Findings) -> Answer:
    """Answer what a comment is worth against a like."""
    ratio = found.overall("likes_per_comment")
    if ratio is None:
        return _against(found)
    if ratio["answer"] == CANNOT_TELL:
        text = words.COMMENTS_UNSURE.format(**_filled(ratio))
        return Answer(words.ASK_COMMENTS, words.CANNOT_TELL, text)
    short = words.YES if ratio["probability"] > 0.5 else words.NO
    return Answer(words.ASK_COMMENTS, short, words.COMMENTS_SURE.format(**_filled(ratio)))


def _elasticity(found: Findings, question: str, signal: str) -> Answer:
    """Answer from a regression, which knows changes but no rates."""
    row = found.overall(f"elasticity_{signal}")
    if row is None:
        return Answer(question, words.NOT_ASKED, words.NO_SIGNAL.format(signal=signal))
    return Answer(question, _short(row), _changes(found, row, signal))


def _against(found: Findings) -> Answer:
    """Answer from a regression how one more comment compares with one more like."""
    row, question = found.overall(COMMENT_LESS_LIKE), words.ASK_COMMENTS
    each = {signal: found.overall(_more(signal)) for signal in STEPS}
    of_comments = found.overall("elasticity_comments")
    if row is None or of_comments is None or None in each.values():
        return Answer(question, words.NOT_ASKED, words.NO_COMPARISON)
    one = {s: number(r["median"] / STEPS[s]) for s, r in each.items() if r is not None}
    text = words.COMMENT_LESS_LIKE.format(
        comment=one["comments"], like=one["likes"], **_filled(row)
    )
    whole = " ".join((text, *_by_group(found, of_comments, "comments")))
    return Answer(question, _short(row), whole)


def _short(row: Row) -> str:
    if row["answer"] == CANNOT_TELL:
        return words.CANNOT_TELL
    return words.YES if row["probability"] > 0.5 else words.NO


def _more(signal: str) -> str:
    return f"change_per_{STEPS[signal]:.0f}_{signal}"


def _changes(found: Findings, row: Row, signal: str) -> str:
    """Tell what more of a signal goes with: in orders, in % of both, and where groups differ."""
    text = words.ELASTICITY.format(signal=signal, **_sized(row), **_filled(row))
    change = found.overall(_more(signal))
    if change is not None:
        size = _filled(change) | {"median": number(abs(change["median"]))}
        amount = f"{STEPS[signal]:,.0f}"
        more = words.MORE.format(amount=amount, signal=signal, **_direction(change), **size)
        text = f"{more} {text}"
    return " ".join((text, *_by_group(found, row, signal)))


def _by_group(found: Findings, row: Row, signal: str) -> Iterator[str]:
    """Tell a signal's elasticity group by group, where they differ beyond rounding."""
    rows = found.effects.filter(
        pl.col("quantity") == row["quantity"], ~pl.col("scope").is_in(["overall", "contrast"])
    )
    if rows.height < 2 or np.ptp(rows["median"].to_numpy()) < ALIKE * abs(row["median"]):
        return
    each = [
        (words.ONE_UNSURE if one["answer"] == CANNOT_TELL else words.ONE).format(
            name=one["group"], **_sized(one)
        )
        for one in rows.rows(named=True)
    ]
    yield words.BY_GROUP.format(group=group_name(found), signal=signal, each=listing(each))


def _sized(row: Row) -> dict[str, str]:
    return {"size": number(abs(row["median"])), **_direction(row)}


def _direction(row: Row) -> dict[str, str]:
    return {"direction": "more" if row["median"] > 0 else "fewer"}


def _filled(row: Row) -> dict[str, str]:
    return {
        "rate": number(row["median"]),
        "median": number(row["median"]),
        "span": span(row["lower"], row["upper"]),
        "prob": percent(row["prob"]),
        "posterior": odds(row["probability"]),
        "prior": odds(row["prior_probability"]),
    }


def group_name(found: Findings) -> str:
    """Return what groups are called: ``tier``, or the column the model groups by."""
    scopes = found.effects.filter(
        ~pl.col("scope").is_in(["overall", "contrast", "creator", "creator_id"])
    )["scope"]
    return str(scopes[0]).replace("_", " ") if scopes.len() else "tier"


def groups(found: Findings) -> Answer:
    """Answer which tier pays: by the return on its cost, else in orders per exposure."""
    group = group_name(found)
    question = words.ASK_GROUPS.format(group=group)
    best = found.effects.filter(
        pl.col("statement") == "P(best)", pl.col("quantity").str.ends_with("_in_all")
    ).sort("probability", descending=True)
    if best.height < 2:
        return Answer(question, words.NOT_ASKED, words.BEST_ALONE.format(group=group))
    by_orders = _most_orders(best.row(0, named=True), group, question)
    verdicts = found.roi_by("tier").rows(named=True)
    known = [row for row in verdicts if row["verdict"] is not None]
    if not known:
        return by_orders
    return Answer(question, _who_pays(known), f"{_said(known)} {by_orders.text}")


def _most_orders(leader: Row, group: str, question: str) -> Answer:
    """Answer by orders per exposure, from the row of the group most probably best."""
    unsure = leader["answer"] == CANNOT_TELL
    filled = _filled(leader) | {
        "name": leader["group"],
        "group": group,
        "rate": _per(leader["label"]),
    }
    text = (words.BEST_UNSURE if unsure else words.BEST_SURE).format(**filled)
    return Answer(question, words.CANNOT_TELL if unsure else leader["group"], text)


def _per(label: str) -> str:
    """Return ``per 1,000 reached`` from ``Orders per 1,000 reached, all ways ...``."""
    rate = label.partition(":")[0].removesuffix(", all ways together")
    return rate.removeprefix("Orders ")


def _who_pays(rows: list[Row]) -> str:
    pays = [row["group"] for row in rows if row["verdict"] == "rebook"]
    if pays:
        return listing(pays)
    return words.NONE_PAYS if all(row["verdict"] == "pause" for row in rows) else words.CANNOT_TELL


def _said(rows: list[Row]) -> str:
    said = [
        words.GROUP_VERDICT.format(
            verdict=row["verdict"], name=row["group"], odds=odds(row["p_profit"])
        )
        for row in rows
    ]
    return words.GROUP_ROI.format(verdicts=listing(said))


def money(found: Findings) -> Answer:
    """Answer what the posts returned, and what they would return again."""
    if isinstance(found.roi, Missing):
        reason = words.MISSING.format(what=found.roi.what, reason=found.roi.reason)
        return Answer(words.ASK_ROI, words.NOT_ASKED, reason)
    row = found.roi_by("total").row(0, named=True)
    if row["expected_roi_median"] is None:
        return Answer(
            words.ASK_ROI,
            words.NOT_ASKED,
            words.MISSING.format(what="Return on investment", reason="no post has a known cost"),
        )
    currency = found.run.manifest.currency or ""
    said = (
        words.ROI_REALISED.format(
            cost=f"{currency} {row['cost']:,.0f}".strip(), roi=signed(row["realised_roi"])
        ),
        words.ROI_EXPECTED.format(
            median=signed(row["expected_roi_median"]),
            span=f"{signed(row['expected_roi_lower'])} to {signed(row['expected_roi_upper'])}",
            prob=percent(PROBABILITY),
            odds=odds(row["p_profit"]),
        ),
        counted(found, row, odds),
        words.ROI_SIGN.format(margin=percent(found.margin)),
        _creator_verdicts(found.roi_by("creator")),
    )
    text = " ".join(sentence for sentence in said if sentence)
    shorts = {"rebook": words.YES, "pause": words.NO}
    return Answer(words.ASK_ROI, shorts.get(row["verdict"], words.CANNOT_TELL), text.strip())


def signed(value: float | None) -> str:
    """Return a return as a signed percentage of the cost, e.g. ``+35 %``."""
    if value is None:
        return "unknown"
    return f"{value:+,.0%}".replace("%", " %").replace("-", "−")


def _creator_verdicts(roi: pl.DataFrame) -> str:
    known = roi.drop_nulls("verdict") if not roi.is_empty() else roi
    if known.is_empty():
        return ""
    tally = {
        name: int((known["verdict"] == name).sum()) for name in ("rebook", "test again", "pause")
    }
    return words.VERDICTS.format(
        creators=f"{known.height:,} creators",
        rebook=tally["rebook"],
        again=tally["test again"],
        pause=tally["pause"],
        high=REBOOK,
        low=PAUSE,
    )
