"""What went wrong decides the exit code and the words; a user's mistake shows no traceback."""

from __future__ import annotations

import errno

import click
import pytest
from click.testing import CliRunner, Result

from attribution import __version__
from attribution.cli import main
from attribution.cli._app import Application, shared_options
from attribution.cli._messages import progress, say, warn
from attribution.errors import InputError, Problem, UnhealthyRunError


def run_raising(error: BaseException, *arguments: str) -> Result:
    """Run a group of one command that raises ``error``."""
    group = Application("attribution", params=list(shared_options()))

    @click.command()
    def boom() -> None:
        raise error

    group.add_command(boom)
    return CliRunner().invoke(group, arguments or ("boom",))


def test_every_problem_of_the_input_is_a_line_and_the_exit_code_is_2() -> None:
    problems = [
        Problem("not a number", file="posts.csv", row=7, column="likes", value="many"),
        Problem("column is missing", file="posts.csv", column="post_id", hint="Use a mapping."),
    ]
    result = run_raising(InputError(problems))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "error: posts.csv, row 7, column 'likes': not a number (found 'many')",
        "error: posts.csv, column 'post_id': column is missing. Use a mapping.",
    ]


def test_an_unhealthy_run_exits_with_3() -> None:
    result = run_raising(UnhealthyRunError("r-hat 1.3"))
    assert (result.exit_code, result.stderr) == (3, "error: r-hat 1.3\n")


def test_a_defect_is_one_line_that_says_how_to_report_it() -> None:
    result = run_raising(KeyError("reach"))
    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(
        f"error: this is a defect in attribution {__version__}: KeyError: 'reach'"
    )
    assert "test_errors.py:" in line
    assert line.endswith("Please report it with the command, and what it prints with --debug")


@pytest.mark.parametrize("arguments", [("--debug", "boom"), ("boom", "--debug")])
def test_debug_adds_the_traceback(arguments: tuple[str, ...]) -> None:
    result = run_raising(KeyError("reach"), *arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback (most recent call last):")
    assert "raise error" in result.stderr


def test_the_environment_can_ask_for_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTRIBUTION_DEBUG", "1")
    assert run_raising(InputError(Problem("x"))).stderr.startswith("Traceback")


def test_ctrl_c_is_one_line_and_exit_code_130() -> None:
    result = run_raising(KeyboardInterrupt())
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == "stopped: nothing unfinished was kept\n"


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.EROFS])
def test_a_disk_that_refuses_is_not_our_defect(number: int) -> None:
    import os

    result = run_raising(OSError(number, os.strerror(number), "runs/x"))
    assert result.exit_code == 2
    assert result.stderr == f"error: runs/x: {os.strerror(number)}\n"


def test_a_missing_file_that_nobody_checked_is_our_defect() -> None:
    assert run_raising(FileNotFoundError(errno.ENOENT, "gone", "x")).exit_code == 1


def test_an_unknown_command_is_bad_usage() -> None:
    result = CliRunner().invoke(main, ["fitt"])
    assert result.exit_code == 2
    assert "No such command 'fitt'" in result.stderr


def test_version() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"attribution, version {__version__}\n")


@pytest.mark.parametrize("quiet", [True, False])
def test_quiet_silences_messages_and_progress_but_not_warnings(quiet: bool) -> None:
    group = Application("attribution", params=list(shared_options()))

    @click.command()
    def talk() -> None:
        say("message")
        warn("careful")
        with progress() as report:
            report("compile", 0, 1)
            report("sample", 1, 2)
            report("sample", 2, 2)
            report("sample", 2, 2)
        click.echo("result")

    group.add_command(talk)
    result = CliRunner().invoke(group, ["talk", *(["--quiet"] if quiet else [])])
    assert result.exit_code == 0
    assert result.stdout == "result\n"
    if quiet:
        assert result.stderr == "warning: careful\n"
    else:
        lines = result.stderr.splitlines()
        assert lines[:2] == ["message", "warning: careful"]
        assert [line.split(":")[0] for line in lines[2:]] == ["compile", "sample"]


def test_a_long_stage_tells_how_far_it_is_once_a_minute(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr("attribution.cli._messages.time.monotonic", lambda: now)
    with progress() as report:
        for done in range(21):
            report("sample", done, 20)
            now += 10.0
    assert capsys.readouterr().err.splitlines() == [
        "sample: 30% after 60 s",
        "sample: 60% after 120 s",
        "sample: 90% after 180 s",
        "sample: 200.0 s",
    ]


def test_progress_on_a_terminal_is_drawn_as_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from io import StringIO

    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with progress() as report:
        report("compile", 0, 1)
        report("sample", 0, 200)
        report("sample", 200, 200)
    assert "compile" in screen.getvalue()
    assert "sample" in screen.getvalue()


def test_a_library_tells_the_terminal_only_its_warnings() -> None:
    import logging

    group = Application("attribution")

    @click.command()
    def talk() -> None:
        logger = logging.getLogger("pymc.sampling.forward")
        records: list[logging.LogRecord] = []
        handler = logging.Handler()
        handler.emit = records.append  # type: ignore[method-assign]
        logging.getLogger("pymc").setLevel(logging.INFO)
        logger.addHandler(handler)
        logger.info("sampling")
        logger.warning("divergences")
        logger.removeHandler(handler)
        click.echo([record.getMessage() for record in records])

    group.add_command(talk)
    assert CliRunner().invoke(group, ["talk"]).stdout == "['divergences']\n"
