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
        """Run the command; a WebmapError, or what click refuses of the words after this one, goes to stderr in French."""
        try:
            return super().invoke(ctx)
        except WebmapError as error:
            click.echo(str(error), err=True)
            ctx.exit(2 if isinstance(error, ConfigError) else 1)
        except click.exceptions.NoArgsIsHelpError:  # a group named alone: click shows its help
            raise
        except click.UsageError as error:
            click.echo(_tell_refusal(error), err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("\nInterrompu.", err=True)
            ctx.exit(130)


def _tell_refusal(error: click.UsageError) -> str:
    """Say what of a command line is not possible, and where help is. click has its own sentences in English alone."""
    param = getattr(error, "param", None)
    name = param.get_error_hint(error.ctx).strip("'") if param and error.ctx else ""
    what = "Cette commande n'est pas comprise."
    if isinstance(error, click.NoSuchOption):
        what = f"L'option {error.option_name} n'existe pas."
    elif isinstance(error, click.MissingParameter):
        what = f"Il manque {name}."
    elif isinstance(error, click.BadParameter):
        bounds = param.type if param and isinstance(param.type, click.IntRange) else None
        what = f"{name} : cette valeur n'est pas possible"
        what += f" ; un nombre de {bounds.min} à {bounds.max}." if bounds else "."
    usage = f"{error.ctx.get_usage()}\n" if error.ctx else ""
    command = error.ctx.command_path if error.ctx else "webmap"
    return f"{usage}{what} L'aide : {command} --help"


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
