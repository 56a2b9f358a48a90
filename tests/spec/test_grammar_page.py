"""The grammar's reference: its tables are the registries, its examples and messages are real."""

from __future__ import annotations

import re

import grammar_reference
import pytest
from support.specs import DISPERSION, HEAD, MISSING, changed_first

from attribution.errors import InputError
from attribution.spec import parse_spec, spec_text
from attribution.spec.parse import FORMS, POLICIES, SCALES
from attribution.spec.priors import PRIORS

TEXT = grammar_reference.PAGE.read_text(encoding="utf-8")
TOML = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
MESSAGES = re.findall(r"^my\.toml, .*$", TEXT, re.MULTILINE)

ADDITIVE, ENGAGEMENT = spec_text("additive"), spec_text("engagement")
BROKEN = [
    changed_first(ADDITIVE, "negative_binomial", "negativ_binomial"),
    changed_first(ADDITIVE, "sigma = 0.5", "sgima = 0.5"),
    changed_first(ADDITIVE, '"half_normal", sigma = 0.7', '"normal", mu = 0, sigma = 0.7'),
    changed_first(ENGAGEMENT, "ln((1 + likes) / reach)", "likes / avg(likes)"),
    changed_first(ADDITIVE, "[missing]", '[missing]\nsaves = "latent"'),
]


def test_the_tables_are_those_of_the_registries() -> None:
    assert grammar_reference.page(TEXT) == TEXT, "run `uv run python tools/grammar_reference.py`"


def test_every_registry_has_its_table() -> None:
    found = {match["name"] for match in grammar_reference.BLOCK.finditer(TEXT)}
    assert found == set(grammar_reference.TABLES)


def test_a_stale_table_would_be_seen() -> None:
    line = next(line for line in TEXT.splitlines() if line.startswith("| `half_normal` |"))
    assert grammar_reference.page(TEXT.replace(line, "")) == TEXT


@pytest.mark.parametrize("toml", TOML)
def test_examples_are_specs(toml: str) -> None:
    parse_spec(HEAD + missing(toml) + toml + DISPERSION)


def missing(toml: str) -> str:
    return MISSING if "comments" not in toml else MISSING + 'comments = "set_aside"\n'


@pytest.mark.parametrize(("broken", "shown"), list(zip(BROKEN, MESSAGES, strict=True)))
def test_messages_are_real(broken: str, shown: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_spec(broken, file="my.toml")
    assert shown in str(caught.value).splitlines()


@pytest.mark.parametrize("word", [*FORMS, *POLICIES, *SCALES])
def test_every_word_of_a_closed_set_is_explained(word: str) -> None:
    assert f'"{word}"' in TEXT


@pytest.mark.parametrize("text", [ADDITIVE, ENGAGEMENT], ids=["additive", "engagement"])
def test_every_key_of_the_shipped_specs_is_explained(text: str) -> None:
    keys = set(re.findall(r"^(\w+) = ", text, re.MULTILINE)) - {"volume", "conversation"}
    keys -= set(re.findall(r"^(\w+) = \"(?:latent|set_aside)\"", text, re.MULTILINE))
    assert [key for key in sorted(keys) if f"`{key}`" not in TEXT] == []
    names = set(re.findall(r'name = "(\w+)",', text))
    assert names <= set(PRIORS)
