"""Find and read model specs: the shipped catalogue by name, any other by its file."""

from __future__ import annotations

from pathlib import Path

from attribution.errors import InputError, Problem, suggest
from attribution.shipped import folder
from attribution.spec.model import ModelSpec
from attribution.spec.parse import parse_spec


def catalogue_names() -> tuple[str, ...]:
    """Return the names of the shipped specs, sorted."""
    return tuple(sorted(path.stem for path in folder("models").glob("*.toml")))


def catalogue() -> list[ModelSpec]:
    """Return the shipped specs, sorted by name."""
    return [read_spec(name) for name in catalogue_names()]


def spec_path(source: str | Path) -> Path:
    """Return the file of a spec, given its name in the catalogue or its path.

    A plain word is a name of the catalogue, else a file of that name; anything that ends in
    ``.toml`` or holds a folder is a path.

    Raises
    ------
    InputError
        When there is neither, with the catalogue's names.
    """
    path = Path(source)
    is_word = isinstance(source, str) and path.suffix != ".toml" and len(path.parts) == 1
    if is_word and source in catalogue_names():
        return folder("models") / f"{source}.toml"
    if path.is_file():
        return path
    if is_word:
        problem = Problem(
            f"there is no model {str(source)!r} in the catalogue and no such file",
            expected=f"one of {', '.join(catalogue_names())}, or a TOML file",
            hint=_closest(str(source)),
        )
    else:
        what = "this is a folder" if path.is_dir() else "there is no such file"
        expected = "a model spec as TOML, or a name of `attribution models list`"
        problem = Problem(what, file=str(path), expected=expected)
    raise InputError(problem)


def read_spec(source: str | Path) -> ModelSpec:
    """Read a model spec by its name in the catalogue or from a TOML file.

    Parameters
    ----------
    source
        A name such as ``additive``, or a path such as ``my.toml``.

    Raises
    ------
    InputError
        With every problem of the file, or when there is no such model.
    """
    return parse_spec(spec_text(source), file=str(spec_path(source)))


def spec_text(source: str | Path) -> str:
    """Return the text of a spec's file, comments included.

    Raises
    ------
    InputError
        When there is no such model or its file is not UTF-8 text.
    """
    path = spec_path(source)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        problem = Problem("this is not UTF-8 text", file=str(path), expected="TOML, which is UTF-8")
        raise InputError(problem) from error


def _closest(word: str) -> str | None:
    hint = suggest(word, catalogue_names())
    return hint if hint and hint.startswith("Did") else None
