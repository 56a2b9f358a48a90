"""Fabricated tidy tables, small and obviously invented, in the shapes that charts and report take.

Nothing here was estimated: the numbers are chosen so that each chart has something to say.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from attribution.quantities.estimates import SCHEMA
from attribution.quantities.recorded import RECORDED

TIERS = ("nano", "micro", "mid", "macro")
THESE = "these creators"
NEW = "new creator of the tier"


def estimate(
    quantity: str, label: str, unit: str, median: float, spread: float, /, **more: object
) -> dict[str, object]:
    """Return one row of the tidy estimate table with a plausible interval around the median."""
    row: dict[str, object] = {
        "quantity": quantity,
        "label": label,
        "scope": "overall",
        "group": "all",
        "population": THESE,
        "weighting": "per post",
        "unit": unit,
        "mean": median,
        "sd": spread / 1.6,
        "median": median,
        "lower": median - spread,
        "upper": median + spread,
        "interval": "eti",
        "prob": 0.89,
        "statement": None,
        "probability": None,
        "prior_probability": None,
        "answer": "estimated",
        "ess_bulk": 1800.0,
        "ess_tail": 1500.0,
        "mcse_mean": spread / 100,
    }
    return row | more


IN_ALL = "Orders per 1,000 reached, all ways together"
RATES = {
    "orders_per_1000_reached_in_all": (
        IN_ALL,
        "orders per 1,000 reached",
        0.4,
    ),
    "orders_per_1000_likes": ("Orders per 1,000 likes", "orders per 1,000 likes", 6.0),
    "orders_per_100_comments": ("Orders per 100 comments", "orders per 100 comments", 8.0),
}


def _rates() -> list[dict[str, object]]:
    rows = []
    for quantity, (label, unit, level) in RATES.items():
        rows.append(estimate(quantity, label, unit, level, level * 0.15))
        for k, tier in enumerate(TIERS):
            size = level * (1.6 - 0.35 * k)
            for population, width in ((THESE, 0.2), (NEW, 0.35)):
                rows.append(
                    estimate(
                        quantity,
                        label,
                        unit,
                        size,
                        size * width,
                        scope="tier",
                        group=tier,
                        population=population,
                    )
                )
    return rows


def stated(
    statement: str, chance: float, high: str = "above", low: str = "below"
) -> dict[str, object]:
    """Return the columns of a statement, its probability and its answer."""
    answer = high if chance >= 0.95 else low if chance <= 0.05 else "cannot tell"
    return {
        "statement": statement,
        "probability": chance,
        "prior_probability": 0.5,
        "answer": answer,
    }


def _ratios() -> list[dict[str, object]]:
    name = ("likes_per_comment", "Likes worth one comment", "likes")
    words = ("a comment is worth more than a like", "a like is worth more than a comment")
    return [
        estimate(*name, 13.4, 6.0, **stated("P(comment > like)", 0.998, *words)),
        *(
            estimate(
                *name,
                median,
                spread,
                scope="tier",
                group=tier,
                **stated("P(comment > like)", chance, *words),
            )
            for tier, median, spread, chance in (
                ("nano", 9.0, 8.5, 0.8),
                ("micro", 15.0, 7.5, 0.97),
            )
        ),
    ]


def _shares() -> list[dict[str, object]]:
    return [
        estimate(
            f"share_of_orders_{part}",
            f"Share of orders through {part}",
            "share",
            share,
            0.06,
            weighting="per expected order",
            **stated("P(share > 5%)", 0.99, f"{part} bring orders", f"{part} bring next to none"),
        )
        for part, share in (("reach", 0.15), ("likes", 0.5), ("comments", 0.35))
    ]


def _contrasts() -> list[dict[str, object]]:
    pairs = (("nano", "micro", 1.3, 0.93), ("nano", "macro", 2.8, 0.99), ("mid", "macro", 1.1, 0.6))
    ratios = [
        estimate(
            "tier_contrast_orders_per_1000_likes",
            "Orders per 1,000 likes: ratio",
            "ratio",
            median,
            median * 0.3,
            scope="contrast",
            group=f"{a} / {b}",
            population=NEW,
            **stated(f"P({a} > {b})", chance, f"{a} is higher", f"{b} is higher"),
        )
        for a, b, median, chance in pairs
    ]
    return [*ratios, *_best("Orders per 1,000 likes"), *_best(IN_ALL)]


def _best(label: str) -> list[dict[str, object]]:
    quantity = next(name for name, (words, _, _) in RATES.items() if words == label)
    nothing = dict.fromkeys(("mean", "sd", "median", "lower", "upper", "interval", "prob"))
    return [
        estimate(
            f"best_tier_{quantity}",
            f"{label}: highest tier",
            "probability",
            0.0,
            0.0,
            scope="tier",
            group=tier,
            population=NEW,
            **stated("P(best)", chance, "best", "not best"),
            **nothing,
        )
        for tier, chance in zip(TIERS, (0.96, 0.02, 0.01, 0.01), strict=True)
    ]


def _creators() -> list[dict[str, object]]:
    return [
        estimate(
            "creator_multiplier",
            "Orders against an average creator, engagement and exposure alike",
            "ratio",
            float(size),
            0.3 * float(size),
            scope="creator",
            group=f"creator_{i:02d}",
            weighting="none",
            **stated("P(> 1)", float(np.clip((size - 0.3) / 1.2, 0.001, 0.999))),
        )
        for i, size in enumerate(np.geomspace(0.3, 3.0, 60))
    ]


def effects() -> pl.DataFrame:
    """Return effects of an invented additive run: rates, ratio, shares, contrasts, creators."""
    rows = [*_rates(), *_shares(), *_ratios(), *_contrasts(), *_creators()]
    return pl.DataFrame(rows, schema=SCHEMA)


def draws(seed: int = 1) -> pl.DataFrame:
    """Return invented long draws of two quantities, one positive and skewed, one around 0."""
    generator = np.random.default_rng(seed)
    ratio = generator.lognormal(2.5, 0.35, 1000)
    elasticity = generator.normal(0.05, 0.2, 1000)
    return pl.concat(
        [
            long_draws("likes_per_comment", "Likes worth one comment", "likes", 1.0, ratio),
            long_draws(
                "elasticity_likes", "Change in orders for 1 % more likes", "%", 0.0, elasticity
            ),
        ]
    )


def long_draws(
    quantity: str, label: str, unit: str, reference: float, values: np.ndarray
) -> pl.DataFrame:
    """Return draws of one quantity as the charts take them."""
    chance = float(np.mean(values > reference))
    lower, upper = np.quantile(values, [0.055, 0.945])
    return pl.DataFrame({"value": values}).with_columns(
        quantity=pl.lit(quantity),
        label=pl.lit(label),
        unit=pl.lit(unit),
        group=pl.lit("all"),
        population=pl.lit(THESE),
        reference=pl.lit(reference),
        probability=pl.lit(chance),
        answer=pl.lit(stated("P(> 0)", chance)["answer"]),
        lower=pl.lit(float(lower)),
        upper=pl.lit(float(upper)),
        interval=pl.lit("eti"),
        prob=pl.lit(0.89),
    )


def curve() -> pl.DataFrame:
    """Return invented response curves of three tiers, each over its own range of the signal."""
    ranges = {
        "nano": (30, 600),
        "micro": (200, 4000),
        "mid": (1500, 30000),
        "macro": (20000, 200000),
    }
    rows = []
    for signal, scale in (("likes", 1.0), ("comments", 1 / 30)):
        for k, (tier, (low, high)) in enumerate(ranges.items()):
            for x in np.geomspace(low * scale / 3, high * scale * 3, 30):
                median = 0.3 * (k + 1) + 0.006 / scale * x / (k + 1)
                rows.append(
                    {
                        "signal": signal,
                        "tier": tier,
                        "by": "tier",
                        "outcome": "orders",
                        "x": float(x),
                        "median": float(median),
                        "lower": float(median * 0.7),
                        "upper": float(median * 1.4),
                        "interval": "eti",
                        "prob": 0.89,
                        "population": NEW,
                        "observed_low": low * scale,
                        "observed_high": high * scale,
                        "unit": "orders per post",
                    }
                )
    return pl.DataFrame(rows)


def contributions() -> pl.DataFrame:
    """Return invented credited orders by part, by tier and in total."""
    shares = {"reach": 0.15, "likes": 0.5, "comments": 0.35}
    observed = {"all": 5210, "nano": 610, "micro": 2400, "mid": 1300, "macro": 900}
    rows = [
        {
            "by": "total" if group == "all" else "tier",
            "group": group,
            "part": part,
            "population": THESE,
            "unit": "credited orders",
            "observed": orders,
            "mean": orders * share,
            "sd": orders * 0.03,
            "median": orders * share,
            "lower": orders * (share - 0.06),
            "upper": orders * (share + 0.06),
            "share_mean": share,
            "share_lower": share - 0.06,
            "share_upper": share + 0.06,
            "interval": "eti",
            "prob": 0.89,
            "ess_bulk": 1800.0,
            "ess_tail": 1500.0,
            "mcse_mean": 1.0,
        }
        for group, orders in observed.items()
        for part, share in shares.items()
    ]
    return pl.DataFrame(rows)


def predictive() -> pl.DataFrame:
    """Return an invented posterior-predictive check: one bin is missed."""
    bins = [
        ("0", 0.31, 0.27, 0.30, 0.33),
        ("1", 0.2, 0.17, 0.19, 0.21),
        ("2–3", 0.12, 0.16, 0.19, 0.22),
        ("4–7", 0.18, 0.14, 0.17, 0.2),
        ("8+", 0.19, 0.12, 0.15, 0.2),
    ]
    totals = [
        ("nano", 610, 520, 600, 700),
        ("micro", 2400, 2100, 2380, 2700),
        ("mid", 1300, 1100, 1290, 1500),
        ("macro", 900, 700, 880, 1100),
    ]
    rows = [("share of posts by orders", "share of posts", *row) for row in bins]
    rows += [("total orders by tier", "orders", *row) for row in totals]
    frame = pl.DataFrame(
        rows,
        schema=["panel", "unit", "group", "observed", "lower", "median", "upper"],
        orient="row",
        strict=False,
    )
    return frame.with_columns(interval=pl.lit("eti"), prob=pl.lit(0.89), fails=pl.lit(value=False))


def _roi_row(by: str, group: str, median: float, spread: float, cost: float) -> dict[str, object]:
    chance = float(np.clip(0.5 + median / (2 * spread), 0.003, 0.997))
    verdict = "rebook" if chance >= 0.8 else "pause" if chance <= 0.2 else "test again"
    return {
        "by": by,
        "group": group,
        "population": THESE,
        "basis": RECORDED,
        "posts": 12,
        "posts_without_cost": 0,
        "orders": 40,
        "cost": cost,
        "net_revenue": cost * (1 + median),
        "realised_roi": (1 + median) * 1.15 - 1,
        "margin": 1.0,
        "expected_orders_mean": 41.0,
        "expected_orders_lower": 30.0,
        "expected_orders_upper": 55.0,
        "expected_roi_mean": median * 1.02,
        "expected_roi_sd": spread / 1.6,
        "expected_roi_median": median,
        "expected_roi_lower": max(median - spread, -0.99),
        "expected_roi_upper": median + spread,
        "break_even_fee_median": cost / 12 * (1 + median),
        "break_even_fee_lower": cost / 12 * 0.5,
        "break_even_fee_upper": cost / 12 * 2,
        "interval": "eti",
        "prob": 0.89,
        "p_profit": chance,
        "ess_bulk": 1800.0,
        "ess_tail": 1500.0,
        "mcse_mean": 0.004,
        "verdict": verdict,
    }


def roi(creators: int = 60) -> pl.DataFrame:
    """Return invented ROI of all, of tiers and of creators."""
    rows = [_roi_row("total", "all", 0.35, 0.2, 250_000.0)]
    rows += [
        _roi_row("tier", tier, 1.2 - 0.5 * k, 0.4, 40_000.0 * (k + 1))
        for k, tier in enumerate(TIERS)
    ]
    medians = np.geomspace(0.15, 12.0, creators) - 1
    rows += [
        _roi_row(
            "creator",
            f"creator_{i:02d}",
            float(m),
            0.35 * (float(m) + 1.1),
            500.0 + 37.0 * ((i * 17) % creators),
        )
        for i, m in enumerate(medians)
    ]
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(currency=pl.lit("EUR"))


def comparison() -> pl.DataFrame:
    """Return an invented comparison of two models."""
    common = {
        "p_loo": 80.0,
        "worst_k": 0.62,
        "n_bad_k": 0,
        "roi_ranking": "the same three tiers lead",
    }
    return pl.DataFrame(
        [
            {
                "model": "additive",
                "rank": 1,
                "elpd": -2310.0,
                "se": 40.0,
                "elpd_diff": 0.0,
                "se_diff": 0.0,
                "weight": 0.7,
                "reading": "best, but too close to call",
                **common,
            },
            {
                "model": "engagement",
                "rank": 2,
                "elpd": -2318.5,
                "se": 41.0,
                "elpd_diff": -8.5,
                "se_diff": 6.1,
                "weight": 0.3,
                "reading": "too close to call",
                **common,
            },
        ]
    )


def ranks(seed: int = 2) -> pl.DataFrame:
    """Return invented rank counts of four chains in 20 bins."""
    generator = np.random.default_rng(seed)
    rows = []
    for parameter, r_hat in (("rate", 1.001), ("sd of creators", 1.004), ("alpha", 1.002)):
        counts = generator.multinomial(1000, np.full(20, 0.05), size=4)
        rows += [
            {
                "parameter": parameter,
                "chain": c,
                "bin": b,
                "count": int(counts[c, b]),
                "expected": 50.0,
                "r_hat": r_hat,
                "r_hat_limit": 1.01,
                "ess": 1500.0,
            }
            for c in range(4)
            for b in range(20)
        ]
    return pl.DataFrame(rows)


def trace(seed: int = 3) -> pl.DataFrame:
    """Return invented traces of four chains."""
    generator = np.random.default_rng(seed)
    frames = [
        pl.DataFrame(
            {"draw": np.arange(400), "value": generator.normal(centre, 0.1, 400)}
        ).with_columns(parameter=pl.lit(parameter), chain=pl.lit(c))
        for parameter, centre in (("rate", -7.0), ("alpha", 1.4))
        for c in range(4)
    ]
    return pl.concat(frames)


def funnel() -> pl.DataFrame:
    """Return invented effects of tiers by way of reach and engagement."""
    rows = []
    for by, people, ways in (
        ("followers", "followers", ("total", "direct", "through engagement", "through reach")),
        ("reach", "reached", ("total", "direct", "through engagement")),
    ):
        for tier, level, chance in (("nano", 1.9, 0.99), ("mid", 0.8, 0.3), ("macro", 0.3, 0.01)):
            words = (f"{tier} is higher", "micro is higher")
            for k, way in enumerate(ways):
                size = level ** (1.0 / (k + 1))
                rows.append(
                    estimate(
                        f"{way.replace(' ', '_')}_effect_by_{by}",
                        f"Effect of tier on orders per 1,000 {people}: {way}",
                        "ratio",
                        size,
                        0.3 * size,
                        scope="contrast",
                        group=f"{tier} / micro",
                        population=NEW,
                        **stated(f"P({tier} > micro)", chance, *words),
                    )
                )
    return pl.DataFrame(rows, schema=SCHEMA)


def claims() -> pl.DataFrame:
    """Return invented ratios of engagement rates, and the odds that they are above 1.6."""
    rows = []
    for by, level in (("reach", 0.9), ("followers", 1.7)):
        for pair, size, chance in (
            ("nano / micro", 0.8, 0.02),
            ("nano / macro", 2.2, 0.99),
            ("micro / macro", 1.5, 0.6),
        ):
            rows.append(
                estimate(
                    f"engagement_rate_ratio_by_{by}_above_1.6",
                    f"Engagement rate by {by}, a claim: 1.6 times",
                    "ratio",
                    size * level,
                    0.25 * size * level,
                    scope="contrast",
                    group=pair,
                    population=NEW,
                    **stated("P(> 1.6)", chance, "supported", "not supported"),
                )
            )
    return pl.DataFrame(rows, schema=SCHEMA)


def halo(answer: str = "posts bring orders") -> pl.DataFrame:
    """Return invented daily sales of ten weeks, and how an effect wears off."""
    number = np.arange(70)
    baseline = 100.0 + 0.2 * number + 6.0 * np.sin(2 * np.pi * number / 7)
    posts = 30.0 * 0.85 ** (number % 14)
    days = pl.date_range(pl.date(2025, 3, 3), pl.date(2025, 5, 11), eager=True)
    series = {"without posts": baseline, "with posts": baseline + posts, "through posts": posts}
    observed = np.round(baseline + posts + 8.0 * np.cos(5.0 * number))
    shown = [
        pl.DataFrame({"day": days, "observed": observed, "median": values}).with_columns(
            series=pl.lit(name), panel=pl.lit("days")
        )
        for name, values in series.items()
    ]
    left = pl.DataFrame({"lag": np.arange(43), "median": 0.85 ** np.arange(43)})
    table = pl.concat([*shown, left.with_columns(panel=pl.lit("decay"))], how="diagonal")
    return table.with_columns(
        mean=pl.col("median"),
        lower=0.8 * pl.col("median"),
        upper=pl.min_horizontal(
            1.2 * pl.col("median"), pl.when(pl.col("panel") == "decay").then(1)
        ),
        interval=pl.lit("eti"),
        prob=pl.lit(0.89),
        population=pl.lit("these posts"),
        outcome=pl.lit("orders"),
        share=pl.lit(0.12),
        share_lower=pl.lit(0.08),
        share_upper=pl.lit(0.16),
        answer=pl.lit(answer),
        method=pl.lit("nuts"),
    )


def fakes(creators: int = 50) -> pl.DataFrame:
    """Return invented shares of fakes by creator; every fifth has no score."""
    rows = []
    for i, share in enumerate(np.linspace(0.03, 0.75, creators)):
        chance = float(np.clip(0.5 + 3.0 * (share - 0.25), 0.01, 0.99))
        words = ("more fakes than average", "fewer fakes than average")
        label = "Share of fake engagement, by creator"
        row = estimate(
            "creator_fake_share",
            label,
            "share",
            share,
            0.02 + 0.2 * share,
            scope="creator",
            group=f"creator_{(i * 7) % creators:02d}",
            **stated("P(more than average)", chance, *words),
        )
        score = None if i % 5 == 0 else share + 0.05 * np.cos(i)
        rows.append(row | {"average": 0.25, "by_score": score})
    extra = {"average": pl.Float64, "by_score": pl.Float64}
    return pl.DataFrame(rows, schema=SCHEMA | extra)


def susceptibility() -> pl.DataFrame:
    """Return an invented ranking of 60 creators, most prone first, with luck's share."""
    sizes = np.geomspace(3.0, 0.3, 60)
    chances = np.clip((sizes - 0.3) / 1.2, 0.001, 0.999)
    raw = np.maximum(sizes**1.6 + 0.3 * np.sin(np.arange(60)), 0.0)
    count = len(sizes)
    answers = [
        "above average" if p >= 0.95 else "below average" if p <= 0.05 else "cannot tell"
        for p in chances
    ]
    return pl.DataFrame(
        {
            "rank": np.arange(1, count + 1),
            "group": [f"creator_{i:02d}" for i in range(count)],
            "scope": ["creator"] * count,
            "population": [THESE] * count,
            "posts": np.full(count, 6),
            "observed": np.round(10 * raw),
            "expected": np.full(count, 10.0),
            "raw": raw,
            "mean": sizes,
            "sd": 0.2 * sizes,
            "median": sizes,
            "lower": 0.7 * sizes,
            "upper": 1.4 * sizes,
            "interval": ["eti"] * count,
            "prob": np.full(count, 0.89),
            "unit": ["ratio"] * count,
            "shift": sizes - raw,
            "reliability": np.full(count, 0.6),
            "rank_mean": np.arange(1.0, count + 1),
            "rank_lower": np.maximum(np.arange(count) - 8.0, 1.0),
            "rank_upper": np.minimum(np.arange(count) + 9.0, 60.0),
            "top": np.full(count, 10),
            "p_top": np.linspace(0.95, 0.0, count),
            "p_top_fifth": np.linspace(0.97, 0.0, count),
            "statement": ["P(> 1)"] * count,
            "probability": chances,
            "answer": answers,
            "p_next": [*np.linspace(0.6, 0.7, count - 1), None],
            "method": ["nuts"] * count,
            "share_of_luck": np.full(count, 0.58),
            "share_of_luck_lower": np.full(count, 0.45),
            "share_of_luck_upper": np.full(count, 0.7),
        }
    )


