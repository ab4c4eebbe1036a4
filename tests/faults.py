"""A hand on the calls by which Python changes a disk: to count them, to make them fail, to pull the plug.

What is replaced belongs to Python, not to the app. SQLite writes by itself, beneath all this.
"""

import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from unittest import mock

from app.store import atomic

CALLS = ("fsync", "link", "rename", "replace", "unlink", "rmdir", "mkdir", "copy_file_range")
REMOVING = ("unlink", "rmdir")
CHANGING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
REFUSALS = (errno.ENOSPC, errno.EACCES, errno.EIO)
Hook = Callable[[str], None]


@contextmanager
def watched(hook: Hook, *, labels: bool = False) -> Iterator[None]:
    """Call ``hook`` with the name of each call that changes a disk, just before it is made.

    :param labels: also at the moments that the app itself names.
    """
    with ExitStack() as stack:
        for name in filter(os.__dict__.__contains__, CALLS):
            stack.enter_context(mock.patch.object(os, name, _announced(getattr(os, name), name, hook)))
        stack.enter_context(mock.patch.object(os, "open", _opening(os.open, hook)))
        stack.enter_context(mock.patch.object(os, "fdopen", _stream(os.fdopen, hook)))
        stack.enter_context(mock.patch.object(io, "open", _stream(io.open, hook)))
        for module in [module for name, module in sys.modules.items() if name.startswith("app.")]:
            if labels and getattr(module, "reached", None) is atomic.reached and module is not atomic:
                stack.enter_context(mock.patch.object(module, "reached", hook))
        yield


def _announced(call, name, hook):
    @wraps(call)
    def announced(*args, **options):
        hook(name)
        return call(*args, **options)

    return announced


def _opening(call, hook):
    @wraps(call)
    def opening(path, flags, *args, **options):
        if flags & CHANGING:
            hook("open")
        return call(path, flags, *args, **options)

    return opening


def _stream(call, hook):
    """Opens files whose every write is announced; those that are only read are let alone."""

    class Announced(io.FileIO):
        def write(self, data):
            hook("write")
            return super().write(data)

    @wraps(call)
    def stream(file, mode="r", *args, **options):
        if "b" not in mode or not set(mode) & set("wax"):
            return call(file, mode, *args, **options)
        if not isinstance(file, int):
            hook("open")
        size = options.get("buffering", -1)
        return io.BufferedWriter(Announced(file, mode), size if size > 0 else io.DEFAULT_BUFFER_SIZE)

    return stream


class Counting:
    """A hook that lists the calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, name: str) -> None:
        self.calls.append(name)


class Refusing(Counting):
    """A hook that makes one call fail, by its number from 0.

    :param lasting: every call after it fails too, but for those that only remove something.
    """

    def __init__(self, number: int, reason: int, *, lasting: bool = False) -> None:
        super().__init__()
        self.number, self.reason, self.lasting = number, reason, lasting

    def __call__(self, name: str) -> None:
        super().__call__(name)
        number = len(self.calls) - 1
        if number == self.number or (self.lasting and number > self.number and name not in REMOVING):
            raise OSError(self.reason, os.strerror(self.reason))


class Plug(Counting):
    """A hook that kills the process just before a call, by its number from 0.

    :param labels: count only the moments that the app itself names.
    """

    def __init__(self, number: int, *, labels: bool = False) -> None:
        super().__init__()
        self.number = number
        self.labels = labels

    def __call__(self, name: str) -> None:
        if self.labels and name in (*CALLS, "open", "write"):
            return
        if len(self.calls) == self.number:
            os.kill(os.getpid(), signal.SIGKILL)
        super().__call__(name)
