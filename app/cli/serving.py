"""The command serve: the pages, on this machine only."""

import os
import signal
import socket
import sys
import threading
import webbrowser
from types import FrameType

import click

from app.cli.call import Call, pass_call
from app.cli.command import Command
from app.config import PORT, Config
from app.errors import Refused
from app.store.places import Places, keep_temporary_files, owner_key, prepare
from app.store.serving import alone, announce, announced

LOOPBACK = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}
THREADS = 8
BACKLOG = 128
LARGEST_REQUEST = 64 << 30  # bytes; the app itself sets the limit that a person meets


def _loopback(context: click.Context, parameter: click.Parameter, host: str) -> str:
    """The address, judged before anything else is looked at or touched.

    :raises Refused: for one that other machines could reach.
    """
    if host not in LOOPBACK:
        raise Refused(
            f"RoleThread listens on this machine only, and {host} is not its own address.",
            "Leave --host out, or say --host ::1.",
        )
    return host


@click.command(cls=Command)
@click.option(
    "--host", default="127.0.0.1", metavar="ADDR", is_eager=True, callback=_loopback, help="127.0.0.1 or ::1."
)
@click.option(
    "--port", default=PORT, type=click.IntRange(0, 65535), help=f"{PORT} by default; 0 takes a free one."
)
@click.option("--no-browser", is_flag=True, help="Do not open the browser.")
@pass_call
def serve(call: Call, host: str, port: int, no_browser: bool) -> None:
    """Start the server and open the browser; Ctrl+C stops it."""
    places = prepare(call.config.home)
    with alone(places) as first:
        if not first:
            click.echo(_where_the_other_is(places))
            return
        listener = _bound(host, port)
        with listener:
            config = Config.of(places.home, host=host, port=listener.getsockname()[1], debug=call.debug)
            _run(config, places, listener, browser=not no_browser)


def _where_the_other_is(places: Places) -> str:
    address = announced(places)
    if not address:
        return "A server is just starting on this home."
    return f"RoleThread runs on this home already: {_with_key(address, places)}"


def _with_key(address: str, places: Places) -> str:
    key = owner_key(places.home).decode("ascii")
    return f"{address}?key={key}"


def _bound(host: str, port: int) -> socket.socket:
    """A socket that has the port and does not yet listen.

    :raises Refused: if another program has it, or it may not be had.
    """
    listener = socket.socket(LOOPBACK[host], socket.SOCK_STREAM)
    try:
        if os.name != "nt":  # there it would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Refused(
            f"RoleThread cannot listen on {host} port {port}: {error.strerror}.",
            f"Choose another one: --port {port + 1 if 1024 <= port < 65535 else 8000}.",
        ) from error
    return listener


def _run(config: Config, places: Places, listener: socket.socket, *, browser: bool) -> None:
    """Serve until somebody stops it. The address is printed before the first connection is taken."""
    from waitress.server import create_server

    from app import create_app

    keep_temporary_files(places)
    app = create_app(config)
    host = f"[{config.host}]" if ":" in config.host else config.host
    address = f"http://{host}:{config.port}/"
    click.echo(_with_key(address, places))
    sys.stdout.flush()
    listener.listen(BACKLOG)  # from now on who comes waits; before, the address could not be known
    signal.signal(signal.SIGTERM, _stop)
    server = create_server(
        app,
        sockets=[listener],
        backlog=BACKLOG,
        threads=THREADS,
        ident=None,
        clear_untrusted_proxy_headers=True,
        max_request_body_size=LARGEST_REQUEST,
    )
    announce(places, address)
    if browser and _has_a_screen():
        # A command line is visible to other users, so the browser's holds a token for one use, not the key.
        once = f"{address}?launch={app.extensions['rolethread.gate'].launches.mint()}"
        threading.Thread(target=webbrowser.open, args=(once,), daemon=True).start()
    try:
        server.run()
    finally:
        server.close()


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit


def _has_a_screen() -> bool:
    """Whether a browser would open in a window, and not in the terminal that we write to."""
    return not sys.platform.startswith("linux") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )


COMMANDS = (serve,)
