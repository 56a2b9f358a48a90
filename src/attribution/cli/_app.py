"""The Click group behind every command: shared options, exit codes and the words of an error."""

from __future__ import annotations

import errno
import logging
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from attribution.errors import AttributionError

INTERRUPTED = 130
DEFECT = 1
INPUT = 2
SAMPLER = "pymc.sampling"
"""Logger that tells of its own progress, which commands do with :func:`progress`."""

USERS_DISK = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}


@dataclass
class Settings:
    """What the shared options say, for the whole invocation."""

    quiet: bool = False
    debug: bool = False


def settings() -> Settings:
    """Return the settings of the running command, or the defaults outside of one."""
    context = click.get_current_context(silent=True)
    return Settings() if context is None else context.find_root().ensure_object(Settings)


def _remember(context: click.Context, parameter: click.Parameter, value: bool) -> bool:
    if value and parameter.name is not None:
        setattr(context.find_root().ensure_object(Settings), parameter.name, True)
    return value


def shared_options() -> list[click.Option]:
    """Return the options that the group and every command take, with the same meaning."""
    return [
        click.Option(
            ["--quiet"],
            is_flag=True,
            expose_value=False,
            callback=_remember,
            help="Print results and errors only.",
        ),
        click.Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            callback=_remember,
            envvar="ATTRIBUTION_DEBUG",
            help="Show the traceback of an error.",
        ),
    ]


def add_shared_options(command: click.Command) -> click.Command:
    """Append the shared options to a command, or to every command of a group."""
    if isinstance(command, click.Group):
        for member in command.commands.values():
            add_shared_options(member)
    else:
        command.params.extend(shared_options())
    return command


class Application(click.Group):
    """A group that turns every exception of a command into one message and an exit code."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Register a command and give it the shared options."""
        super().add_command(add_shared_options(cmd), name)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands in the order in which a user meets them, not by name."""
        return list(self.commands)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """List the commands with the whole first sentence of their help."""
        rows = [
            (name, command.get_short_help_str(limit=200)) for name, command in self.commands.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; leave through the exit code that belongs to what went wrong."""
        logging.getLogger(SAMPLER).setLevel(logging.WARNING)
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort, click.ClickException):
            raise
        except KeyboardInterrupt:
            click.echo("stopped: nothing unfinished was kept", err=True)
            ctx.exit(INTERRUPTED)
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            if ctx.find_root().ensure_object(Settings).debug:
                click.echo(traceback.format_exc(), err=True, nl=False)
            for line in error_lines(error):
                click.echo(f"{click.style('error:', fg='red', bold=True)} {line}", err=True)
            ctx.exit(exit_code(error))


def exit_code(error: Exception) -> int:
    """Return 2 for bad input or a disk that refuses, 3 for an unhealthy run, 1 for a defect."""
    if isinstance(error, AttributionError):
        return error.exit_code
    return INPUT if _is_users_disk(error) else DEFECT


def error_lines(error: Exception) -> list[str]:
    """Return what to tell the user, a line per problem."""
    if isinstance(error, AttributionError):
        return str(error).splitlines()
    if isinstance(error, OSError) and _is_users_disk(error):
        return [f"{error.filename or 'the disk'}: {error.strerror}"]
    return [defect_line(error)]


def defect_line(error: Exception) -> str:
    """Return one line for an error that no user can cause: what, where and how to report it."""
    from attribution import __version__

    words = " ".join(str(error).split())[:200]
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return (
        f"this is a defect in attribution {__version__}: {type(error).__name__}: {words}{place}. "
        "Please report it with the command, and what it prints with --debug"
    )


def _is_users_disk(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in USERS_DISK
