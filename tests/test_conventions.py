"""The house rules that no tool knows.

Each is a function from text to findings, and is tried on texts that break it before it judges our own.
"""

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What opens, reads, writes or removes a file, whatever it is called on.
FILE_CALLS = re.compile(
    r"open|.*\.open|sqlite3\.connect"
    r"|.*\.(?:hardlink_to|mkdir|open_file|read_bytes|read_text|rmdir|symlink_to|touch|unlink|write_bytes|write_text)"
    r"|os\.(?:chmod|copy_file_range|fsync|ftruncate|link|listdir|makedirs|open|remove|rename|replace|scandir|symlink"
    r"|truncate|utime|walk)"
)
# Library.open() and its like are ours, and a browser is no file.
NO_FILES = re.compile(r"[A-Z]\w*\.open|webbrowser\.open")
FILE_MODULES = {"bz2", "fcntl", "gzip", "lzma", "mmap", "shutil", "tarfile", "tempfile", "zipfile"}

LONGEST_MODULE = 450
COLOURS = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\("
    r"|(?<![-\w])(?:aqua|beige|black|blue|brown|coral|crimson|cyan|fuchsia|gold|gr[ae]y|green|indigo|ivory|khaki"
    r"|lime|magenta|maroon|navy|olive|orange|orchid|pink|plum|purple|red|salmon|silver|tan|teal|tomato|violet"
    r"|wheat|white|yellow)(?![-\w])",
    re.IGNORECASE,
)
INLINE = {
    r"\|\s*safe\b": "text goes out unescaped",
    r"{%-?\s*autoescape\s+false": "text goes out unescaped",
    r"<script(?![^>]*\ssrc=)": "a script without a file of its own",
    r"<style\b": "a style without a file of its own",
    r"\sstyle\s*=": "a style without a file of its own",
    r"\son[a-z]+=": "a script in an attribute",
    r"\shx-on\b": "a script in an attribute",
    r"javascript:": "a script in an address",
}
# Tests about the whole; every other one mirrors a module of app/, or lies in one of the folders below.
WHOLE = {"app", "conventions", "offline", "run", "vendor"}
FOLDERS = {"bench", "browser", "data", "soak"}


def opened_files(text: str) -> list[str]:
    """Where Python code opens or changes a file by itself."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if FILE_CALLS.fullmatch(name) and not NO_FILES.fullmatch(name):
                found.append(f"{node.lineno}: {name}()")
        elif isinstance(node, ast.Import | ast.ImportFrom):
            modules = {getattr(node, "module", None), *(alias.name for alias in node.names)}
            found += [f"{node.lineno}: {name}" for name in modules & FILE_MODULES]
    return found


def split_lines(text: str) -> list[str]:
    """Where text is cut at more than line feeds: U+2028 inside a message would tear its line in two."""
    return [
        str(node.lineno)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute) and node.attr == "splitlines"
    ]


def swallowed_errors(text: str) -> list[str]:
    """Where every error is caught and nothing is done about it."""
    return [
        str(node.lineno)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (_is_wide(node.type) and isinstance(node.body[0], ast.Pass)))
    ]


def _is_wide(caught: ast.expr) -> bool:
    return isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"}


def long_functions(text: str) -> list[str]:
    """Functions of more than 30 statements, those of inner functions and the docstring counted."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = sum(isinstance(inner, ast.stmt) for inner in ast.walk(node)) - 1
            found += [f"{node.lineno}: {node.name} has {length} statements"] if length > 30 else []
    return found


def left_for_later(text: str) -> list[str]:
    """Words of code that is not finished."""
    return re.findall(r"\b(?:TODO|FIXME|XXX|HACK|NotImplementedError)\b", text)


def inline_code(text: str) -> list[str]:
    """What in a template could run, or let a dataset's text run, in the page."""
    text = re.sub(r"{#.*?#}", "", text, flags=re.DOTALL)
    return [why for pattern, why in INLINE.items() if re.search(pattern, text, re.IGNORECASE)]


