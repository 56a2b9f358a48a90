"""The public functions: there, documented, imported only when used, never hidden by a module."""

from __future__ import annotations

import inspect
import pkgutil
import subprocess
import sys

import pytest

import attribution as at
from attribution.cli import main


@pytest.mark.parametrize("name", at.__all__)
def test_every_public_name_is_a_documented_function(name: str) -> None:
    function = getattr(at, name)
    assert callable(function)
    assert inspect.getdoc(function)
    assert name in dir(at)


def test_no_module_has_the_name_of_a_public_function() -> None:
    modules = {module.name for module in pkgutil.iter_modules(at.__path__)}
    assert modules & set(at.__all__) == set()


def test_every_command_has_its_function() -> None:
    assert set(main.commands) - set(at.__all__) == {"models"}


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'fitt'"):
        _ = at.fitt


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, attribution; print(sorted(set(sys.modules) & {'polars', 'numpy', 'pymc'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
