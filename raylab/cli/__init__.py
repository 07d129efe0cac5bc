"""The command `raylab`. A verb is a file of its name, a few lines that call the package.

`group` has the group of all verbs and the options that they share, `checks` what is checked before
a verb begins, `show` what verbs print. Verbs about studies that run are in the room `running`.
"""

from __future__ import annotations

import contextlib
import io
import shlex
import sys
import traceback
from collections.abc import Sequence

import click

from raylab.authentication import accepting_insecure
from raylab.cli.group import cli
from raylab.cli.show.invocation import invoked
from raylab.errors import RaylabError

# Options of the group, also understood after a verb.
_ANYWHERE = ("--debug", "--insecure", "--plain")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command.

    An error of the user is one or two lines on standard error, with exit code 2.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    _print_anything()
    accepting = accepting_insecure() if "--insecure" in words else contextlib.nullcontext()
    try:
        with accepting, invoked(words, plain="--plain" in words):
            cli.main(
                args=[word for word in words if word not in _ANYWHERE],
                prog_name="raylab",
                standalone_mode=False,
            )
    except RaylabError as error:
        _fail(error, str(error), error.exit_code, debug)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort) as error:
        stopped = error.__cause__ if isinstance(error, click.Abort) else error
        again = getattr(stopped, "command", None) or shlex.join(["raylab", *words])
        reason = getattr(stopped, "reason", "stopped")
        _fail(error, f"{reason}; work so far is kept. To go on: {again}", 130, debug)
    except OSError as error:  # a folder where a file should be, a full disk, no permission
        _fail(error, f"{error.filename or 'file system'}: {error.strerror or error}", 2, debug)
    except Exception as error:
        _fail(
            error,
            f"internal error: {type(error).__name__}: {error}\n  Run again with --debug and report "
            "it.",
            1,
            debug,
        )


def _print_anything() -> None:
    """Replace characters that the terminal's encoding lacks, which would otherwise be an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _fail(error: BaseException, text: str, code: int, debug: bool) -> None:
    if debug:
        if isinstance(error, RaylabError) and error.cause:
            click.echo(f"In the process that read the file:\n{error.cause}", err=True)
        traceback.print_exception(error)
    click.echo(f"raylab: {text}", err=True)
    sys.exit(code)


__all__ = ["cli", "main"]
