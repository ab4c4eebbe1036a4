"""Opening files in every way, and what is done to a dataset as a whole."""

import gzip
import json
from io import BytesIO

import pytest

from app.registry.database import connected
from app.registry.models import Dataset
from app.services import opening
from app.services.taxonomy import taxonomy
from app.store.places import sidecar_of
from tests.workshop import SAMPLES

LINE = json.dumps({"messages": [{"role": "user", "content": "Hi?"}, {"role": "assistant", "content": "Ho."}]})
UPLOAD = {"HX-Request": "true", "HX-Target": "form#upload"}


def slugs(library, *, trashed=False):
    return sorted(info.slug for info in library.datasets(trashed=trashed))


def test_the_empty_library_says_what_to_do(client):
    page = client.get("/").text
    assert "No dataset yet" in page
    assert "Try a sample" in page


def test_the_sample_opens(client, library):
    response = client.post("/sample")
    assert response.status_code == 303
    assert client.get(response.headers["Location"]).status_code == 200
    assert len(slugs(library)) == 1


def test_files_are_uploaded(client, library):
    data = {"file": (BytesIO(gzip.compress(LINE.encode())), "talks.jsonl.gz")}
    response = client.post("/import", data=data, content_type="multipart/form-data")
    assert response.headers["Location"] == "/datasets/talks/"
    assert library.dataset("talks").entries == 1


def files(*named):
    return {"file": [(BytesIO(data), name) for name, data in named]}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the samples are not at {SAMPLES}")
def test_a_dataset_is_uploaded_with_its_sidecar(client, library):
    native = SAMPLES / "rolethread-lite" / "native"
    names = ("harbor_tales.registry.json", "harbor_tales.jsonl")
    data = files(*((name, (native / name).read_bytes()) for name in names))
    response = client.post("/import", data=data, content_type="multipart/form-data")
    assert response.headers["Location"] == "/datasets/harbor_tales/"
    assert library.dataset("harbor_tales").report["sidecar"] == "used"
    assert taxonomy(library).tag("fog").category == "harbor_themes"


def test_a_sidecar_without_its_dataset_is_refused(client, library):
    data = files(("other.jsonl", LINE.encode()), ("talks.registry.json", b"{}"))
    response = client.post("/import", data=data, content_type="multipart/form-data")
    assert response.status_code == 422
    assert "talks.registry.json is a sidecar" in response.text
    assert library.datasets() == []


def test_a_script_is_told_where_to_go(client):
    data = {"file": (BytesIO(LINE.encode()), "talks.jsonl")}
    response = client.post("/import", data=data, content_type="multipart/form-data", headers=UPLOAD)
    assert response.headers["HX-Redirect"] == "/datasets/talks/"


def test_several_files_lead_to_their_jobs(client):
    files = [(BytesIO(LINE.encode()), f"talks{number}.jsonl") for number in (1, 2)]
    response = client.post("/import", data={"file": files}, content_type="multipart/form-data")
    assert response.headers["Location"] == "/jobs"
    assert "Import talks1.jsonl" in client.get("/jobs").text


@pytest.mark.parametrize(
    "name", ["../../evil.jsonl", "/etc/passwd", "..", "con.jsonl", "<b>.jsonl", "\u2028.jsonl", "a" * 300]
)
def test_a_file_name_is_only_a_name(client, library, name):
    data = {"file": (BytesIO(LINE.encode()), name)}
    client.post("/import", data=data, content_type="multipart/form-data")
    (info,) = library.datasets()
    assert info.path.parent.parent == library.places.datasets


def test_text_is_pasted(client, library):
    client.post("/import", data={"text": LINE, "name": "pasted"})
    assert slugs(library) == ["pasted"]


def test_a_path_is_opened_as_a_copy(client, library, tmp_path):
    source = tmp_path / "talks.jsonl"
    source.write_text(LINE, encoding="utf-8")
    response = client.post("/import", data={"path": str(source)})
    assert response.headers["Location"] == "/datasets/talks/"
    assert library.dataset("talks").path != source
    again = client.post("/import", data={"path": str(source)})
    assert again.headers["Location"] == "/datasets/talks/"
    assert "is open already as talks" in client.get("/").text


@pytest.mark.parametrize(
    "data", [{}, {"path": "/none/such"}, {"text": "  "}, {"text": "no json", "name": "x"}, {"path": "a\0b"}]
)
def test_what_cannot_be_opened_creates_nothing(client, library, data):
    response = client.post("/import", data=data)
    assert response.status_code in (404, 422, 507)
    assert "dataset files were not changed" in response.text
    assert library.datasets() == []


def test_paths_are_completed(client, tmp_path):
    (tmp_path / "talks.jsonl").touch()
    (tmp_path / "talks").mkdir()
    (tmp_path / "talks.png").touch()
    page = client.get("/complete-path", query_string={"path": f"{tmp_path}/ta"}).text
    assert page.index(f'"{tmp_path}/talks/"') < page.index(f'"{tmp_path}/talks.jsonl"')
    assert "png" not in page


