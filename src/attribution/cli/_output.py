"""One decorator for every command that yields a table: ``--format`` and ``-o/--output``."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from attribution.cli._messages import say
from attribution.cli._options import PATH
from attribution.cli._views import View

if TYPE_CHECKING:
    import polars as pl

FORMATS = ("table", "csv", "json", "parquet", "md")
BY_SUFFIX = {".csv": "csv", ".json": "json", ".parquet": "parquet", ".md": "md"}

Show = Callable[["pl.DataFrame"], None]
"""Writes a frame the way the user asked for."""


def table_output(view: View | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command ``--format`` and ``--output`` and pass it ``show``, which writes a frame.

    Parameters
    ----------
    view
        Which columns people read in ``table`` and ``md``, and how; all of them when None. The
        other formats always hold every column with full precision.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.option(
            "--format",
            "kind",
            type=click.Choice(FORMATS),
            help="Format of the table; by default that of the output file's ending, else table.",
        )
        @click.option("-o", "--output", type=PATH, help="File to write instead of the terminal.")
        @functools.wraps(command)
        def wrapped(*args: Any, kind: str | None, output: Path | None, **kwargs: Any) -> Any:
            chosen = chosen_format(kind, output)

            def show(frame: pl.DataFrame) -> None:
                write_frame(frame, chosen, output, view)

            return command(*args, show=show, **kwargs)

        return wrapped

    return decorate


def chosen_format(kind: str | None, output: Path | None) -> str:
    """Return the format asked for, else the one that the file's ending names, else ``table``."""
    by_suffix = "table" if output is None else BY_SUFFIX.get(output.suffix.lower(), "table")
    chosen = kind or by_suffix
    if chosen == "parquet" and output is None:
        raise click.UsageError("Parquet is no text: name a file with -o FILE.parquet")
    return chosen


def write_frame(frame: pl.DataFrame, kind: str, output: Path | None, view: View | None) -> None:
    """Write a frame to a file, or to stdout when there is none."""
    content = encode(frame, kind, view, to_file=output is not None)
    if output is None:
        click.echo(content.decode(), nl=False)
        return
    write_file(output, content)
    say(f"wrote {output} ({frame.height:,} rows)")


def write_file(path: Path, content: bytes) -> None:
    """Write a file that the user named; a place where there can be none is bad usage."""
    try:
        path.write_bytes(content)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise click.UsageError(f"there is no folder {str(path.parent)!r} to write to") from error
    except IsADirectoryError as error:
        raise click.UsageError(f"{str(path)!r} is a folder; name a file") from error


def encode(frame: pl.DataFrame, kind: str, view: View | None, *, to_file: bool) -> bytes:
    """Return a frame in one of the formats, with a final newline where it is text."""
    if kind == "parquet":
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        return buffer.getvalue()
    if kind == "csv":
        return _flat(frame).write_csv().encode()
    if kind == "json":
        return _json(frame).encode()
    return f"{_readable(frame, kind, view or View(), to_file=to_file)}\n".encode()


def _readable(frame: pl.DataFrame, kind: str, view: View, *, to_file: bool) -> str:
    from attribution.cli._layout import UNBOUNDED, markdown_table, output_width, text_table

    page = view.page(frame)
    if kind == "md":
        body = markdown_table(page.headings, page.rows, page.right)
    else:
        width = UNBOUNDED if to_file else output_width()
        body = text_table(page.headings, page.rows, page.right, width)
    return f"{body}\n\n{page.caption}" if page.caption else body


def _json(frame: pl.DataFrame) -> str:
    import polars as pl

    finite = frame.with_columns(pl.selectors.float().fill_nan(None))
    return json.dumps(finite.to_dicts(), indent=2, default=str, ensure_ascii=False) + "\n"


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    as_json = [
        pl.col(name).map_elements(lambda value: json.dumps(list(value)), return_dtype=pl.String)
        for name in nested
    ]
    return frame.with_columns(as_json)
