"""All orders that a brand's export shows, with their money, in order of time."""

from __future__ import annotations

import numpy as np
import polars as pl

from attribution.simulation.orders import Counts, draw_dates
from attribution.simulation.rates import Floats
from attribution.simulation.settings import Settings
from attribution.simulation.strangers import draw_codeless, draw_leaks
from attribution.simulation.truth import Leak
from attribution.simulation.values import draw_amounts


def draw_orders(
    settings: Settings,
    creators: pl.DataFrame,
    posts: pl.DataFrame,
    counts: Counts,
    rng: np.random.Generator,
) -> tuple[pl.DataFrame, tuple[Leak, ...]]:
    """Draw the export of orders.

    Leaked orders are drawn last, so that a brand with leaks is the brand without them and more.

    Returns
    -------
    tuple
        The columns of the orders table and, beside them, source, post_id (the post that brought
        the order) and part; and the codes that leaked.
    """
    brought = draw_dates(settings, posts, counts, rng)
    codeless = draw_codeless(settings, brought.height, rng)
    usual = pl.concat([_from("post", brought), _from("codeless", codeless)])
    usual = _with_money(settings, creators, usual, rng)
    leaked, leaks = draw_leaks(settings, posts, rng)
    leaked = _with_money(settings, creators, _from("leak", leaked), rng)
    orders = pl.concat([usual, leaked]).sort("ordered_at", maintain_order=True)
    width = max(6, len(str(orders.height)))
    number = pl.int_range(1, orders.height + 1).cast(pl.String).str.zfill(width)
    return orders.with_columns(order_id=pl.lit("O") + number), leaks


def _from(source: str, orders: pl.DataFrame) -> pl.DataFrame:
    return orders.with_columns(source=pl.lit(source))


def _with_money(
    settings: Settings, creators: pl.DataFrame, orders: pl.DataFrame, rng: np.random.Generator
) -> pl.DataFrame:
    """Add code, amounts and currency; strangers without a code pay an average creator's value."""
    columns = ["creator_id", "code", "mean_net_revenue", "discount_rate"]
    known = creators.select(*columns, pl.col("^paying_share$"))
    orders = orders.join(known, on="creator_id", how="left", maintain_order="left")
    average = float(np.mean(creators.get_column("mean_net_revenue").to_numpy()))
    means = orders.get_column("mean_net_revenue").fill_null(average).to_numpy()
    discount_rate = orders.get_column("discount_rate").fill_null(0.0).to_numpy()
    share = _paying_shares(settings, orders, rng)
    amounts = draw_amounts(settings.values, means, discount_rate, share, rng)
    return orders.drop("mean_net_revenue", "discount_rate", "^paying_share$").with_columns(
        **amounts, currency=pl.lit(settings.population.currency)
    )


def _paying_shares(
    settings: Settings, orders: pl.DataFrame, rng: np.random.Generator
) -> Floats | float:
    """Probability that each order is not refunded in full; (order,), or one for all."""
    values, share = settings.values, pl.lit(settings.values.paying_share)
    if not values.refunds_vary and values.paying_concentration is None:
        return values.paying_share
    if values.refunds_vary:
        share = pl.col("paying_share").fill_null(values.paying_share)
    shares: Floats = orders.select(share.alias("share")).to_series().to_numpy()
    shares = np.broadcast_to(shares, orders.height)
    if values.paying_concentration is None or "post_id" not in orders.columns:
        return shares
    first = orders.get_column("post_id").fill_null("").rank("dense").to_numpy().astype(np.int64) - 1
    by_post = np.empty(int(first.max()) + 1)
    by_post[first] = shares
    c = values.paying_concentration
    return np.asarray(rng.beta(by_post * c, (1.0 - by_post) * c)[first])
