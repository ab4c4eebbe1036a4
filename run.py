"""Starts RoleThread: ``python3 run.py [COMMAND ...]``.

The first start makes ``.venv`` beside this file and installs what the lock file names. Later starts see that
this still holds and go on at once. Set-up talks on standard error only.
"""

# An old Python reads this file to its end before the next lines can turn it away, so nothing here is newer
# than 2.7: plain ASCII, no f-strings, no annotations.
import sys

if sys.version_info < (3, 11):
    sys.stderr.write(
        "RoleThread needs Python 3.11 or newer and this is Python %d.%d: install a newer one, then start"
        " run.py with it.\n" % sys.version_info[:2]
    )
    sys.exit(2)

import os

ROOT = os.path.dirname(os.path.realpath(__file__))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = "requirements.lock"
TEST_LOCK = "requirements-test.lock"  # names everything that LOCK names, and the test tools

# What the tools of the set-up say when they fail, and the sentence a person gets for it.
REASONS = (
    (
        "no module named (venv|ensurepip)",
        "this Python comes without its venv module: install that (on Debian and Ubuntu: apt install"
        " python3-venv), then start it again.",
    ),
    (
        "no space left|disk quota exceeded|not enough space",
        "the disk is full: make some room (200 MB will do), then start it again.",
    ),
    (
        "read-only file system|permission denied|operation not permitted|is a directory",
        "it may not write in {root}: allow that, or move the folder to a place of your own, then start it"
        " again.",
    ),
    (
        "do not match the hashes",
        "a downloaded package is not the one that {lock} names, so it was not installed: start it again, if"
        " need be on another network.",
    ),
    (
        "connection broken|newconnectionerror|max retries|timed? ?out|name resolution|proxyerror|sslerror"
        "|network is unreachable",
        "the packages it needs could not be downloaded: connect this machine to the internet for this one"
        " start, then start it again.",
    ),
    (
        "no matching distribution",
        "the package index has nothing that fits this Python ({python}): start run.py with Python 3.11, 3.12"
        " or 3.13, and pip with its usual settings.",
    ),
)


def main(arguments):
    """Do what the command says, in .venv, and return the exit code."""
    developing = arguments[:1] in (["test"], ["soak"])
    locks = [LOCK, TEST_LOCK] if developing else [LOCK]
    if not all(is_installed(lock) for lock in locks):
        set_up(locks)
    if os.path.realpath(sys.prefix) != os.path.realpath(VENV):
        return go_inside(arguments)
    if developing:
        return test(arguments[1:]) if arguments[0] == "test" else pytest(["-m", "soak"] + arguments[1:])
    from app.cli import main as command

    return command(arguments, prog_name="run.py")


def go_inside(arguments):
    """Start this file again with .venv's Python, in place of this process where the system can do that."""
    command = [PYTHON, os.path.join(ROOT, "run.py")] + arguments
    if os.name == "nt":
        import subprocess

        return subprocess.call(command)
    return os.execv(PYTHON, command)


def kind_of_python():
    """One line that changes when packages installed for the one Python are of no use to the other."""
    return "{} {}\n".format(sys.implementation.cache_tag, sys.platform).encode()


def stamp(lock):
    """What .venv holds under the lock's name once all of it is installed: a copy, not a hash, is quickest."""
    with open(os.path.join(ROOT, lock), "rb") as file:
        return kind_of_python() + file.read()


def found_stamp(lock):
    """The stamp that .venv holds, empty if there is none or nothing left to run."""
    if not (os.path.exists(PYTHON) and os.path.exists(os.path.join(VENV, "pyvenv.cfg"))):
        return b""
    try:
        with open(os.path.join(VENV, lock), "rb") as file:
            return file.read()
    except OSError:
        return b""


def is_installed(lock):
    """Whether the set-up for this lock was finished, by a Python like this one."""
    found = found_stamp(lock)
    return bool(found) and found == stamp(lock)


def set_up(locks):
    """Install the last of the locks (it names all that the others name), or leave with one sentence and 2."""
    try:
        with turn():
            if all(is_installed(lock) for lock in locks):  # while we waited
                return
            say("Setting up RoleThread in {}. This happens once and takes a minute.".format(VENV))
            install(locks)
            say("Set-up is done.")
    except OSError as error:
        leave(str(error))
    except KeyboardInterrupt:
        say("Set-up was stopped. The next start does it again.")
        sys.exit(130)


