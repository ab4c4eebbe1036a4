"""The app behind its real server, on a free port of this machine, and a browser's way in."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from waitress.server import create_server

from app import create_app
from app.services.library import Library


@contextmanager
def serving(library: Library) -> Iterator[Callable[[str], bytes]]:
    """A function that gets a page over one kept connection, while the server runs."""
    server = create_server(create_app(library.config, library), host="127.0.0.1", port=0, threads=4)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=60)
    headers = {"Sec-Fetch-Site": "same-origin"}

    def get(address: str) -> bytes:
        connection.request("GET", address, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (answer.status, address)
        headers.setdefault("Cookie", answer.headers.get("Set-Cookie", "").partition(";")[0])
        return body

    try:
        get(f"/?key={library.owner_key.decode()}")
        yield get
    finally:
        connection.close()
        server.task_dispatcher.shutdown()
        server.close()
        thread.join(10)
