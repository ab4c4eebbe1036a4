"""A Flask client that has come in with the owner's key and sends what a browser sends."""

import pytest

from app import create_app
from app.config import Config
from app.services.library import Library
from app.web import working


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """A click waits as long as its work takes, whatever the machine does meanwhile."""
    monkeypatch.setattr(working, "QUICK", 30)


@pytest.fixture
def library(tmp_path):
    """An empty library in a home of its own."""
    return Library.open(Config(tmp_path / "home"))


@pytest.fixture
def app(library):
    """The app over that library."""
    return create_app(library.config, library)


@pytest.fixture
def stranger(app):
    """A browser without the cookie."""
    return app.test_client()


@pytest.fixture
def client(app, library):
    """The owner's browser."""
    client = app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    assert client.get("/", query_string={"key": library.owner_key.decode()}).status_code == 200
    return client
