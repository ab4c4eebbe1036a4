"""Without Chromium the browser tests are left out, and the run says so plainly."""

import os
import shutil
import socket
from collections import Counter

import pytest

for shared in ("workshop", "sidecars", "casting", "crashing", "refusing"):
    pytest.register_assert_rewrite(f"tests.{shared}")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REQUIRED = os.environ.get("ROLETHREAD_BROWSER") == "required"
left_out = pytest.StashKey[Counter[str]]()


def chromium() -> str:
    """The path of the Chromium that the browser tests drive; empty if there is none on the PATH."""
    return next(filter(None, map(shutil.which, NAMES)), "")


@pytest.fixture(autouse=True)
def _nothing_leaves(monkeypatch):
    """The app connects to nothing off this machine, whatever a test makes it do."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(address[0]):
            raise AssertionError(f"a connection to {address} was tried")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own, and none that a name server would be asked for."""
    return host == "localhost" or host == "::1" or host.startswith("127.")


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """What Playwright gets as ``executable_path``."""
    return chromium()


@pytest.hookimpl(trylast=True)  # after the marks given by -m have had their say
def pytest_collection_modifyitems(config, items):
    needy = [item for item in items if item.get_closest_marker("browser")]
    if not needy or chromium():
        return
    if REQUIRED:
        raise pytest.UsageError(f"{len(needy)} browser tests need Chromium, and there is none on the PATH.")
    for item in needy:
        item.add_marker(pytest.mark.skip(reason="no Chromium on the PATH"))
    config.stash[left_out] = Counter(item.location[0] for item in needy)


def pytest_terminal_summary(terminalreporter, config):
    files = config.stash.get(left_out, None)
    if files:
        terminalreporter.section("left out")
        terminalreporter.line("There is no Chromium on the PATH, so these browser tests did not run:")
        for file, number in files.items():
            terminalreporter.line(f"  {file} ({number})")
