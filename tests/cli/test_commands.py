"""Commands are thin: they parse, call the public function and show what it gives."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import polars as pl
import pytest
from click.testing import CliRunner, Result

import attribution
from attribution.cli import main
from attribution.data import AnalysisTable
from attribution.design.types import Absent, SetAside
from attribution.errors import UnhealthyRunError

CHECKS = pl.DataFrame(
    {
        "name": ["divergences"],
        "status": ["fail"],
        "value": ["12"],
        "threshold": ["0"],
        "meaning": ["the sampler lost its way"],
        "advice": ["raise --tune"],
    }
)
NUMBERS = pl.DataFrame({"group": ["micro"], "expected_roi_median": [0.25]})


@dataclass
class FakeRun:
    """Answers like a run and remembers what it was asked."""

    path: Path = Path("runs/fake")
    healthy: bool = True
    asked: dict[str, Any] = field(default_factory=dict)
    table: pl.DataFrame = field(default_factory=lambda: pl.DataFrame({"post_id": ["a", "b"]}))
    manifest: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(
            outcome="conversions",
            exposure="reach",
            density="native",
            approximate=False,
            absent=(Absent("ROI", "the table has no fee"),),
            set_aside=(SetAside("c", "no reach"), SetAside("d", "no reach")),
        )
    )

    def check(self) -> pl.DataFrame:
        return CHECKS

    def effects(self, **asked: Any) -> pl.DataFrame:
        self.asked = asked
        return NUMBERS

    def susceptibility(self, *, top: int | None) -> pl.DataFrame:
        self.asked = {"creators": top}
        return NUMBERS

    def luck(self, *, top: int | None) -> pl.DataFrame:
        self.asked = {"luck": top}
        return NUMBERS

    def contributions(self, by: str) -> pl.DataFrame:
        self.asked = {"by": by}
        return NUMBERS

    def roi(self, by: str, *, margin: float, unhealthy: bool) -> pl.DataFrame:
        self.asked = {"by": by, "margin": margin, "unhealthy": unhealthy}
        if not self.healthy and not unhealthy:
            raise UnhealthyRunError("fake: the run is unhealthy")
        return NUMBERS


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> FakeRun:
    import attribution.run

    fake = FakeRun()
    monkeypatch.setattr(attribution.run, "load_run", lambda _path: fake)
    return fake


def invoke(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_check_of_a_healthy_run_exits_with_0(run: FakeRun) -> None:
    result = invoke("check", "runs/fake", "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == CHECKS.to_dicts()


def test_check_of_an_unhealthy_run_shows_the_checks_and_exits_with_3(run: FakeRun) -> None:
    run.healthy = False
    result = invoke("check", "runs/fake")
    assert result.exit_code == 3
    assert result.stderr.startswith("unhealthy: ")
    for word in CHECKS.row(0):
        assert word in result.stdout


def test_effects(run: FakeRun) -> None:
    result = invoke("effects", "runs/fake", "--format", "csv")
    assert (result.exit_code, result.stdout) == (0, "group,expected_roi_median\nmicro,0.25\n")


@pytest.mark.parametrize("by", ["total", "tier", "creator", "campaign", "post"])
def test_contributions(run: FakeRun, by: str) -> None:
    assert invoke("contributions", "runs/fake", "--by", by).exit_code == 0
    assert run.asked == {"by": by}


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["susceptibility"], {"creators": None}),
        (["susceptibility", "--top", "5"], {"creators": 5}),
        (["luck", "--top", "3"], {"luck": 3}),
    ],
)
def test_creators_and_luck(run: FakeRun, words: list[str], asked: dict[str, int | None]) -> None:
    assert invoke(words[0], "runs/fake", *words[1:]).exit_code == 0
    assert run.asked == asked


def test_roi_passes_its_options_on(run: FakeRun) -> None:
    assert invoke("roi", "runs/fake", "--by", "tier", "--margin", "0.4").exit_code == 0
    assert run.asked == {"by": "tier", "margin": 0.4, "unhealthy": False}


def test_roi_of_an_unhealthy_run_is_refused_unless_asked_for_by_name(run: FakeRun) -> None:
    run.healthy = False
    refused = invoke("roi", "runs/fake")
    assert (refused.exit_code, refused.stdout) == (3, "")
    assert refused.stderr == "error: fake: the run is unhealthy\n"
    given = invoke("roi", "runs/fake", "--unhealthy", "--quiet")
    assert given.exit_code == 0
    assert "micro" in given.stdout
    assert given.stderr.startswith("warning: this run failed its health checks")


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Replace reading and fitting; return what was asked of them."""
    import attribution.data
    import attribution.fitting

    asked: dict[str, Any] = {"healthy": True}

    posts = AnalysisTable(pl.DataFrame())

    def read_inputs(spec: str, *options: Any) -> tuple[str, AnalysisTable]:
        asked["read"] = (spec, *options)
        return spec, posts

    def fit(spec: str, table: AnalysisTable, **options: Any) -> FakeRun:
        options.pop("progress")("sampling", 1, 1)
        assert table is posts
        asked["fit"] = (spec, options)
        return FakeRun(options["out"], asked["healthy"])

    monkeypatch.setattr(attribution.fitting, "read_inputs", read_inputs)
    monkeypatch.setattr(attribution.fitting, "fit", fit)
    return asked