@pytest.mark.parametrize("path", ["", "\0", "/none/such/", "~nobody-here/", "x" * 9000, "relative"])
def test_paths_that_cannot_be_completed_give_nothing_bad(client, path):
    assert client.get("/complete-path", query_string={"path": path}).status_code == 200


def test_a_dataset_is_started_renamed_trashed_and_put_back(client, library):
    client.post("/datasets", data={"name": "talks"})
    client.post("/datasets/talks/rename", data={"name": "walks"})
    assert slugs(library) == ["walks"]
    client.post("/datasets/walks/trash")
    assert slugs(library) == []
    assert "walks" in client.get("/?trash=1").text
    client.post("/datasets/walks/untrash")
    assert slugs(library) == ["walks"]


@pytest.mark.parametrize("name", ["", "..", "a/b", "A B", "con", "x" * 81, "a\0"])
def test_a_name_that_does_not_fit_is_refused(client, library, name):
    response = client.post("/datasets", data={"name": name})
    assert response.status_code == 422
    assert slugs(library) == []


def test_a_file_changed_by_another_program_waits_for_the_choice(client, library):
    client.post("/import", data={"text": LINE, "name": "talks"})
    path = library.dataset("talks").path
    changed = path.read_bytes().replace(b"Ho.", b"Ha!")
    path.write_bytes(changed)
    client.get("/datasets/talks/")
    assert "Another program changed this file" in client.get("/datasets/talks/").text
    assert client.post("/datasets/talks/outside", data={"keep": "x"}).status_code == 422
    client.post("/datasets/talks/outside", data={"keep": "outside"})
    assert b"Ha!" in path.read_bytes()
    assert "Another program changed this file" not in client.get("/datasets/talks/").text
    client.post("/datasets/talks/undo")
    assert b"Ho." in path.read_bytes()


def test_rejected_records_are_listed_and_taken_in(client, library):
    client.post("/import", data={"text": f"{LINE}\nnot json\n", "name": "talks"})
    page = client.get("/datasets/talks/rejected").text
    assert "Line 2" in page
    assert "not json" in page
    refused = client.post("/datasets/talks/rejected", data={"index": "0", "line": "2", "text": "x"})
    assert refused.status_code == 422
    client.post("/datasets/talks/rejected", data={"index": "0", "line": "2", "text": LINE})
    assert library.dataset("talks").entries == 2
    assert "Nothing was rejected" in client.get("/datasets/talks/rejected").text


def test_settings_are_kept_and_shown(client):
    client.post("/settings", data={"theme": "dark", "page_size": "50"})
    page = client.get("/").text
    assert 'data-theme="dark"' in page
    assert 'data-letters="off"' in page
    assert client.post("/settings", data={"theme": "pink", "page_size": "50"}).status_code == 422


@pytest.mark.parametrize(
    "path", ["/jobs/none", "/help/none", "/datasets/none/history", "/datasets/none/export"]
)
def test_what_is_not_there_is_404(client, path):
    assert client.get(path).status_code == 404


@pytest.fixture
def foreign(library, tmp_path):
    """A dataset whose sidecar cannot be read, and that sidecar in the library."""
    source = tmp_path / "talks.jsonl"
    source.write_text(LINE, encoding="utf-8")
    sidecar_of(source).write_bytes(b'{"metadata": ')
    opening.import_path(library, source)
    return sidecar_of(library.dataset("talks").path)


def test_a_sidecar_that_was_left_alone_is_told_of_until_it_is_kept(client, library, foreign):
    page = client.get("/datasets/talks/").text
    assert page.count("was left alone: it cannot be read") == 1  # and once in what the import had to say
    assert "Replace it by ours" in page
    client.post("/datasets/talks/sidecar", data={"keep": "theirs"})
    page = client.get("/datasets/talks/").text
    assert "Replace it by ours" not in page
    assert "Replace the sidecar by ours" in page
    assert foreign.read_bytes() == b'{"metadata": '


def test_a_sidecar_is_replaced_by_ours_and_put_back(client, library, foreign):
    client.post("/datasets/talks/sidecar", data={"keep": "ours"})
    page = client.get("/datasets/talks/").text
    assert "Replaced the sidecar by ours." in page
    assert "Replace it by ours" not in page
    assert foreign.read_bytes().startswith(b'{\n  "metadata"')
    client.post("/datasets/talks/undo")
    assert foreign.read_bytes() == b'{"metadata": '
    assert "Replace it by ours" in client.get("/datasets/talks/").text


def test_what_is_no_choice_of_a_sidecar_is_refused(client, foreign):
    assert client.post("/datasets/talks/sidecar").status_code == 422


def test_a_long_report_is_folded(client, library, tmp_path):
    opening.import_text(library, LINE, "talks")
    notes = [f"Difference {number}." for number in range(12)]
    with connected():
        Dataset.update(
            report=json.dumps({"records": 1, "entries": 1, "rejected": 0, "notes": notes})
        ).execute()
    page = client.get("/datasets/talks/?imported=1").text
    assert "<summary>7 more</summary>" in page
    assert all(note in page for note in notes)
