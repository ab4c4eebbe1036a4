"""serve, as a process of its own: what it prints, whom it lets in, and how it ends."""

import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

PROGRAM = [sys.executable, "-c", "from app.cli import main; main()"]
LIMIT = 30  # seconds; only a failure takes that long


@pytest.fixture
def start(tmp_path, request):
    """Starts servers on one home, and stops them at the end."""
    started = []

    def begin(*arguments):
        command = [*PROGRAM, "--home", str(tmp_path / "home"), "serve", "--no-browser", *arguments]
        server = subprocess.Popen(
            command, cwd=request.config.rootpath, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(server)
        return server

    yield begin
    for server in started:
        server.kill()
        server.communicate(timeout=LIMIT)


def status(address, tries=300):
    """The status with which a page answers; the address is printed a moment before anybody listens."""
    try:
        with urllib.request.urlopen(address, timeout=LIMIT) as answer:
            return answer.status
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code
    except urllib.error.URLError as error:
        if not tries or not isinstance(error.reason, ConnectionRefusedError):
            raise
        return status(address, tries - 1)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_printed_address_opens_the_pages_and_the_bare_one_does_not(start, host):
    if host == "::1" and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    address = start("--port", "0", "--host", host).stdout.readline().strip()
    assert address.startswith(f"http://{host}:" if ":" not in host else f"http://[{host}]:")
    assert status(address) == 200
    assert status(address.partition("?")[0]) == 401


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_and_leaves_no_trace(start, tmp_path, sign):
    server = start("--port", "0")
    assert status(server.stdout.readline().strip()) == 200
    server.send_signal(sign)
    out, err = server.communicate(timeout=LIMIT)
    assert (server.returncode, out, err) == (0, "", "")
    assert not (tmp_path / "home" / "server.address").exists()


def test_a_second_server_points_to_the_first(start):
    address = start("--port", "0").stdout.readline().strip()
    assert status(address) == 200
    second = start("--port", "0")
    out, _ = second.communicate(timeout=LIMIT)
    assert second.returncode == 0
    assert address in out


def test_a_port_that_is_taken_is_a_refusal_that_names_the_option(start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = start("--port", str(other.getsockname()[1]))
        out, err = server.communicate(timeout=LIMIT)
    assert (server.returncode, out) == (2, "")
    assert "--port" in err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.com", "127.0.0.2", ""])
def test_an_address_of_others_is_refused_before_anything_is_touched(run, host):
    assert run.json("serve", "--host", host).error
    assert run.json("--host", host).error
    assert not run.home.exists()


def test_commands_work_beside_a_server(start, run):
    address = start("--port", "0").stdout.readline().strip()
    assert run("new", "talks").code == 0
    assert status(address) == 200
    assert run.json("list").json["datasets"][0]["slug"] == "talks"
