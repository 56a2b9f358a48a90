"""The rules of shape, read from the source: who imports whom, who prints, who seeds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "attribution"

ORDER = (
    "errors",
    "laps",
    "shipped",
    "personal",
    "tiers",
    "tables",
    "data",
    "spec",
    "simulation",
    "draws",
    "design",
    "drafting",
    "forward",
    "rounding",
    "outcomes",
    "predictive",
    "labelled",
    "mixing",
    "tails",
    "kernel",
    "diagnostics",
    "loo",
    "manifest",
    "agreement",
    "residuals",
    "along",
    "refunds",
    "density",
    "approximation",
    "joint",
    "model",
    "sampling",
    "health",
    "run",
    "quantities",
    "known_truth",
    "known_funnel",
    "charts",
    "fitting",
    "from_prior",
    "prior_check",
    "reporting",
    "answers",
    "tour",
    "cli",
)
"""A module imports only from modules before it; files and folders of the package by name."""

STRANGERS = {
    "simulation": {"data"},
    "spec": {"tables", "data"},
    "density": {"data", "spec", "design", "forward", "manifest", "simulation", "draws"},
    "approximation": {"data", "spec", "forward", "manifest", "simulation", "draws"},
    "charts": {
        *("tables", "data", "spec", "design", "forward", "density", "approximation", "model"),
        *("sampling", "health"),
    },
}
"""Earlier modules that a module must not know all the same."""

METHODS_OF_A_RUN = {("run", "quantities"), ("run", "charts"), ("run", "reporting")}
"""What a run's methods may import when they are called, for ``run.effects()`` and its kind."""

SAMPLER = {"pymc", "pytensor", "nutpie", "llvmlite"}
DRAWING = {"altair", "vl_convert"}
WITH_PLOTS = {"arviz", "arviz_plots"}
TERMINAL = {"click", "rich"}
LIGHT = {"__future__", "attribution", "click"}


@dataclass(frozen=True)
class Import:
    """One imported module, and whether importing the file imports it too."""

    name: str
    at_once: bool

    @property
    def root(self) -> str:
        return self.name.split(".")[0]

    @property
    def layer(self) -> str | None:
        parts = self.name.split(".")
        return parts[1] if parts[0] == "attribution" and len(parts) > 1 else None


def imports(tree: ast.AST, at_once: bool = True) -> Iterator[Import]:
    """Yield every import of a file, wherever it stands."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, at_once) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            module = node.module or ""
            names = [f"{module}.{alias.name}" for alias in node.names]
            yield from (Import(name, at_once) for name in names)
        else:
            lazy = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or _is_typing_only(node)
            yield from imports(node, at_once and not lazy)


def _is_typing_only(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def upward(layer: str, tree: ast.AST) -> list[str]:
    """Return the imports of a file of ``layer`` that the layers do not allow."""
    return [
        found.name
        for found in imports(tree)
        if found.layer in ORDER
        and found.layer != layer
        and not ((layer, found.layer) in METHODS_OF_A_RUN and not found.at_once)
        and (
            ORDER.index(found.layer) > ORDER.index(layer)
            or found.layer in STRANGERS.get(layer, set())
        )
    ]


def prints(tree: ast.AST) -> list[int]:
    """Return the lines that print or touch the standard streams."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Name) and node.id == "print")
        or (isinstance(node, ast.Attribute) and node.attr in {"stdout", "stderr"})
    ]


def seeds(tree: ast.AST) -> list[int]:
    """Return the lines that seed or use a generator shared by the whole process."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "seed")
        or (isinstance(node, ast.Import) and any(alias.name == "random" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "random")
    ]


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


FILES = sorted(PACKAGE.rglob("*.py"))
LAYERED = [path for path in FILES if layer_of(path) not in {"__init__", "__main__"}]
BELOW_CLI = [path for path in LAYERED if layer_of(path) != "cli"]
every_file = pytest.mark.parametrize("path", LAYERED, ids=lambda p: str(p.relative_to(PACKAGE)))


def test_every_module_has_its_place() -> None:
    assert {layer_of(path) for path in LAYERED} <= set(ORDER)


@every_file
def test_imports_point_one_way(path: Path) -> None:
    assert upward(layer_of(path), parse(path)) == []


@every_file
def test_only_the_model_and_sampling_modules_import_the_sampler(path: Path) -> None:
    found = {item.root for item in imports(parse(path))} & SAMPLER
    assert not found or layer_of(path) in {"density", "model", "sampling"}


@every_file
def test_only_charts_import_altair(path: Path) -> None:
    found = {item.root for item in imports(parse(path)) if item.at_once} & DRAWING
    assert not found or layer_of(path) == "charts"


@every_file
def test_nobody_imports_arviz_with_its_plots(path: Path) -> None:
    assert not {item.root for item in imports(parse(path))} & WITH_PLOTS


@every_file
def test_nobody_seeds_the_whole_process(path: Path) -> None:
    assert seeds(parse(path)) == []


@pytest.mark.parametrize("path", BELOW_CLI, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_below_the_command_line_prints(path: Path) -> None:
    tree = parse(path)
    assert prints(tree) == []
    assert not {item.root for item in imports(tree)} & TERMINAL


@pytest.mark.parametrize("path", [p for p in LAYERED if layer_of(p) == "cli"], ids=lambda p: p.name)
def test_command_modules_import_only_click_and_the_standard_library_at_once(path: Path) -> None:
    import sys

    allowed = LIGHT | set(sys.stdlib_module_names)
    if path.name == "_layout.py":
        allowed |= {"rich"}
    found = [item for item in imports(parse(path)) if item.at_once]
    assert {item.root for item in found} <= allowed
    assert {item.layer for item in found} <= {None, "cli", "errors", "__version__"}


@pytest.mark.parametrize(
    ("layer", "source"),
    [
        ("data", "from attribution.charts import theme"),
        ("data", "def f():\n    from attribution import run"),
        ("spec", "from attribution.tables import POSTS"),
        ("charts", "import attribution.model"),
        ("run", "from attribution.quantities import effects"),
    ],
)
def test_an_import_that_points_down_is_found(layer: str, source: str) -> None:
    assert len(upward(layer, ast.parse(source))) == 1


def test_lazy_and_typing_only_imports_are_told_apart() -> None:
    source = "import a\nif TYPE_CHECKING:\n    import b\ndef f():\n    import c"
    assert [item.at_once for item in imports(ast.parse(source))] == [True, False, False]


@pytest.mark.parametrize("source", ["print('x')", "import sys\nsys.stderr.write('x')"])
def test_printing_is_found(source: str) -> None:
    assert prints(ast.parse(source))


@pytest.mark.parametrize("source", ["import numpy as np\nnp.random.seed(1)", "import random"])
def test_seeding_is_found(source: str) -> None:
    assert seeds(ast.parse(source))
