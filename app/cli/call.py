"""One call of the program: which home it is about, and how it answers, in words or as JSON."""

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from app.config import Config
from app.errors import AppError, NotFound
from app.services.library import Library
from app.services.operation import OperationInfo

DONE, FINDINGS, FAILED = 0, 1, 2  # exit codes

# What could move the cursor or colour the screen if a dataset's text were printed as it stands.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(slots=True)
class Call:
    """What was asked for beside the command itself; the options may stand before or behind its name."""

    home: str | None = None
    as_json: bool = False
    debug: bool = False

    @property
    def config(self) -> Config:
        """The settings for this home."""
        return Config.of(self.home, debug=self.debug)

    def library(self) -> Library:
        """The home, opened.

        :raises AppError: if it cannot be prepared or read.
        """
        return Library.open(self.config)

    def answer(self, value: Mapping[str, Any], words: str) -> None:
        """Print a result on standard output: the value as one JSON object, or the words."""
        click.echo(json.dumps(value) if self.as_json else plain(words))

    def answer_operation(self, info: OperationInfo | None, uuid: str | None = None) -> None:
        """Print what was done; ``uuid`` is that of the entry which was made or changed."""
        value: dict[str, Any] = {"operation": info.as_json() if info else None}
        if uuid is not None:
            value["uuid"] = uuid
        words = [f"{info.title} (operation {info.id})." if info else "There was nothing to change."]
        if info and info.changed > 1:
            words.append(f"{info.changed:,} entries were changed.")
        if info and uuid is not None:
            words.append(f"Entry {uuid}.")
        self.answer(value, " ".join(words))

    def say(self, words: str) -> None:
        """Tell the person something that is no result, on standard error."""
        click.echo(plain(words), err=True)

    def fail(self, error: AppError, **beside: Any) -> int:
        """Say what went wrong and what to do, and return the exit code.

        :param beside: what was done nevertheless, for the JSON object.
        """
        hint = "The command list shows what there is." if error.hint == NotFound.hint else error.hint
        if self.as_json:
            click.echo(json.dumps({**beside, "error": {"message": error.message, "hint": hint}}))
        else:
            self.say(f"{error.message}\n{hint}".rstrip())
        return FAILED

    def watch(self, doing: str) -> Callable[[int, int], None]:
        """A progress function: percent on standard error while a person watches, else nothing."""
        shown = -1

        def progress(done: int, total: int) -> None:
            nonlocal shown
            percent = min(100, 100 * done // total) if total else 0
            if percent != shown and sys.stderr.isatty():
                shown = percent
                click.echo(f"\r{doing} {percent} %" + "\r\033[K" * (percent == 100), err=True, nl=False)

        return progress


pass_call = click.make_pass_decorator(Call)


def plain(text: str) -> str:
    """The text with control characters spelt out, safe to print on a terminal."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def counted(number: int, noun: str, many: str = "") -> str:
    """A number with its noun: ``1 entry``, ``1,200 entries``."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"
