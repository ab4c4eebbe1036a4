"""The first start, the next ones, and what goes wrong: run.py in a folder of its own, with one small package.

Everything is real but the scale: a lock of one wheel that is made here, installed without a network.
"""

import ast
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / "run.py"
PROGRAM = """
import os, sys, small
def main(arguments, prog_name):
    print(prog_name, *arguments, small.NAME, os.getcwd())
    return 7
"""
QUIET = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def make_wheel(folder: Path) -> Path:
    """The smallest wheel that pip installs."""
    wheel = folder / "small-1.0-py3-none-any.whl"
    about = "small-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("small.py", "NAME = 'small'\n")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "small.py,,\n")
    return wheel


class Copy:
    """A folder with run.py, a lock and a program to start."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        wheels = folder.parent / "wheels"
        wheels.mkdir()
        digest = hashlib.sha256(make_wheel(wheels).read_bytes()).hexdigest()
        for lock in ("requirements.lock", "requirements-test.lock"):
            (folder / lock).write_text(f"small==1.0 --hash=sha256:{digest}\n")
        shutil.copy(RUN, folder)
        (folder / "app").mkdir()
        (folder / "app/__init__.py").touch()
        (folder / "app/cli.py").write_text(PROGRAM)
        self.environment = {**os.environ, **QUIET, "PIP_FIND_LINKS": str(wheels)}

    def begin(self, *arguments: str, python: tuple[str, ...] = (sys.executable,)) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*python, str(self.folder / "run.py"), *arguments],
            env=self.environment,
            cwd=self.folder.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start(self, *arguments: str, python: tuple[str, ...] = (sys.executable,)) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        process = self.begin(*arguments, python=python)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    return Copy(folder)


def test_the_first_start_sets_itself_up_and_the_next_ones_go_straight_on(copy):
    expected = (7, f"run.py list --json small {copy.folder.parent}\n")
    *first, talk = copy.start("list", "--json")
    assert tuple(first) == expected
    assert "Setting up RoleThread" in talk
    assert copy.start("list", "--json") == (*expected, "")


def test_a_changed_lock_is_installed_again_without_a_new_venv(copy):
    copy.start()
    mark = copy.folder / ".venv/mark"
    mark.touch()
    with (copy.folder / "requirements.lock").open("a") as lock:
        lock.write("# newer\n")
    assert "Setting up" in copy.start()[2]
    assert copy.start()[2] == ""
    assert mark.exists()


def test_a_killed_set_up_is_done_again(copy):
    killed = copy.begin()
    while not (copy.folder / ".venv/pyvenv.cfg").exists():
        assert killed.poll() is None
    killed.kill()
    killed.communicate()
    code, out, _ = copy.start("after")
    assert (code, out) == (7, f"run.py after small {copy.folder.parent}\n")


def test_two_first_starts_at_once_both_get_there(copy):
    both = [copy.begin("one"), copy.begin("two")]
    outs = [process.communicate(timeout=120)[0] for process in both]
    assert outs == [f"run.py {name} small {copy.folder.parent}\n" for name in ("one", "two")]


def without(module: str) -> tuple[str, ...]:
    """A Python from which a module of the standard library is missing."""
    code = (
        f"import runpy, sys; sys.modules[{module!r}] = None; del sys.argv[0];"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    return (sys.executable, "-c", code)


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_a_python_without_its_venv_module_is_told_so_in_a_sentence(copy, module):
    code, out, err = copy.start(python=without(module))
    assert (code, out) == (2, "")
    assert "apt install python3-venv" in err.splitlines()[-1]
    assert "Traceback" not in err


def test_no_network_on_first_use_is_told_in_a_sentence(copy):
    del copy.environment["PIP_NO_INDEX"], copy.environment["PIP_FIND_LINKS"]
    copy.environment |= {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_NO_CACHE_DIR": "1"}
    code, out, err = copy.start()
    assert (code, out) == (2, "")
    assert "could not be downloaded" in err.splitlines()[-1]
    assert len(err.splitlines()) == 2


def test_a_package_that_is_not_the_locked_one_is_refused_in_a_sentence(copy):
    for lock in copy.folder.glob("*.lock"):
        lock.write_text("small==1.0 --hash=sha256:" + 64 * "0" + "\n")
    code, out, err = copy.start()
    assert (code, out) == (2, "")
    assert "is not the one that requirements.lock names" in err.splitlines()[-1]


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(copy):
    (copy.folder / ".venv.lock").mkdir()  # stops root too, who may write anywhere else
    code, out, err = copy.start()
    assert (code, out) == (2, "")
    assert "may not write in" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 8, 18), (3, 10, 13)])
def test_an_old_python_is_turned_away_in_a_sentence(version):
    code = f"import sys; sys.version_info = {version}; exec(open({str(RUN)!r}).read())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"needs Python 3.11 or newer and this is Python {version[0]}.{version[1]}:" in done.stderr


def test_an_old_python_can_read_the_file_to_its_end():
    tree = ast.parse(RUN.read_bytes().decode("ascii"), feature_version=(3, 4))
    newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Starred, ast.Nonlocal, ast.YieldFrom, ast.Match)
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, newer)] == []
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert functions
    for function in functions:
        annotations = [argument.annotation for argument in function.args.args]
        assert [*annotations, *function.args.kwonlyargs, function.returns] == [None] * (len(annotations) + 1)


def test_the_test_lock_names_everything_that_the_lock_names():
    def pins(name: str) -> set[str]:
        lines = RUN.with_name(name).read_text(encoding="ascii").split("\n")
        return {line.strip(" \\") for line in lines if "==" in line and not line.startswith("#")}

    assert pins("requirements.lock") < pins("requirements-test.lock")
