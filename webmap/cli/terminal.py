"""How the command speaks: French help, a line and a time per step, one sentence for a known error."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import click

from webmap.errors import ConfigError, WebmapError

if TYPE_CHECKING:
    from collections.abc import Iterator


class _FrenchHelp(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write « Usage : » with French spacing."""
        super().write_usage(prog, args, prefix or "Usage : ")

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section; French puts a space before the colon."""
        super().write_heading({"Commands": "Commandes "}.get(heading, f"{heading} "))


class _FrenchContext(click.Context):
    formatter_class = _FrenchHelp


class Command(click.Command):
    """A command whose help is French."""

    context_class = _FrenchContext


class Commands(click.Group):
    """A group whose help is French; turns known errors into a message and an exit code, whoever raised them."""

    context_class = _FrenchContext
    command_class = Command
    group_class = type  # groups inside are of this same class

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a WebmapError goes to stderr."""
        try:
            return super().invoke(ctx)
        except WebmapError as error:
            click.echo(str(error), err=True)
            ctx.exit(2 if isinstance(error, ConfigError) else 1)
        except KeyboardInterrupt:
            click.echo("\nInterrompu.", err=True)
            ctx.exit(130)


HELP = click.help_option("-h", "--help", help="Affiche cette aide.")


@contextlib.contextmanager
def step(label: str) -> Iterator[None]:
    """Print a step, then its time in seconds when it ends well."""
    start = time.perf_counter()
    click.echo(f"{label} … ", nl=False)
    try:
        yield
    except BaseException:
        click.echo("échec")
        raise
    click.echo(f"{time.perf_counter() - start:.1f} s".replace(".", ","))
