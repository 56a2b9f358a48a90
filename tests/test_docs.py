"""The documentation as a contract: its commands parse, its links lead somewhere, it is current."""

from __future__ import annotations

import ast
import inspect
import re
import shlex
from pathlib import Path

import cli_reference
import click
import pytest

import attribution
from attribution.charts import RunCharts
from attribution.cli import main
from attribution.run import Run

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "data/samples/README.md", *ROOT.glob("docs/**/*.md")])
FENCE = re.compile(r"^```[a-z]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
START = re.compile(r"^(?:\$ )?(?:uv run )?(?:python -m )?attribution ")
PLACEHOLDER = re.compile(r"[…]|\.\.\.|\[|^[A-Z]{2,}|\s[A-Z]{3,}\b")


def commands_of(text: str) -> list[str]:
    """Return the ``attribution`` lines of a page's code blocks, without what is piped behind."""
    lines: list[str] = []
    for block in FENCE.findall(text):
        joined = block.replace("\\\n", " ")
        for line in re.split(r"\n|&&|\||;", joined):
            if START.match(line.strip()):
                words = START.sub("", line.strip().split(" #")[0].split(" > ")[0])
                lines.append(words)
    return lines


def parse(words: list[str]) -> None:
    """Parse a command line as Click would, and run nothing."""
    command: click.Command = main
    context: click.Context | None = None
    name = "attribution"
    rest = words
    while isinstance(command, click.Group):
        while rest and rest[0] in {"--quiet", "--debug"}:
            rest = rest[1:]
        if not rest or rest[0] in {"--help", "--version"}:
            return
        context = click.Context(command, info_name=name, parent=context, **command.context_settings)
        name, *rest = rest
        found = command.get_command(context, name)
        assert found is not None, f"there is no command {name!r}"
        command = found
    if "--help" not in rest:
        command.make_context(name, list(rest), parent=context)


SHOWN = [
    pytest.param(line, id=f"{page.relative_to(ROOT)}: {line}")
    for page in PAGES
    if page.exists()
    for line in commands_of(page.read_text(encoding="utf-8"))
    if not PLACEHOLDER.search(line)
]


@pytest.mark.parametrize("line", SHOWN)
def test_every_command_shown_can_be_given(line: str) -> None:
    parse(shlex.split(line))


@pytest.mark.parametrize("line", ["fitt a b -o c", "fit additive -o c", "roi run --marge 0.4"])
def test_a_command_that_cannot_be_given_is_found(line: str) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        parse(shlex.split(line))


def test_commands_are_found_in_blocks() -> None:
    text = "```sh\nattribution roi run \\\n  --by tier | head # x\n$ attribution check r\nls\n```\n"
    assert [line.split() for line in commands_of(text)] == [
        ["roi", "run", "--by", "tier"],
        ["check", "r"],
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = [
        target
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if not target.startswith(("http://", "https://", "#", "mailto:"))
        and not (page.parent / target.partition("#")[0]).exists()
    ]
    assert broken == []


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    linked = {
        (ROOT / "docs" / target.partition("#")[0]).resolve() for target in LINK.findall(index)
    }
    assert [page for page in ROOT.glob("docs/**/*.md") if page.resolve() not in linked] == [
        ROOT / "docs/index.md"
    ]


def test_the_reference_of_the_commands_is_current() -> None:
    written = cli_reference.PAGE.read_text(encoding="utf-8")
    assert written == cli_reference.page(), "run `uv run poe cli-reference`"


def test_the_reference_has_every_command() -> None:
    written = cli_reference.PAGE.read_text(encoding="utf-8")
    for name in main.commands:
        assert f"## attribution {name}\n" in written


PYTHON = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(block, id=f"{page.relative_to(ROOT)} {number}")
        for page in PAGES
        for number, block in enumerate(PYTHON.findall(page.read_text(encoding="utf-8")))
    ],
)
def test_python_shown_calls_functions_as_they_are(source: str) -> None:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner, name = ast.unparse(node.func.value), node.func.attr
            places = {"at": attribution, "run": Run, "run.charts": RunCharts}
            if owner in places:
                function = getattr(places[owner], name)
                keywords = {keyword.arg for keyword in node.keywords}
                assert keywords <= set(inspect.signature(function).parameters)
