"""Columns that look like personal data of people, known by their names, are never read."""

from __future__ import annotations

import re

PERSONAL = re.compile(
    r"(^|_)(tele)?phones?(_|$)|(^|_)(e_?mails?|mail|mobile_number|fax|address(es)?|street"
    r"|zip(_?code)?|post_?code|postal(_code)?|birth\w*|gender|passport|iban|ip|latitude|longitude)"
    r"\d?(_|$)|(^|_)(first|last|full|middle|sur|given|family)_?name(_|$)"
    r"|(^|_)(customer|billing|shipping|recipient|buyer|client|account|contact)_?name(_|$)"
    r"|(^|_)(billing|shipping)_(company|city|province|country|region)(_|$)|note_attributes"
)
"""Names, in lower case with blanks as underscores, that say a cell is about a person."""

AMBIGUOUS = re.compile(r"(.*_)?(user_?)?name|customer(_?id)?|notes?|handle")
"""Names that may be about a person: read only where the mapping asks for the column by name."""


def is_personal(column: str) -> bool:
    """Return whether a column looks like personal data; such a column is never read."""
    return PERSONAL.search(_plain(column)) is not None


def may_be_personal(column: str) -> bool:
    """Return whether a column is read only where the mapping names it."""
    return is_personal(column) or AMBIGUOUS.fullmatch(_plain(column)) is not None


def _plain(column: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column.strip())
    return re.sub(r"[\W_]+", "_", words.lower())
