"""For each order, the posts it may have come from: same code, inside the window, all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class PostTimes:
    """Posts in order of code and time.

    Parameters
    ----------
    code
        Number of the post's code, not decreasing; shape (post,). A post without a code has a
        number of its own.
    seconds
        When it went online, whole seconds, not decreasing within a code; shape (post,).
    """

    code: Integers
    seconds: Integers


@dataclass(frozen=True)
class Pairs:
    """Possible pairs of an event and an earlier post with its code.

    Parameters
    ----------
    event
        Position of the event; shape (pair,), not decreasing.
    post
        Position of the post; shape (pair,).
    """

    event: Integers
    post: Integers


def earlier_posts(posts: PostTimes, code: Integers, seconds: Integers, window: int) -> Pairs:
    """Pair each event with every post that has its code and is at most a window older.

    Parameters
    ----------
    posts
        The posts.
    code, seconds
        The events' codes and times; shape (event,).
    window
        Seconds.
    """
    begin = int(min(posts.seconds.min(), seconds.min(initial=posts.seconds[0]) - window))
    span = int(max(posts.seconds.max(), seconds.max(initial=posts.seconds[0]))) - begin + 1
    order = posts.code * span + (posts.seconds - begin)
    last = np.searchsorted(order, code * span + (seconds - begin), side="right")
    first = np.searchsorted(order, code * span + (seconds - window - begin), side="left")
    count = last - first
    event = np.repeat(np.arange(len(code)), count)
    place = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return Pairs(event, np.repeat(first, count) + place)
