"""What models may claim wrongly: patterns of quantities, and which answer is the wrong one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from attribution.quantities.estimates import CANNOT_TELL, SURE, Quantity

ABOVE, BELOW, EITHER = "above", "below", "either"


@dataclass(frozen=True)
class Claim:
    """What may be claimed wrongly.

    Parameters
    ----------
    words
        The claim.
    quantity
        Pattern of the names of the quantities whose statements make it.
    scope
        Scope of these quantities.
    side
        Which answer is wrong: that of a probability above 0.95, of one below 0.05, or either.
    """

    words: str
    quantity: str
    scope: str
    side: str = EITHER

    @property
    def nominal(self) -> float:
        """How often a statement is sure by chance."""
        return (2.0 if self.side == EITHER else 1.0) * (1.0 - SURE)

    def found(self, quantities: Sequence[Quantity]) -> list[int]:
        """Return how many statements there are, how many are sure, and how many are made.

        A sure statement is not made where what it is about may not be there at all.
        """
        asked = [q for q in quantities if q.scope == self.scope and self._names(q.quantity)]
        sure = [q for q in asked if self._is_sure(q.probability)]
        return [len(asked), len(sure), sum(q.answer != CANNOT_TELL for q in sure)]

    def _names(self, quantity: str) -> bool:
        return re.fullmatch(self.quantity, quantity) is not None

    def _is_sure(self, probability: float | None) -> bool:
        if probability is None:
            return False
        above, below = probability >= SURE, probability <= 1.0 - SURE
        return {ABOVE: above, BELOW: below, EITHER: above or below}[self.side]


TIERS = (
    Claim("a tier is above another", "tier_contrast_.*", "contrast"),
    Claim("a tier is the best", "best_tier_.*", "tier", ABOVE),
    Claim("a tier is not the best", "best_tier_.*", "tier", BELOW),
)
SHARES = (
    Claim("likes or comments bring orders", "share_of_orders_(likes|comments)", "overall", ABOVE),
)
SLOPES = (
    Claim("likes go with orders", "elasticity_likes", "overall"),
    Claim("comments go with orders", "elasticity_comments", "overall"),
    Claim("a comment goes with more or fewer orders than a like", "comment_less_like", "overall"),
)
FAKES = (
    Claim("more than a tenth of likes is fake", "fake_share_of_likes", "overall", ABOVE),
    Claim("a creator has more fakes than average", "creator_more_fakes", "creator", ABOVE),
    Claim("a creator has fewer fakes than average", "creator_more_fakes", "creator", BELOW),
)
MULTIPLIERS = (Claim("a creator is above or below average", "creator_multiplier", "creator"),)
SALES = (Claim("posts bring sales", "halo_share", "overall", ABOVE),)

IN_A_TIER = (
    Claim("likes or comments go with orders in a tier", "elasticity_(likes|comments)", "tier"),
)
FACTORS = (
    Claim(
        "a label or a kind of payment goes with more or fewer orders",
        "ratio_(disclosure|compensation)",
        "contrast",
    ),
    Claim("management goes with more or fewer orders", "ratio_managed", "overall"),
    Claim(
        "replies, mentions or collaborations go with more or fewer orders",
        "slope_.*(reply_rate|prior_mentions|collaborations)",
        "overall",
    ),
    Claim("any of the last four does so in a tier", "ratio_managed|slope_.*", "tier"),
)
STAGES = (
    Claim("a tier has a higher engagement rate", "engagement_rate_ratio_by_.*", "contrast"),
    *(
        Claim(
            f"a tier brings more orders {words}",
            f"{way}_effect_by_(reach|followers)",
            "contrast",
        )
        for words, way in (
            ("in all", "total"),
            ("directly", "direct"),
            ("through engagement", "through_engagement"),
            ("through reach", "through_reach"),
        )
    ),
)
PEAKS = (Claim("a number of followers is best", "has_peak_followers", "overall", ABOVE),)
ENDS = (Claim("posts with most or fewest followers are ahead", "ends_ratio_followers", "overall"),)
CODES = (
    Claim("there are more orders than recorded", "orders_per_recorded_order", "overall", ABOVE),
    Claim("there are fewer orders than recorded", "orders_per_recorded_order", "overall", BELOW),
)
