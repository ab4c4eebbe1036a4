"""Which server works on a home: one at a time, and where it is to be found."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from filelock import FileLock, Timeout

from app.store.atomic import disk, write_new
from app.store.places import TEMPORARY, Places


@contextmanager
def alone(places: Places) -> Iterator[bool]:
    """For the length of the block no other server works on the home; False if one does already."""
    lock = FileLock(places.server_lock)
    with disk("The server's lock could not be taken"), suppress(Timeout):
        lock.acquire(timeout=0)
    if not lock.is_locked:
        yield False
        return
    try:
        announce(places, "")
        yield True
    finally:
        announce(places, "")
        lock.release()


def announce(places: Places, address: str) -> None:
    """Write down where this server is to be found; nowhere, if the address is empty."""
    path = places.server_address
    with disk("The server's address could not be written down"):
        if not address:
            path.unlink(missing_ok=True)
            return
        draft = path.with_name(f".{path.name}{TEMPORARY}")
        write_new(draft, address.encode("ascii"))
        draft.replace(path)


def announced(places: Places) -> str:
    """Where the server of this home is to be found; empty while it is still starting."""
    try:
        return places.server_address.read_bytes().decode("ascii", "replace")
    except FileNotFoundError:
        return ""
