"""What is known of platforms: reach, engagement and fees by tier, as medians with their spread.

Where the numbers come from is told, figure by figure, in ``docs/explanation/samples.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Platform:
    """How posts on one platform are seen, liked, discussed and paid.

    Parameters
    ----------
    name
        Word in the ``platform`` column.
    share
        Share of the brand's creators on this platform.
    reach_rate
        Median people reached per follower, by tier.
    engagement_rate
        Median (likes + comments) per follower, by tier.
    likes_per_comment
        Median likes per comment of an account with 1,000 likes per post.
    ratio_slope
        Growth of log likes per comment with the account's log likes.
    reach_sd, like_sd, comment_sd
        Between posts of a creator, log scale: standard deviation of reach, of likes given reach,
        of comments given likes.
    comment_slope
        Growth of log comments with log likes between posts of a creator.
    fee_per_1000
        Median fee per 1,000 followers, EUR.
    content_types
        Kinds of content, equally frequent; they carry no effect.
    """

    name: str
    share: float
    reach_rate: Mapping[str, float]
    engagement_rate: Mapping[str, float]
    likes_per_comment: float
    ratio_slope: float
    reach_sd: float
    like_sd: float
    comment_slope: float
    comment_sd: float
    fee_per_1000: float
    content_types: tuple[str, ...]


INSTAGRAM = Platform(
    name="instagram",
    share=0.7,
    reach_rate={"nano": 0.22, "micro": 0.157, "mid": 0.08, "macro": 0.032, "mega": 0.025},
    engagement_rate={"nano": 0.036, "micro": 0.022, "mid": 0.015, "macro": 0.010, "mega": 0.008},
    likes_per_comment=31.0,
    ratio_slope=0.12,
    reach_sd=0.5,
    like_sd=0.56,
    comment_slope=1.12,
    comment_sd=0.63,
    fee_per_1000=10.0,
    content_types=("reel", "carousel", "photo"),
)

TIKTOK = Platform(
    name="tiktok",
    share=0.3,
    reach_rate={"nano": 0.79, "micro": 0.62, "mid": 0.48, "macro": 0.42, "mega": 0.38},
    engagement_rate={"nano": 0.103, "micro": 0.081, "mid": 0.063, "macro": 0.055, "mega": 0.049},
    likes_per_comment=138.0,
    ratio_slope=0.0,
    reach_sd=0.9,
    like_sd=0.4,
    comment_slope=1.0,
    comment_sd=0.6,
    fee_per_1000=4.0,
    content_types=("video",),
)
