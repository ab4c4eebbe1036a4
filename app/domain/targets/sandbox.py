"""Chat templates, rendered as Transformers renders them, and locked in.

The settings are those of ``transformers/utils/chat_template_utils.py``: an immutable sandbox, no line left
behind a block, ``break`` and ``continue``, ``raise_exception``, ``strftime_now``, ``tojson`` without HTML's
escapes, and ``{% generation %}`` around what an assistant says. What is other: there is no file to include,
no filler text, the day is one that the caller says, and what asks for too much is refused (``bounds.py``).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from app.domain.targets import bounds
from app.domain.targets.bounds import TemplateError

__all__ = ["SOME_DAY", "Compiled", "Output", "TemplateError", "compile_template"]

SOME_DAY = date(2024, 7, 26)  # what strftime_now says where nobody says otherwise
_TEXT = 200_000  # characters of a template; the longest known one has 20,000
_OUTPUT = 64_000_000  # characters that a template may write
_MESSAGE = 300  # characters of what a template says when it refuses
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": bounds.added, "*": bounds.multiplied, "**": bounds.raised, "%": bounds.modulo,
}  # fmt: skip


class Output(str):
    """What a template wrote. ``generated``: the spans that it marked as the assistant's."""

    generated: tuple[tuple[int, int], ...] = ()


class _Mark(str):
    """An empty text that stands in the stream of output where a span begins or ends."""

    def __str__(self) -> str:
        return self


_BEGINS, _ENDS = _Mark(), _Mark()


class _Generation(Extension):
    """``{% generation %}…{% endgeneration %}``: renders what is in it, and marks where it was."""

    tags = {"generation"}  # noqa: RUF012 (declared so by Jinja)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        begins, ends = (nodes.Output([nodes.EnvironmentAttribute(name)]) for name in ("begins", "ends"))
        return [node.set_lineno(line) for node in (begins, nodes.Scope(body), ends)]


class _Generator(CodeGenerator):
    """Jinja's compiler, but for ``~``, which it gives no other way to watch."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.concatenated((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox of Transformers, with bounds."""

    intercepted_binops = frozenset(_OPERATORS)
    code_generator_class = _Generator
    begins, ends = _BEGINS, _ENDS
    concatenated = staticmethod(bounds.joined)

    def __init__(self) -> None:
        extensions = [_Generation, "jinja2.ext.loopcontrols"]
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=extensions, cache_size=0)
        self.binop_table.update(_OPERATORS)
        self.filters.update(bounds.BOUNDED_FILTERS, tojson=_tojson, join=_join(self.filters["join"]))
        self.globals.update(raise_exception=_refuse, range=bounds.ranged)
        del self.globals["lipsum"]

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        return super().call(__context, bounds.bounded_method(__obj, args, kwargs.values()), *args, **kwargs)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        if super().wrap_str_format(value) is None:
            return None
        text, formatter = value.__self__, bounds.BoundedFormatter(self)
        if value.__name__ == "format_map":
            return lambda values: formatter.vformat(text, (), values)
        return lambda *args, **kwargs: formatter.vformat(text, args, kwargs)


def _refuse(message: Any = "") -> str:
    said = str(message)[:_MESSAGE].strip()
    raise TemplateError(f"The template refuses it: {said or 'it does not say why.'}", refused=True)


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: Any = None,
    separators: Any = None,
    sort_keys: bool = False,
) -> str:
    bounds.no_larger([indent])
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _join(original: Callable[..., Any]) -> Callable[..., Any]:
    """Jinja's filter, told beforehand how much there is to join."""

    def join(context: Any, value: Iterable[Any], d: str = "", attribute: Any = None) -> Any:
        if attribute is not None:
            return original(context, value, d, attribute)
        return bounds.joined(value, str(d))

    join.jinja_pass_arg = original.jinja_pass_arg  # type: ignore[attr-defined]
    return join


class Compiled:
    """A template, ready to be rendered."""

    def __init__(self, template: jinja2.Template) -> None:
        self._template = template

    def render(self, messages: list[Any], *, day: date = SOME_DAY, **context: Any) -> Output:
        """The text that the template makes of the messages.

        :param day: what the template is told when it asks for the date.
        :param context: further names for the template, such as ``bos_token``; as with Transformers,
            ``tools`` and ``documents`` are None and ``add_generation_prompt`` is False unless given.
        :raises TemplateError: if the template refuses, fails, or writes more than 64 million characters.
        """
        given = {
            "tools": None, "documents": None, "add_generation_prompt": False, "strftime_now": _clock(day),
            **context, "messages": messages,
        }  # fmt: skip
        try:
            return _gathered(self._template.generate(given))
        except TemplateError:
            raise
        except Exception as error:
            raise TemplateError(_sentence(error)) from error


def _clock(day: date) -> Callable[[str], str]:
    def strftime_now(format: str) -> str:
        return day.strftime(str(format)[:_MESSAGE])

    return strftime_now


def _gathered(stream: Iterator[str]) -> Output:
    parts: list[str] = []
    generated: list[tuple[int, int]] = []
    length = begun = 0
    for part in stream:
        if part is _BEGINS:
            begun = length
        elif part is _ENDS:
            generated.append((begun, length))
        else:
            length += len(part)
            parts.append(part)
            if length > _OUTPUT:
                raise TemplateError("The template writes more than 64 million characters.")
    text = Output("".join(parts))
    text.generated = tuple(generated)
    return text


def _sentence(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "The template calls itself again and again."
    if isinstance(error, jinja2.exceptions.SecurityError):
        return f"The template reaches for what it must not touch: {_said(error)}"
    if isinstance(error, jinja2.TemplateNotFound | TypeError) and "loader" in str(error):
        return "The template wants to read another file, and there is none for it."
    if isinstance(error, jinja2.UndefinedError):
        return f"The template uses what is not there: {_said(error)}"
    return f"The template fails on these messages: {_said(error)}"


def _said(error: Exception) -> str:
    words = " ".join(str(error).split())[:_MESSAGE]
    return f"{words or type(error).__name__}".removesuffix(".") + "."


@lru_cache(maxsize=64)
def compile_template(text: str) -> Compiled:
    """The template that the text is.

    :raises TemplateError: if the text is no template, is nested too deeply, or is too long.
    """
    if len(text) > _TEXT:
        raise TemplateError(f"The template has more than {_TEXT:,} characters, so that it is not read.")
    try:
        return Compiled(_ENVIRONMENT.from_string(text))
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(f"The template cannot be read at line {error.lineno}: {_said(error)}") from error
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise TemplateError("The template is nested too deeply to be read.") from error
    except Exception as error:
        raise TemplateError(f"The template cannot be read: {_said(error)}") from error


_ENVIRONMENT = _Environment()