def luck() -> pl.DataFrame:
    """Return invented estimates of how much is luck."""
    share = ("share_of_luck", "Share of luck in the differences between creators' observed rates")
    row = estimate(*share, "share", 0.58, 0.12, **stated("P(> 50%)", 0.86))
    return pl.DataFrame([row | {"weighting": "per creator"}], schema=SCHEMA)


def capture() -> pl.DataFrame:
    """Return two curves of a share and the orders for each recorded one under three priors."""
    value = np.linspace(0.01, 0.99, 40)
    curves = [
        pl.DataFrame({"value": value, "density": value**a * (1.0 - value) ** b})
        .with_columns(pl.col("density") / pl.col("density").mean())
        .with_columns(
            group=pl.lit(group),
            quantity=pl.lit("capture_share"),
            label=pl.lit("share of the orders that posts bring which is recorded"),
        )
        for group, a, b in (("before the data", 2, 4), ("after", 12, 24))
    ]
    label = "Orders brought, recorded or not, for each recorded order"
    answers = [
        estimate("orders_per_recorded_order", label, "orders", median, spread, group=group)
        for group, median, spread in (
            ("prior as stated", 2.9, 0.9),
            ("prior counted half", 3.0, 1.1),
            ("prior counted twice", 2.8, 0.7),
        )
    ]
    names = ("quantity", "label", "group", "population", "unit", "median", "lower", "upper")
    told = pl.DataFrame(answers).select(*names, "interval", "prob", "answer")
    return pl.concat([*curves, told], how="diagonal")
