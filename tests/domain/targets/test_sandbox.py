"""A template renders as in Transformers; what reaches out, or asks for too much, is refused plainly."""

import pickle
import time
from datetime import date

import pytest

from app.domain.targets.sandbox import Output, TemplateError, compile_template

TALK = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
HUGE = 10**9


def render(template, messages=TALK, **context):
    return compile_template(template).render(messages, **context)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{% for m in messages %}\n    {% if m.role == 'user' %}\nU{% endif %}\n{% endfor %}\n", "U"),
        (
            "{{ messages | tojson }}",
            '[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]',
        ),
        ("{{ '<é>' | tojson }}{{ {'b': 1, 'a': 2} | tojson(sort_keys=true) }}", '"<é>"{"a": 2, "b": 1}'),
        (
            "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}{{ m.role }}{% endfor %}",
            "assistant",
        ),
        ("{% for m in messages %}{{ m.role }}{% break %}{% endfor %}", "user"),
        ("{{ tools is none }}{{ documents is none }}{{ add_generation_prompt }}", "TrueTrueFalse"),
        ("{{ missing }}{{ messages[9] is defined }}{{ none }}", "FalseNone"),
        ("{{ strftime_now('%d %b %Y') }}", "26 Jul 2024"),
        (
            "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = 2 %}{% endfor %}{{ ns.n }}",
            "2",
        ),
        ("{% macro twice(x) %}{{ x * 2 }}{% endmacro %}{{ twice('ab') }}", "abab"),
        ("{{ '%s-%05d' % ('a', 12) }}{{ '%(k)s' % {'k': 1} }}{{ '%.2f' | format(1.5) }}", "a-0001211.50"),
        ("{{ '{:>4}|{}|{x}'.format('a', 3, x=1) }}{{ '{a}'.format_map({'a': 2}) }}", "   a|3|12"),
        ("{{ 'x'.ljust(3) }}{{ 'x' | center(3) }}{{ 'a\nb' | indent(2) }}", "x   x a\n  b"),
        (
            "{{ 'a-b'.replace('-', '+') }}{{ 'aa' | replace('a', 'b', 1) }}{{ 'a b'.split() | join('_') }}",
            "a+bbaa_b",
        ),
        ("{{ ','.join(['a', 'b']) }}{{ messages | join(',', attribute='role') }}", "a,buser,assistant"),
        (
            "{{ 1 ~ 'a' ~ none ~ [1] }}{{ 7 % 4 }}{{ 2 ** 10 }}{{ 3 * 4 }}{{ [1] * 2 }}",
            "1aNone[1]3102412[1, 1]",
        ),
        ("{{ 'ab bc' | wordwrap(3) }}{{ 1.55 | round(1, 'floor') }}", "ab\nbc1.5"),
        ("{{ 'a' < 'b' }}{{ '&' | e }}", "True&amp;"),
    ],
)
def test_a_template_renders_as_it_does_in_transformers(template, text):
    assert render(template) == text


def test_the_day_and_further_names_come_from_the_caller():
    template = "{{ bos_token }}{{ strftime_now('%Y-%m-%d') }}"
    assert render(template, day=date(2030, 1, 2), bos_token="<s>") == "<s>2030-01-02"


def test_a_refusal_is_told_in_the_template_s_own_words():
    with pytest.raises(TemplateError) as caught:
        render("{{ raise_exception('Roles must alternate.') }}")
    assert str(caught.value) == "The template refuses it: Roles must alternate."
    assert caught.value.refused
    with pytest.raises(TemplateError, match="refuses it: it does not say why"):
        render("{{ raise_exception() }}")
    with pytest.raises(TemplateError) as long:
        render("{{ raise_exception('x' * 100000) }}")
    assert len(str(long.value)) < 400


@pytest.mark.parametrize("numbers", [100_001, 10**30, -1])
def test_a_loop_that_is_too_long_is_told_in_plain_words(numbers):
    asked = f"{numbers}" if numbers > 0 else "0, -100001, -1"
    with pytest.raises(TemplateError) as caught:
        render(f"{{% for i in range({asked}) %}}{{% endfor %}}")
    assert str(caught.value) == "The template wants to count to more than 100,000 in one loop."
    assert render("{{ range(100000) | length }}") == "100000"


