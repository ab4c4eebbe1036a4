"""A stranger's template can do nothing but fail: its process is ended, and all else goes on."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from threading import Thread, Timer

import pytest

from app.domain.targets.families import FAMILIES, Family
from app.domain.targets.sandbox import TemplateError
from app.services import sandboxed
from app.services.sandboxed import Stopped

MESSAGES = [{"role": "user", "content": "Who goes there?"}, {"role": "assistant", "content": "Ho \ud800 ho."}]
ENDLESS = (
    "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}"
    "{% endfor %}{% endfor %}{% endfor %}"
)
GREEDY = (
    "{% set ns = namespace(l=[]) %}{% for a in range(9999) %}"
    "{% set ns.l = [ns.l, 'x' * 15999000 ~ a] %}{% endfor %}"
)
NESTED = (
    "{% macro f(n) %}{% for i in range(9) %}{{ f(n - 1) if n else '' }}{% endfor %}{% endmacro %}{{ f(99) }}"
)
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such limits")


@pytest.fixture(autouse=True, scope="module")
def _closed() -> Iterator[None]:
    yield
    sandboxed.close()


def _own(template: str, **values: str) -> Family:
    return Family("mine", "Mine", "my own", template, **values)


def _pids() -> list[int | None]:
    return [
        process.pid for process in multiprocessing.active_children() if process.name == "rolethread-template"
    ]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_template_writes_in_its_process_what_it_writes_here(name):
    family = FAMILIES[name]
    assert _said(sandboxed.render, family) == _said(Family.render, family)


def _said(render, family) -> tuple[object, ...]:
    try:
        text = render(family, MESSAGES)
    except TemplateError as error:
        return "refused" if error.refused else "failed", str(error)
    return text, text.generated


def test_the_day_the_context_and_what_is_marked_go_through():
    family = _own(
        "{{ bos_token }}{{ strftime_now('%d.%m.') }}{{ tools[0].n }}{% generation %}Hi{% endgeneration %}",
        bos_token="<s>",
    )
    text = sandboxed.render(family, [], day=date(2026, 11, 22), tools=[{"n": 7}])
    assert text == "<s>22.11.7Hi"
    assert text.generated == ((10, 12),)


def test_what_a_template_refuses_is_told_and_the_next_messages_are_rendered():
    family = _own("{% if messages[0] == 3 %}{{ raise_exception('No threes.') }}{% endif %}{{ messages[0] }}")
    with pytest.raises(TemplateError, match=r"^The template refuses it: No threes\.$") as refused:
        sandboxed.render(family, [3])
    assert refused.value.refused
    assert sandboxed.render(family, [4]) == "4"


def test_one_process_serves_all_and_is_gone_after_close():
    sandboxed.render(FAMILIES["chatml"], MESSAGES)
    (pid,) = _pids()
    sandboxed.render(_own("{{ messages|length }}"), MESSAGES)
    assert _pids() == [pid]
    sandboxed.close()
    assert _pids() == []
    if os.name == "posix":
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert sandboxed.render(_own("{{ messages|length }}"), MESSAGES) == "2"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (ENDLESS, "took longer than 2 seconds"),
        (NESTED, "took longer than 2 seconds"),
        pytest.param(GREEDY, "asked for more memory", marks=posix),
    ],
)  # fmt: skip
def test_a_template_that_does_not_end_is_ended_with_its_process(template, words):
    sandboxed.render(FAMILIES["chatml"], MESSAGES)
    (before,) = _pids()
    with pytest.raises(Stopped, match=words) as stopped:
        sandboxed.render(_own(template), MESSAGES)
    assert stopped.value.hint == "Correct the template, or choose another one."
    assert before not in _pids()
    assert sandboxed.render(_own("still {{ messages|length }}"), MESSAGES) == "still 2"


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ messages.__class__.__base__.__subclasses__() }}",
        "{{ self._TemplateReference__context.environment.from_string('x') }}",
        "{{ raise_exception.__globals__.os }}",
        "{{ (messages|attr('__class__')).__mro__ }}",
        "{{ strftime_now.__closure__[0].cell_contents }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].update(role='x') }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}{{ os }}",
        "{% extends '/etc/passwd' %}",
        "{% for a in range(99999) %}{{ 'x' * 100000 }}{% endfor %}",
        "{{ 'x' * 999999999 }}",
        "{{ 10 ** (10 ** 10) }}",
        "{{ ('%' ~ '999999999d') % 1 }}",
        "{{ 'x'.ljust(999999999) }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ range(999999999) }}",
        "{% if 1 %}" * 5000,
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{{ open('/etc/passwd').read() }}",
        "{{ lipsum(n=999999) }}",
        "{{ x.y.z }}",
        "{% nonsense %}",
        "{{ '☃' * 15999999 }}{{ '☃' * 15999999 }}",
    ],
)
def test_what_is_not_for_templates_is_refused_in_a_sentence_and_the_process_lives_on(template):
    sandboxed.render(FAMILIES["chatml"], MESSAGES)
    before = _pids()
    with pytest.raises(TemplateError, match=r"^The template .*\.$"):
        sandboxed.render(_own(template), MESSAGES)
    assert _pids() == before


def test_a_process_that_died_by_itself_is_told_of_and_another_one_started():
    sandboxed.render(FAMILIES["chatml"], MESSAGES)
    (pid,) = _pids()
    timer = Timer(0.5, os.kill, (pid, signal.SIGTERM))  # while it renders; else another one would do it
    timer.start()
    with pytest.raises(Stopped, match="brought down the process"):
        sandboxed.render(_own(ENDLESS), MESSAGES)
    timer.join()
    assert sandboxed.render(_own("{{ messages|length }}"), MESSAGES) == "2"


def test_a_template_can_be_tried_without_messages():
    sandboxed.check(_own("{{ raise_exception('never') }}"))
    with pytest.raises(TemplateError, match="cannot be read at line 2"):
        sandboxed.check(_own("Hello\n{% if %}"))


def test_several_threads_may_ask_at_once():
    found: dict[int, str] = {}

    def ask(number: int) -> None:
        for _ in range(50):
            found[number] = sandboxed.render(_own("{{ messages[0] }}"), [number])
            assert found[number] == str(number)

    threads = [Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: str(number) for number in range(4)}


@posix
@pytest.mark.parametrize(
    "act",
    [
        "open('/etc/hostname')",
        "socket.socket()",
        "open(pathlib.Path(sys.argv[1]) / 'x', 'w')",
        "os.open('/', 0)",
    ],
)
def test_even_one_who_escapes_the_sandbox_opens_no_file_and_no_connection(act, tmp_path):
    program = (
        "import os, pathlib, socket, sys\n"
        "from app.services.sandboxed import _confine, MEMORY\n_confine(MEMORY)\n"
        f"try:\n    {act}\nexcept OSError as error:\n    print('refused')\n"
    )
    assert _run(program, str(tmp_path)) == b"refused\n"
    assert not list(tmp_path.iterdir())


@posix
def test_no_process_is_left_turning_where_the_server_was_killed():
    """The process holds the pipe too: that it is at its end says that both are gone."""
    program = (
        "import os, signal\n"
        "from app.services import sandboxed\n"
        "from app.domain.targets.families import Family\n"
        f"endless = Family('', '', '', {ENDLESS!r})\n"
        "line = sandboxed._BOOTH._open()\n"
        "line.send_bytes(sandboxed._request(endless, [], sandboxed.SOME_DAY, {}))\n"
        "print(line.recv_bytes(), flush=True)\n"  # it has read the template, and renders
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert _run(program) == b"b'{\"renders\": true}'\n"


def _run(program: str, *arguments: str) -> bytes:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    run = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        stdout=subprocess.PIPE, env=environment, timeout=60, check=False,
    )  # fmt: skip
    return run.stdout