def literal_colours(text: str) -> list[str]:
    """Colours in a sheet's declarations that are not one of tokens.css."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    values = re.findall(r"[-\w]+\s*:\s*([^;{}]+)(?=[;}])", text)
    return COLOURS.findall(re.sub(r"var\([^)]*\)|\"[^\"]*\"", "", " ".join(values)))


def far_addresses(text: str) -> list[str]:
    """Addresses outside this machine that a sheet, script or template would load from."""
    loads = r"(?:\bsrc=|<link[^>]*\shref=|\burl\(|\bimport |\bfrom |\bfetch\()"
    return re.findall(loads + r"\s*[\"']?((?:https?:)?//[\w.]+)", text)


BREAKING = {
    opened_files: (
        "open('x')",
        "path.open()",
        "Path('x').read_bytes()",
        "path.unlink(missing_ok=True)",
        "os.replace(a, b)",
        "sqlite3.connect(path)",
        "import os, gzip",
        "from tempfile import mkdtemp",
    ),
    split_lines: ("text.splitlines()", "lines = map(bytes.splitlines, chunks)"),
    swallowed_errors: ("try: f()\nexcept: g()", "try: f()\nexcept Exception: pass"),
    long_functions: ("def f():\n" + " x = 1\n" * 31, "def f():\n def g():\n" + "  x = 1\n" * 30),
    left_for_later: ("# TODO: more", "raise NotImplementedError"),
    inline_code: (
        "{{ text|safe }}",
        "{{ text | safe }}",
        "{% autoescape false %}",
        "<script>x</script>",
        "<style>p {}</style>",
        '<p style="x">',
        "<p\n onclick='x'>",
        '<p hx-on:click="x">',
        '<a href="javascript:x">',
    ),
    literal_colours: ("p { color: #fff }", "p { color: rgb(0 0 0); }", "p{border:1px solid Red}"),
    far_addresses: (
        '<script src="https://cdn.example/x.js">',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        "@import url(//fonts.example/x.css);",
        'fetch("https://example.com/")',
    ),
}
KEEPING = {
    opened_files: "webbrowser.open(url); Library.open(config); name.replace('a', 'b'); os.getpid()",
    split_lines: "raw.split(b'\\n')",
    swallowed_errors: "try: f()\nexcept OSError: pass",
    long_functions: "def f():\n" + " x = 1\n" * 30,
    left_for_later: "note = 'what is left'",
    inline_code: '{# |safe #}<script src="x.js"></script><p class="on" data-on="1">{{ safe }} only = 1</p>',
    literal_colours: "/* #fff */ p:hover #b { color: var(--red); fill: color-mix(in lab, var(--a), Canvas) }",
    far_addresses: '<link href="/static/x.css"> <a href="https://example.com/">a link is no load</a>',
}

Rule = Callable[[str], list[str]]


def named(rule: object) -> str | None:
    return getattr(rule, "__name__", None)


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, texts in BREAKING.items() for text in texts], ids=named
)
def test_a_rule_sees_what_breaks_it(rule, text):
    assert rule(text)


@pytest.mark.parametrize(("rule", "text"), KEEPING.items(), ids=named)
def test_a_rule_leaves_in_peace_what_keeps_it(rule, text):
    assert rule(text) == []


def broken(rule: Rule, folder: str, *suffixes: str, besides: tuple[str, ...] = ()) -> list[str]:
    """The findings of a rule in a folder's files; ``besides`` names what it does not bind."""
    return [
        f"{name}: {finding}"
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in suffixes and "vendor" not in path.parts
        for name in [path.relative_to(ROOT).as_posix()]
        if not name.startswith(besides)
        for finding in rule(path.read_text(encoding="utf-8"))
    ]


def test_only_the_store_opens_files():
    # the server reads its own style sheets and scripts, which are nobody's data
    assert broken(opened_files, "app", ".py", besides=("app/store/", "app/web/assets.py")) == []


def test_lines_end_at_line_feeds_only():
    assert broken(split_lines, "app", ".py") == []


def test_no_error_is_swallowed():
    assert broken(swallowed_errors, "app", ".py") == []


def test_functions_are_short():
    assert broken(long_functions, "app", ".py") == []


def test_modules_are_short():
    lengths = {path: len(path.read_bytes().split(b"\n")) for path in (ROOT / "app").rglob("*.py")}
    assert {path.name: length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_nothing_is_left_for_later():
    assert broken(left_for_later, "app", ".py") == []
    assert broken(left_for_later, "static", ".js", ".css") == []
    assert broken(left_for_later, "templates", ".html") == []


def test_templates_hold_no_code_and_escape_everything():
    assert broken(inline_code, "templates", ".html") == []


def test_colours_come_from_the_tokens():
    assert broken(literal_colours, "static/css", ".css", besides=("static/css/tokens.css",)) == []


def test_nothing_is_loaded_from_elsewhere():
    assert broken(far_addresses, "templates", ".html") == []
    assert broken(far_addresses, "static", ".js", ".css") == []


def mirrored(test: Path, tests: Path, app: Path) -> bool:
    """Whether a test is about a module of ``app`` in the same room: by its name, or its name and a suffix."""
    place, name = test.relative_to(tests).parent, test.stem.removeprefix("test_")
    if place.parts[:1] and place.parts[0] in FOLDERS:
        return True
    if not place.parts:
        return name in WHOLE or _about(name, app.glob("*"))
    return _about(name, [*(app / place).rglob("*"), app / place])


def _about(name: str, modules: Iterable[Path]) -> bool:
    stems = {path.stem for path in modules if path.suffix == ".py" or path.is_dir()}
    return any(name == stem or name.startswith(stem + "_") for stem in stems)


def test_tests_mirror_the_app():
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    strays = [path for path in tests if not mirrored(path, ROOT / "tests", ROOT / "app")]
    assert [path.relative_to(ROOT).as_posix() for path in strays] == []


def test_a_stray_test_is_seen(tmp_path):
    (tmp_path / "app/domain").mkdir(parents=True)
    (tmp_path / "app/domain/entry.py").touch()

    def fits(name: str) -> bool:
        return mirrored(tmp_path / "tests" / name, tmp_path / "tests", tmp_path / "app")

    assert fits("domain/test_entry.py")
    assert fits("domain/test_entry_properties.py")
    assert fits("browser/test_story.py")
    assert fits("test_run.py")
    assert not fits("domain/test_other.py")
    assert not fits("store/test_entry.py")
    assert not fits("test_entry.py")


def test_the_project_speaks_of_itself_alone():
    outside = re.compile(r"(?<![\w/])(?:rules|targets|formats|product|style)\.md|facts about targets|\bmd §")
    spoken = [
        path.relative_to(ROOT).as_posix()
        for folder in ("app", "templates", "tests")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in (".py", ".html")
        and path.name != Path(__file__).name
        and outside.search(path.read_text(encoding="utf-8"))
    ]
    assert spoken == []
