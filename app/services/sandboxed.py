"""Rendering with a chat template of the person's own: a stranger's program, in a process of its own.

The sandbox keeps a template from what it must not touch. What a sandbox cannot do – end a loop without end,
bound the memory – is done from outside: the process may neither open nor write a file, it has so much
memory and no more, and whoever takes too long over an entry is ended with it. The next template gets a new
process. Both sides speak JSON, so that nothing from in there is run out here.
"""

import json
import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from importlib import import_module
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from threading import Lock
from typing import Any

from app.domain.targets.families import Family
from app.domain.targets.sandbox import SOME_DAY, Output, TemplateError, compile_template
from app.errors import Refused

SECONDS = 2.0  # that a template may take over one entry
MEMORY = 1 << 30  # bytes that its process may have, where the system can say so
LONGEST = 64_000_000  # bytes that it may write for one entry
_START = 60.0  # seconds that the process may take until it listens, on a busy machine
_GRACE = 1.0  # seconds after which the process ends itself, if nobody out here did
# What Jinja and Python import only when a template needs it, which is too late where no file can be opened.
_LATE = ("jinja2.debug", "encodings.unicode_escape", "html.entities", "textwrap", "pprint")


class Stopped(Refused):
    """A template ran too long or asked for too much, so that it was ended; nothing else was."""

    hint = "Correct the template, or choose another one."


def render(family: Family, messages: list[Any], *, day: date = SOME_DAY, **context: Any) -> Output:
    """The training text of some messages, as :meth:`Family.render` makes it of our own templates.

    :raises TemplateError: if the template refuses the messages or fails on them.
    :raises Stopped: if it had to be ended.
    """
    answer = _BOOTH.ask(_request(family, messages, day, context))
    text = Output(answer["text"])
    text.generated = tuple((start, end) for start, end in answer["generated"])
    return text


def check(family: Family) -> None:
    """Nothing, if the template can be read; what it makes of messages is another question.

    :raises TemplateError: if not.
    :raises Stopped: if it had to be ended.
    """
    _BOOTH.ask(_request(family, None, SOME_DAY, {}))


def close() -> None:
    """End the process, if there is one; the next template starts another."""
    _BOOTH.close()


def _request(family: Family, messages: list[Any] | None, day: date, context: dict[str, Any]) -> bytes:
    """What is asked of the process: to read the template, and to render the messages if there are some."""
    return json.dumps(
        {
            "template": family.template,
            "messages": messages,
            "day": day.isoformat(),
            "context": {**family.context, **context},
        }
    ).encode()


class _Booth:
    """The process that templates are rendered in: started when it is needed, ended when it misbehaves."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._process: SpawnProcess | None = None
        self._line: Connection | None = None

    def ask(self, request: bytes) -> dict[str, Any]:
        """The last answer to a request: the text, or that the template was read where none is wanted.

        :raises TemplateError: if the template cannot be read, or refuses the messages or fails on them.
        :raises Stopped: if the process had to be ended, or ended itself.
        """
        with self._lock:
            try:
                line = self._open()
                line.send_bytes(request)
                answer = self._hear(line)
                if answer.get("renders"):
                    answer = self._hear(line)
            except (EOFError, OSError) as error:
                self._end()
                raise Stopped("The template brought down the process that it ran in.") from error
            except BaseException:
                self._end()
                raise
        if "error" in answer:
            raise TemplateError(answer["error"], refused=answer["refused"])
        return answer

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _open(self) -> Connection:
        if self._line is not None and self._process is not None and self._process.is_alive():
            return self._line
        self._end()
        spawning = multiprocessing.get_context("spawn")
        self._line, theirs = spawning.Pipe()
        with theirs:
            self._process = spawning.Process(
                target=_serve,
                args=(theirs, SECONDS + _GRACE, MEMORY),
                name="rolethread-template",
                daemon=True,
            )
            self._process.start()
        if not self._line.poll(_START):
            raise Stopped("The process for templates of your own did not start.", "Try it again.")
        self._line.recv_bytes()
        return self._line

    def _hear(self, line: Connection) -> dict[str, Any]:
        if not line.poll(SECONDS):
            raise Stopped(f"The template took longer than {SECONDS:g} seconds over one entry.")
        answer: dict[str, Any] = json.loads(line.recv_bytes(2 * LONGEST).decode("utf-8", "surrogatepass"))
        if "stopped" in answer:
            raise Stopped(answer["stopped"])
        return answer

    def _end(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process is not None:
            if self._process.pid is not None:
                self._process.kill()
                self._process.join()
            self._process.close()
            self._process = None


_BOOTH = _Booth()


def _serve(line: Connection, seconds: float, memory: int) -> None:
    """Answer requests until nobody asks any more: what runs in the process.

    :param seconds: after which the process ends, if an answer takes so long.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who asks hears it too, and ends this
    for module in _LATE:
        import_module(module)
    _confine(memory)
    with suppress(EOFError, OSError):
        line.send_bytes(b"listening")
        while True:
            request = line.recv_bytes()
            _alarm(seconds)
            for answer in _answering(request):
                _alarm(0)
                line.send_bytes(answer)
                _alarm(seconds)
            _alarm(0)


def _confine(memory: int) -> None:
    """From now on this process opens no file, writes none, and has no more memory than said."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_NOFILE, 0),
    ):
        with suppress(ValueError, OSError):  # not every system has every limit
            resource.setrlimit(limit, (most, most))


def _alarm(seconds: float) -> None:
    """End this process after so many seconds, whatever it is doing; 0 takes that back."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _answering(request: bytes) -> Iterator[bytes]:
    asked = json.loads(request)
    day = date.fromisoformat(asked["day"])
    try:
        compiled = compile_template(asked["template"])
    except TemplateError as error:
        yield _encoded({"error": str(error), "refused": False})
        return
    messages = asked["messages"]
    yield _encoded({"renders": messages is not None})
    if messages is None:
        return
    try:
        text = compiled.render(messages, day=day, **asked["context"])
        yield _encoded({"text": text, "generated": text.generated})
    except TemplateError as error:
        if isinstance(error.__cause__, MemoryError):
            yield _TOO_MUCH
        else:
            yield _encoded({"error": str(error), "refused": error.refused})
    except MemoryError:
        yield _TOO_MUCH


def _encoded(answer: dict[str, Any]) -> bytes:
    data = json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if len(data) > LONGEST:
        raise TemplateError(f"The template writes more than {LONGEST // 1_000_000} million bytes.")
    return data


_TOO_MUCH = b'{"stopped": "The template asked for more memory than it may have."}'
