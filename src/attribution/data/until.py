"""The export's end as the user writes it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from attribution.errors import InputError, Problem


def read_until(until: datetime | date | str | None) -> datetime | None:
    """Return the export's end; UTC where no zone is given, a day meaning its last moment.

    Raises
    ------
    InputError
        When the text is no date.
    """
    if until is None:
        return None
    if isinstance(until, str):
        until = _parse(until.strip())
    if not isinstance(until, datetime):
        return datetime(until.year, until.month, until.day, tzinfo=UTC) + timedelta(days=1)
    return until.astimezone(UTC) if until.tzinfo else until.replace(tzinfo=UTC)


def _parse(text: str) -> datetime | date:
    try:
        day_only = len(text) == len("2025-03-01")
        return date.fromisoformat(text) if day_only else datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            Problem(
                "cannot read the export's end",
                value=text,
                expected="a day or a date and time such as 2025-03-01 or 2025-03-01 14:30",
            )
        ) from None