def install(locks):
    """Make .venv, unless a whole one is there; install; and stamp it as the very last thing.

    Without a stamp nothing in .venv is trusted: a set-up that was killed is done again from the start.
    """
    whole = any(found_stamp(lock).startswith(kind_of_python()) for lock in (LOCK, TEST_LOCK))
    for lock in (LOCK, TEST_LOCK):
        if whole and os.path.exists(os.path.join(VENV, lock)):
            os.remove(os.path.join(VENV, lock))
    if not whole:
        make_venv()
    calm = ["--quiet", "--no-input", "--disable-pip-version-check", "--retries", "2"]
    safe = ["--require-hashes", "--only-binary", ":all:"]
    run(PYTHON, "pip", ["install"] + calm + safe + ["-r", os.path.join(ROOT, locks[-1])])
    for lock in locks:
        with open(os.path.join(VENV, lock), "wb") as file:
            file.write(stamp(lock))


def make_venv():
    """A new .venv that holds pip and nothing else."""
    from importlib.util import find_spec

    missing = [module for module in ("venv", "ensurepip") if find_spec(module) is None]
    if missing:
        leave("No module named " + missing[0])
    run(sys.executable, "venv", ["--clear", "--without-pip", VENV])
    run(PYTHON, "ensurepip", [])


def run(python, module, arguments):
    """Run a module in silence, away from the folder and the PYTHON variables of whoever started us.

    It inherits the set-up's turn: should we be killed, nobody else begins before it has ended.
    """
    import subprocess

    done = subprocess.run(
        [python, "-I", "-m", module] + arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        errors="replace",
        close_fds=False,
        check=False,
    )
    if done.returncode:
        leave(done.stdout)


def turn():
    """The file whose lock lets one set-up run at a time, open and locked. Closing it lets the next one in."""
    file = open(os.path.join(ROOT, ".venv.lock"), "ab")  # noqa: SIM115 - the caller closes it
    if not try_lock(file):
        say("Another start is setting RoleThread up. Waiting for it.")
        import time

        while not try_lock(file):
            time.sleep(0.2)
    os.set_inheritable(file.fileno(), True)
    return file


def try_lock(file):
    """Whether the file could be locked, without waiting."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def leave(said):
    """Leave with 2 and one sentence for what a tool or the system said; with all of it where we have none."""
    import re

    python = "{}.{} on {}".format(sys.version_info[0], sys.version_info[1], sys.platform)
    for pattern, sentence in REASONS:
        if re.search(pattern, said, re.IGNORECASE):
            reason = sentence.format(root=ROOT, lock=LOCK, python=python)
            say("RoleThread could not set itself up, because " + reason)
            sys.exit(2)
    say(said.rstrip())
    say("RoleThread could not set itself up. The lines above say what went wrong.")
    sys.exit(2)


def say(text):
    """Tell the person, where it cannot get into a command's result."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def test(arguments):
    """Run every check and then the tests, whose closing line comes last; arguments are pytest's.

    All tests are shared out to the processors. What fails beside others is run once more, alone: only
    that counts, as a busy machine is no defect.
    """
    import subprocess

    contracts = "from importlinter.cli import lint_imports_command as check; check(['--no-logo'])"
    checks = {
        "ruff": ["-m", "ruff", "check", "."],
        "mypy": ["-m", "mypy", "--strict", "app"],
        "import contracts": ["-c", contracts],
    }
    failed = [name for name, command in checks.items() if subprocess.call([PYTHON] + command, cwd=ROOT)]
    status = pytest(arguments) if arguments else every_test()
    if failed:
        say("The tests ran, but there are findings above from: {}.".format(", ".join(failed)))
    return status or int(bool(failed))


def every_test():
    """Run all tests and return pytest's exit code."""
    processors = os.cpu_count() or 1
    if processors == 1:
        return pytest([])
    status = pytest(["-n", str(processors), "--dist", "loadfile"])
    return pytest(["--last-failed"]) if status == 1 else status


def pytest(arguments):
    """Run pytest in the project's folder and return its exit code."""
    import subprocess

    return subprocess.call([PYTHON, "-m", "pytest"] + arguments, cwd=ROOT)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