def test_an_error_goes_from_process_to_process():
    error = pickle.loads(pickle.dumps(TemplateError("It fails.", refused=True)))
    assert (str(error), error.refused) == ("It fails.", True)


def test_spans_of_generation_are_kept_and_their_names_stay_inside():
    text = render(
        "{% for m in messages %}{% if m.role == 'assistant' %}<a>{% generation %}{% set x = 1 %}"
        "{{ m.content }}!{% endgeneration %}{{ x }}\n{% else %}{{ m.content }}\n{% endif %}{% endfor %}",
        TALK + TALK,
    )
    assert text == "Hi\n<a>Ho!\nHi\n<a>Ho!\n"
    assert [text[start:end] for start, end in text.generated] == ["Ho!", "Ho!"]
    again = pickle.loads(pickle.dumps(text))
    assert (type(again), again, again.generated) == (Output, text, text.generated)


def test_generation_inside_a_macro_renders_though_nobody_knows_where():
    text = render("{% macro m() %}{% generation %}x{% endgeneration %}{% endmacro %}a{{ m() }}b")
    assert (text, text.generated) == ("axb", ())


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ ''['__class__']['__mro__'] }}",
        "{{ (''|attr('__class__')).mro() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ joiner.__init__.__globals__.os }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ lipsum.__globals__ }}",
        "{{ lipsum(5) }}",
        "{{ self.__init__.__globals__ }}",
        "{{ self._TemplateReference__context.environment }}",
        "{{ raise_exception.__globals__.json }}",
        "{{ strftime_now.__closure__[0] }}",
        "{{ messages.append(1) }}",
        "{{ messages.clear() }}",
        "{{ messages[0].update({'role': 'x'}) }}",
        "{{ messages[0].pop('role') }}",
        "{{ '{0.__class__.__mro__}'.format(1).x.y }}",
        "{{ ('{0.__class__}' | format)(1) }}",
        "{{ ['']|map(attribute='__class__')|first()() }}",
        "{{ messages|map('attr', '__class__')|first()() }}",
        "{% include 'secret' %}",
        "{% import 'secret' as secret %}",
        "{% from 'secret' import word %}",
        "{% extends 'secret' %}",
        "{{ open('secret') }}",
    ],
)
def test_nothing_outside_is_reached(template):
    before = [dict(message) for message in TALK]
    with pytest.raises(TemplateError) as caught:
        render(template)
    assert before == TALK
    assert_plain(str(caught.value))


@pytest.mark.parametrize(
    "template", ["{{ self.__init__ }}", "{{ '{0.__class__}'.format(1) }}", "{{ ''.__class__ }}"]
)
def test_what_must_not_be_touched_is_nothing_or_an_error(template):
    try:
        text = render(template)
    except TemplateError:
        text = ""
    assert text == ""


