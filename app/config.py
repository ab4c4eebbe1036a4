"""What a start of the app is told: where its home is and where it listens."""

from dataclasses import dataclass
from pathlib import Path

VERSION = "2.0.0"
PORT = 7465
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one process; nothing here changes while it runs."""

    home: Path
    host: str = "127.0.0.1"
    port: int = PORT
    debug: bool = False

    @classmethod
    def of(
        cls, home: str | Path | None = None, *, host: str = "127.0.0.1", port: int = PORT, debug: bool = False
    ) -> "Config":
        """Settings with an absolute home; without one, ``instance/`` beside the program."""
        place = Path(home).expanduser() if home else ROOT / "instance"
        return cls(place.absolute(), host, port, debug)
