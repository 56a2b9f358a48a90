"""What is true of a simulated brand: everything that an estimate can be compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from attribution.simulation.capture import Capture, Lift
from attribution.simulation.delay import Delay
from attribution.simulation.fakes import Fakes
from attribution.simulation.rates import Rates
from attribution.simulation.values import Values

TRUTH, POSTS, ORDERS = "truth.json", "truth_posts.csv", "truth_orders.csv"
FORMAT = 1
ORDER_COLUMNS = ("order_id", "source", "post_id", "part")
CREATOR_COLUMNS = ("creator_id", "tier", "platform", "multiplier", "mean_net_revenue")
DIGITS = 12
"""Significant digits that are saved: the last ones differ between processors."""


@dataclass(frozen=True)
class Leak:
    """A code that leaked: whose, when (UTC), and how many orders of the export it brought."""

    creator_id: str
    leaked_at: datetime
    orders: int


@dataclass(frozen=True)
class Truth:
    """The parameters that made a brand, and what they mean for its creators, posts and orders.

    Parameters
    ----------
    kind, seed, model
        What kind of brand, the seed that made it, and the model whose prior it was drawn from
        (None where parameters were chosen).
    rates, values, delay
        Parameters as they were set or drawn.
    units
        Exposure per unit of each part over the posts that show every part.
    rates_by_tier
        Orders per unit of each part for a creator with multiplier 1: tier -> part -> rate
        (orders per person reached, per like, per comment).
    posts_until, export
        When the last post could be and until when orders are in the export (UTC).
    leaks
        Codes that leaked.
    creators
        creator_id, tier, platform, multiplier (v), mean_net_revenue (of a paying order, currency),
        paying_share where refunds vary between creators;
        with fakes, fake_share.
    posts
        post_id, creator_id, tier, likes (true, hidden ones too, fakes included), fake_likes and
        fake_comments where there are fakes, expected orders by part
        (``expected_<part>``) and in all (``expected``), orders brought by part (``orders_<part>``)
        and in all (``orders``) whenever they come, and those in the export (``orders_seen``).
    orders
        order_id, source (post, missed, codeless, leak), post_id that it goes with (null for
        strangers) and part it came through.
    fakes
        How much engagement is fake; None where all is genuine.
    capture
        Which orders are recorded, and which the posts brought; None for all.
    lifts
        Lift tests and what they should have measured.
    """

    kind: str
    seed: int | None
    model: str | None
    rates: Rates
    values: Values
    delay: Delay
    units: Mapping[str, float]
    rates_by_tier: Mapping[str, Mapping[str, float]]
    posts_until: datetime
    export: datetime
    leaks: tuple[Leak, ...]
    creators: pl.DataFrame
    posts: pl.DataFrame
    orders: pl.DataFrame
    fakes: Fakes | None = None
    capture: Capture | None = None
    lifts: tuple[Lift, ...] = ()

    @property
    def tiers(self) -> tuple[str, ...]:
        """Tiers of the brand, smallest first."""
        return tuple(self.rates_by_tier)

    def save(self, folder: Path) -> None:
        """Write truth.json, truth_posts.csv and truth_orders.csv into a folder."""
        text = json.dumps(_rounded(self._scalars()), indent=1, ensure_ascii=False)
        (folder / TRUTH).write_text(text + "\n", encoding="utf-8")
        floats = pl.selectors.float().round_sig_figs(DIGITS)
        self.posts.with_columns(floats).write_csv(folder / POSTS)
        self.orders.write_csv(folder / ORDERS)

    def _scalars(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "kind": self.kind,
            "seed": self.seed,
            "model": self.model,
            "rates": asdict(self.rates),
            "values": _stated(self.values),
            "delay": {"distribution": "weibull", **asdict(self.delay)},
            "units": dict(self.units),
            "rates_by_tier": {tier: dict(row) for tier, row in self.rates_by_tier.items()},
            "posts_until": self.posts_until.isoformat(),
            "export": self.export.isoformat(),
            "leaks": [
                asdict(leak) | {"leaked_at": leak.leaked_at.isoformat()} for leak in self.leaks
            ],
            **({} if self.fakes is None else {"fakes": asdict(self.fakes)}),
            **({} if self.capture is None else {"capture": asdict(self.capture)}),
            **({"lifts": [asdict(lift) for lift in self.lifts]} if self.lifts else {}),
            "creators": self.creators.to_dicts(),
        }

    @classmethod
    def load(cls, folder: Path) -> Truth:
        """Read what :meth:`save` wrote."""
        told = json.loads((folder / TRUTH).read_text(encoding="utf-8"))
        delay = told["delay"]
        rates = told["rates"]
        return cls(
            kind=told["kind"],
            seed=told["seed"],
            model=told["model"],
            rates=Rates(**rates | {"parts": tuple(rates["parts"])}),
            values=Values(**told["values"]),
            delay=Delay(shape=delay["shape"], mean=delay["mean"]),
            units=told["units"],
            rates_by_tier=told["rates_by_tier"],
            posts_until=datetime.fromisoformat(told["posts_until"]),
            export=datetime.fromisoformat(told["export"]),
            leaks=tuple(
                Leak(**leak | {"leaked_at": datetime.fromisoformat(leak["leaked_at"])})
                for leak in told["leaks"]
            ),
            creators=pl.DataFrame(told["creators"], infer_schema_length=None),
            posts=pl.read_csv(folder / POSTS, infer_schema_length=None),
            orders=pl.read_csv(folder / ORDERS, schema=dict.fromkeys(ORDER_COLUMNS, pl.String)),
            fakes=Fakes(**told["fakes"]) if "fakes" in told else None,
            capture=Capture(**told["capture"]) if "capture" in told else None,
            lifts=tuple(Lift(**lift) for lift in told.get("lifts", ())),
        )


OF_REFUNDS = ("paying_creator_sd", "paying_tier_effects", "paying_concentration")


def _stated(values: Values) -> dict[str, Any]:
    """Return the parameters of order values; how refunds differ only where they do."""
    return {
        name: value for name, value in asdict(values).items() if value or name not in OF_REFUNDS
    }


def _rounded(value: Any) -> Any:
    """Round every float inside to the digits that are saved."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, list | tuple) else value