@pytest.mark.parametrize(
    "template",
    [
        f"{{{{ 'x' * {HUGE} }}}}",
        f"{{{{ {HUGE} * 'x' }}}}",
        f"{{{{ [1] * {HUGE} }}}}",
        "{{ 9 ** 99999 }}",
        "{% set ns = namespace(n=9) %}{% for i in range(99) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
        "{% set ns = namespace(t='ab') %}{% for i in range(99) %}{% set ns.t = ns.t + ns.t %}{% endfor %}",
        "{% set ns = namespace(t='ab') %}{% for i in range(99) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}",
        "{% set ns = namespace(t=[1]) %}{% for i in range(99) %}{% set ns.t = ns.t + ns.t %}{% endfor %}",
        f"{{{{ range({HUGE}) | list }}}}",
        f"{{{{ 'x' | center({HUGE}) }}}}",
        f"{{{{ 'x' | center(width={HUGE}) }}}}",
        f"{{{{ ['x'] | map('center', {HUGE}) | list }}}}",
        f"{{{{ 'x\n' | indent({HUGE}) }}}}",
        "{{ ('\n' * 1000000) | indent(99999) }}",
        "{{ ('\n' * 1000000) | indent('x' * 99999) }}",
        f"{{{{ [1] | batch({HUGE}, 'x') | list }}}}",
        f"{{{{ [1] | slice({HUGE}) | list }}}}",
        f"{{{{ 1.5 | round({HUGE}, 'ceil') }}}}",
        "{{ '%999999999d' % 1 }}",
        "{{ '%.999999999f' % 1 }}",
        "{{ '%*d' % (999999999, 1) }}",
        "{{ '%(a)999999999d' % {'a': 1} }}",
        "{{ '%999999999d' | format(1) }}",
        "{{ ('%s' * 1000000) | format(*(['x' * 1000] * 1000000)) }}",
        "{{ '{:999999999}'.format(1) }}",
        "{{ '{:{w}}'.format(1, w=999999999) }}",
        "{{ '{a:999999999}'.format_map({'a': 1}) }}",
        "{{ ('{0}' * 100000).format('x' * 100000) }}",
        f"{{{{ 'x'.ljust({HUGE}) }}}}",
        f"{{{{ 'x'.rjust({HUGE}) }}}}",
        f"{{{{ 'x'.zfill({HUGE}) }}}}",
        f"{{{{ '\t'.expandtabs({HUGE}) }}}}",
        f"{{{{ 'x'.encode().ljust({HUGE}) }}}}",
        f"{{{{ (1).to_bytes({HUGE}, 'big') }}}}",
        "{{ ('a' * 1000000).replace('', 'b' * 1000) }}",
        "{{ ('a' * 1000000) | replace('a', 'b' * 1000) }}",
        "{{ ('a' * 1000000).encode().replace('a'.encode(), ('b' * 1000).encode()) }}",
        "{{ ('a' * 1000000).translate({97: 'b' * 1000}) }}",
        "{{ 'x'.join(['a' * 1000000] * 1000) }}",
        "{{ (['a' * 1000000] * 1000) | join }}",
        "{{ ('a' * 1000000) | wordwrap(1, true, 'b' * 1000) }}",
        f"{{{{ [1] | tojson(indent={HUGE}) }}}}",
        "{% for i in range(99999) %}{% for i in range(99999) %}{{ 'x' * 100000 }}{% endfor %}{% endfor %}",
    ],
)
def test_a_template_that_asks_for_too_much_is_refused_at_once(template):
    start = time.perf_counter()
    with pytest.raises(TemplateError) as caught:
        render(template)
    assert time.perf_counter() - start < 2
    assert not caught.value.refused
    assert_plain(str(caught.value))


@pytest.mark.parametrize(
    "template",
    [
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{{ caller() if caller }}{% call m(n) %}{% endcall %}{% endmacro %}{{ m(1) }}",
        "{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}",
        "{{ " + "(" * 9000 + "1" + ")" * 9000 + " }}",
        "{{ " + "[" * 9000 + "]" * 9000 + " }}",
        "{{ " + "-" * 9000 + "1 }}",
        "{{ " + "not " * 9000 + "1 }}",
        "{{ " + "+".join("1" * 9000) + " }}",
        "{{ 1" + "|e" * 9000 + " }}",
        "{{ x" + ".y" * 9000 + " }}",
        "{% if 1 %}" * 9000,
        "{% if 1 %}" * 300 + "{% endif %}" * 300,
        "{% for m in messages %}" * 30 + "{% endfor %}" * 30,
        "x" * 500_000,
    ],
)
def test_a_template_that_is_too_deep_or_too_long_is_refused(template):
    with pytest.raises(TemplateError) as caught:
        render(template)
    assert_plain(str(caught.value))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% foo %}", "cannot be read at line 1: Encountered unknown tag 'foo'."),
        ("a\n{{ ", "cannot be read at line 2"),
        ("{{ 'x' | nofilter }}", "No filter named 'nofilter'"),
        ("{{ x.y }}", "uses what is not there: 'x' is undefined."),
        ("{{ none.strip() }}", "has no attribute 'strip'"),
        ("{{ 1 / 0 }}", "fails on these messages: division by zero."),
        ("{{ 'a' + none }}", "fails on these messages"),
        ("{% include 'x' %}", "wants to read another file"),
        ("{{ ''.__class__.x }}", "reaches for what it must not touch"),
        ("{{ 'x' * 99999999 }}", "makes a text that is far too long."),
    ],
)
def test_what_went_wrong_is_said_in_a_sentence(template, said):
    with pytest.raises(TemplateError) as caught:
        render(template)
    assert said in str(caught.value)
    assert_plain(str(caught.value))


def assert_plain(sentence):
    assert sentence.startswith("The template ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "Traceback" not in sentence