def test_fit_names_the_run_on_stdout_and_the_stages_on_stderr(fitted: dict[str, Any]) -> None:
    result = invoke("fit", "additive", "brand", "-o", "runs/a", "--seed", "7", "--force")
    assert (result.exit_code, result.stdout) == (0, "runs/a\n")
    stage, *words = result.stderr.splitlines()
    assert stage.startswith("sampling: ")
    assert words == [
        "2 posts in the fit, exposure reach",
        "2 posts left out: no reach",
        "absent: ROI: the table has no fee",
    ]
    spec, options = fitted["fit"]
    assert spec == "additive"
    assert fitted["read"] == ("additive", Path("brand"), None, None)
    assert options == {
        "out": Path("runs/a"),
        "draws": None,
        "tune": 500,
        "chains": 4,
        "target_accept": None,
        "method": "nuts",
        "seed": 7,
        "overwrite": True,
    }


def test_fit_exits_with_3_when_the_run_is_unhealthy(fitted: dict[str, Any]) -> None:
    fitted["healthy"] = False
    result = invoke("fit", "additive", "brand", "-o", "runs/a")
    assert (result.exit_code, result.stdout) == (3, "runs/a\n")
    assert "unhealthy: see 'attribution check runs/a'" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fit", "additive", "brand"), "Missing option '-o' / '--output'"),
        (("roi", "run", "--margin", "1.5"), "1.5 is not in the range 0<x<=1"),
        (("roi", "run", "--by", "tiers"), "'tiers' is not one of"),
        (("effects", "run", "--format", "xlsx"), "'xlsx' is not one of"),
        (("compare",), "Missing argument 'RUN...'"),
    ],
)
def test_bad_usage_exits_with_2(words: tuple[str, ...], message: str) -> None:
    result = invoke(*words)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize("name", ["fit", "roi", "contributions", "chart", "report", "ingest"])
def test_defaults_of_a_command_are_those_of_its_function(name: str) -> None:
    options = {option.name: option for option in main.commands[name].params}
    parameters = inspect.signature(getattr(attribution, name)).parameters
    shared = [key for key in options if key in parameters and key not in {"tiers", "runs"}]
    assert shared
    for key in shared:
        default = parameters[key].default
        if default not in (inspect.Parameter.empty, None, ()):
            assert options[key].get_default(click.Context(main.commands[name])) == default


def test_effects_passes_on_what_is_asked(run: FakeRun) -> None:
    words = ("--of", "dist", "--of", "educ", "--by", "assoc", "--as", "ratio", "--step", "2")
    assert invoke("effects", "runs/fake", *words).exit_code == 0
    asked = {"of": ("dist", "educ"), "by": ("assoc",), "as_": "ratio", "step": 2.0, "ratio": None}
    assert run.asked == asked


def test_effects_tells_every_way_that_the_library_does() -> None:
    from attribution.cli.effects import WAYS
    from attribution.quantities import asked

    assert tuple(asked.WAYS) == WAYS
