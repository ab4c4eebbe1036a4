"""Every address that the app answers: strangers, foreign pages and names that climb stay outside."""

import json
from io import BytesIO
from itertools import product

import pytest

from app.domain.view import View
from app.services import browsing, opening, prompts

LINE = json.dumps({"messages": [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Ho."}]})
CLIMBING = (
    "../../../../etc/passwd", "..", ".", "/etc/passwd", "..\\..\\windows", "%2e%2e%2f%2e%2e", "....//....//",
    "a\0b", "~root", "\u2025/x", "con", "x" * 5000, "9" * 5000,
    "\ud800",
)  # fmt: skip
# What a route has to be told before the name in it is looked at; every value here is harmless.
FORMS = {
    "entry.move": {"to": "1"},
    "entries.bulk": {"do": "add", "tags": "x"},
    "history.restore": {"operation": "1"},
    "library.outside": {"keep": "ours"},
    "library.sidecar": {"keep": "ours"},
    "rejected.reimport": {"index": "0", "line": "1", "text": LINE},
    "exporting.download": {"format": "chatml"},
    "library.rename": {"name": "walks"},
    "repair.repair": {"do": "all", "choice": "add", "text": "Hm."},
}
NAMES = (
    "name", "path", "text", "operation", "backup", "keys", "key", "view", "entry", "tab", "index", "line",
    "to", "act", "before", "page", "imported", "q", "scope", "format", "encoding", "gone", "then", "keep",
    "dataset", "other", "prompt", "description", "category", "into", "move", "slug", "next", "arrange",
    "trainer", "family", "vocabulary", "limit", "mask", "template", "diagnostic",
    "diagnostic", "choice", "text-add", "slop", "split_words",
)  # fmt: skip


@pytest.fixture
def talks(library):
    """A dataset with two entries; the key of the first."""
    opening.import_text(library, f"{LINE}\n{LINE}\nnot json", "talks")
    prompts.create(library, "light", "You keep the harbour light.")
    return browsing.matching_keys(library, "talks", View())[0]


@pytest.fixture
def routes(app, talks):
    """Every route but the static files, with a method and an address where all names are good."""
    good = {
        "slug": "talks",
        "key": talks,
        "id": "nothing",
        "article": "keys",
        "character": "mara",
        "tag": "pacing",
        "code": "chatml.missing_system_role",
    }
    adapter = app.url_map.bind("localhost")
    return [
        (
            rule.endpoint,
            method,
            adapter.build(rule.endpoint, {name: good.get(name, "light") for name in rule.arguments}),
        )
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
        if rule.endpoint != "static"
    ]


def state(library):
    """Everything that stands in the home, and beside it."""
    around = library.home.parent
    return sorted(
        (path.relative_to(around).as_posix(), path.stat().st_size)
        for path in around.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm", ".lock"))
    )


def test_there_are_routes(routes):
    assert len(routes) > 30
    assert {"library.import_", "history.restore_backup", "jobs.cancel"} <= {name for name, _, _ in routes}


@pytest.mark.parametrize("key", ["", "wrong"])
def test_no_route_answers_a_stranger(app, library, routes, key):
    before = state(library)
    for _, method, address in routes:
        stranger = app.test_client()
        query = {"key": key} if key else None
        response = stranger.open(
            address, method=method, query_string=query, headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert response.status_code == 401, (method, address)
        assert "Set-Cookie" not in response.headers
    assert state(library) == before


def test_no_route_answers_another_host(client, library, routes):
    before = state(library)
    for (_, method, address), host in product(
        routes, ("evil.example", "127.0.0.1:1", "localhost.evil.example")
    ):
        assert client.open(address, method=method, headers={"Host": host}).status_code == 403, address
    assert state(library) == before


FOREIGN = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {},
)


@pytest.mark.parametrize("headers", FOREIGN)
def test_no_route_lets_a_foreign_page_change_anything(client, library, routes, headers):
    del client.environ_base["HTTP_SEC_FETCH_SITE"]
    before = state(library)
    for name, method, address in routes:
        if method != "GET":
            data = {**FORMS.get(name, {}), "keys": ["x"], "text": LINE}
            response = client.open(address, method=method, data=data, headers=headers)
            assert response.status_code == 403, (method, address)
    assert state(library) == before


def test_a_foreign_page_reads_no_route(client, routes):
    for _, method, address in routes:
        if method == "GET":
            headers = {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "no-cors",
                "Sec-Fetch-Dest": "script",
            }
            assert client.get(address, headers=headers).status_code == 403, address


@pytest.mark.parametrize("name", CLIMBING, ids=lambda name: ascii(name[:20]))
def test_a_climbing_name_in_an_address_leads_nowhere(app, client, library, talks, name):
    good = {
        "slug": "talks",
        "key": talks,
        "id": "nothing",
        "article": "keys",
        "character": "mara",
        "tag": "pacing",
        "code": "chatml.missing_system_role",
    }
    adapter = app.url_map.bind("localhost")
    before = state(library)
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        for bad, method in product(rule.arguments, rule.methods - {"HEAD", "OPTIONS"}):
            values = {each: good.get(each, "light") for each in rule.arguments}
            address = adapter.build(rule.endpoint, {**values, bad: "BAD"})
            path = address.replace("BAD", name.encode("utf-8", "surrogatepass").decode("latin-1"))
            response = client.open(
                "/", method=method, data=FORMS.get(rule.endpoint, {}), environ_overrides={"PATH_INFO": path}
            )
            forgets = rule.endpoint in (
                "entry.forget_draft",
                "entry.draft",
            )  # of no draft, or for a later entry
            assert 400 <= response.status_code < 500 or forgets, (method, path, response.status_code)
    assert [info.slug for info in library.datasets()] == ["talks"]
    assert [path for path, _ in state(library) if "passwd" in path] == []
    assert {path for path, _ in before} == {path for path, _ in state(library)}


@pytest.mark.parametrize("name", CLIMBING, ids=lambda name: ascii(name[:20]))
def test_a_climbing_name_in_a_form_or_query_does_no_harm(client, library, routes, name):
    sent = name.encode("utf-8", "surrogatepass")
    outside = [each for each in state(library) if not each[0].startswith("home/")]
    for endpoint, method, address in routes:
        if endpoint in ("library.trash", "history.undo", "entry.delete", "library.sample", "library.import_"):
            continue  # these do what they do whatever else is sent; the import is tried below
        data = {**FORMS.get(endpoint, {}), **dict.fromkeys(NAMES, sent)}
        if method == "GET":
            response = client.get(address, query_string=data)
        else:
            response = client.open(address, method=method, data=data)
        assert response.status_code < 500, (method, address, response.text)
    folders = {path.name for path in library.places.datasets.iterdir()}
    assert folders == {"talks"}
    assert [each for each in state(library) if not each[0].startswith("home/")] == outside


@pytest.mark.parametrize("name", CLIMBING, ids=lambda name: ascii(name[:20]))
def test_a_climbing_name_of_an_upload_or_of_pasted_text_stays_a_name(client, library, tmp_path, name):
    sent = name.encode("utf-8", "replace").decode()
    outside = [each for each in state(library) if not each[0].startswith("home/")]
    answers = [
        client.post(
            "/import", data={"file": (BytesIO(LINE.encode()), sent)}, content_type="multipart/form-data"
        ),
        client.post("/import", data={"text": LINE, "name": sent}),
        client.post("/datasets", data={"name": sent}),
    ]
    assert all(answer.status_code < 500 for answer in answers)
    for info in library.datasets():
        assert info.path.parent.parent == library.places.datasets
    assert [each for each in state(library) if not each[0].startswith("home/")] == outside


def test_a_path_that_names_a_folder_a_device_or_our_own_files_is_refused(client, library, talks):
    paths = [
        "/",
        "/dev/null",
        str(library.home),
        str(library.home / "owner.key"),
        str(library.places.registry),
    ]
    for path in paths:
        response = client.post("/import", data={"path": path})
        assert 400 <= response.status_code < 500, path
        assert library.owner_key.decode() not in response.text
    assert [info.slug for info in library.datasets()] == ["talks"]


def test_a_backup_is_named_by_its_name_alone(client, library, talks):
    outside = library.home.parent / "outside.jsonl"
    outside.write_text(LINE, encoding="utf-8")
    before = library.dataset("talks").path.read_bytes()
    for name in ("../../../outside.jsonl", str(outside), "", ".", "..", "talks.jsonl", "a\0b"):
        response = client.post("/datasets/talks/backups", data={"backup": name})
        assert response.status_code == 404, name
    assert library.dataset("talks").path.read_bytes() == before


def test_a_restore_names_an_operation_of_this_dataset(client, library, talks):
    opening.import_text(library, LINE.replace("Hi", "He"), "walks")
    for number in ("2", "0", "-1", "99999999999999999999999", "1e3", "x"):
        for deed in ("restore", "undo"):
            response = client.post(f"/datasets/talks/{deed}", data={"operation": number})
            if deed == "restore" or number.lstrip("-").isdigit():
                assert 400 <= response.status_code < 500, (deed, number)
                assert [info.slug for info in library.datasets()] == ["walks", "talks"]
