"""Long work: a quick click is answered at once, a slow one by a page that leads on."""

import json
import re
import threading
from io import BytesIO

import pytest

from app import jobs
from app.domain.view import View
from app.services import browsing, history, opening
from app.web import working

PART = "div#job-{}"


@pytest.fixture
def keys(library):
    """The keys of a dataset called talks."""
    lines = [
        {"messages": [{"role": "user", "content": f"Lamp {n}?"}, {"role": "assistant", "content": "Lit."}]}
        for n in range(5)
    ]
    opening.import_text(library, "\n".join(json.dumps(line) for line in lines), "talks")
    return browsing.matching_keys(library, "talks", View())


@pytest.fixture
def hurried(monkeypatch):
    """Nobody waits for a job for long."""
    monkeypatch.setattr(working, "QUICK", 0.01)


def ticked(client, number, **query):
    """What the job's page gets when it asks how far it is."""
    return client.get(f"/jobs/{number}", headers={"HX-Target": PART.format(number)}, query_string=query)


def job_of(response):
    """The job whose page an answer leads to."""
    return jobs.get(re.fullmatch(r"/jobs/(\w+)", response.headers["Location"])[1])


def slow(client, library, path, **data):
    """A change that has to wait, since somebody else is writing; the job that does it, ended."""
    with library.writing():
        job = job_of(client.post(path, data=data))
        page = client.get(f"/jobs/{job.id}").text
        assert f'id="job-{job.id}"' in page
        assert "hx-trigger" in page
    assert job.wait(10)
    return job


def test_a_slow_change_has_a_page_that_leads_on(client, library, keys, hurried):
    job = slow(client, library, "/datasets/talks/bulk", do="add", tags="storm", keys=keys, view="q=lamp")
    answer = ticked(client, job.id, leads="1")
    assert answer.headers["HX-Redirect"] == "/datasets/talks/?q=lamp"
    assert "Changed the tags of 5 entries." in client.get("/datasets/talks/").text


def test_the_list_of_jobs_does_not_lead_away(client, library, keys, hurried):
    job = slow(client, library, "/datasets/talks/bulk", do="delete", keys=keys[:2])
    answer = ticked(client, job.id)
    assert "HX-Redirect" not in answer.headers
    assert "Deleted 2 entries." in answer.text
    assert "hx-trigger" not in answer.text


@pytest.mark.parametrize(
    ("path", "data", "leads"),
    [
        ("/datasets/talks/undo", {"view": ""}, "/datasets/talks/"),
        ("/datasets/talks/redo", {}, "/datasets/talks/history"),
        ("/datasets/talks/restore", {"operation": "1"}, "/datasets/talks/history"),
        ("/datasets/talks/backups", {"backup": "import"}, "/datasets/talks/history"),
        ("/datasets/talks/rename", {"name": "walks"}, "/"),
        ("/datasets/talks/trash", {}, "/"),
    ],
)
def test_every_change_of_a_whole_dataset_may_take_its_time(
    client, library, keys, hurried, monkeypatch, path, data, leads
):
    with monkeypatch.context() as patient:
        patient.setattr(working, "QUICK", 10)
        client.post("/datasets/talks/bulk", data={"do": "add", "tags": "storm", "keys": keys})
        if path.endswith("redo"):
            client.post("/datasets/talks/undo")
    if "backup" in data:
        page = client.get("/datasets/talks/history").text
        data = {"backup": re.search(r'name="backup" value="([^"]+_import.jsonl)"', page)[1]}
    job = slow(client, library, path, **data)
    assert job.error is None
    assert ticked(client, job.id, leads="1").headers["HX-Redirect"] == leads


def test_a_slow_refusal_is_told_on_its_page_with_the_way_back(client, library, keys, hurried):
    job = slow(client, library, "/datasets/talks/redo")
    page = client.get(f"/jobs/{job.id}").text
    assert "There is nothing to redo in talks." in page
    assert 'href="/datasets/talks/history">Go back' in page


def test_a_quick_refusal_is_answered_as_ever_and_leaves_no_job(client, library, keys):
    before = {job.id for job in jobs.all()}
    response = client.post("/datasets/talks/redo")
    assert response.status_code == 422
    assert "There is nothing to redo in talks." in response.text
    assert {job.id for job in jobs.all()} <= before


def test_a_cancelled_change_changes_nothing(client, library, keys, hurried):
    before = library.dataset("talks").path.read_bytes()
    with library.writing():
        job = job_of(client.post("/datasets/talks/bulk", data={"do": "add", "tags": "storm", "keys": keys}))
        client.post(f"/jobs/{job.id}/cancel")
    assert job.wait(10)
    assert isinstance(job.error, jobs.Cancelled)
    assert library.dataset("talks").path.read_bytes() == before
    assert "was cancelled. Nothing was changed." in re.sub(
        r"<[^>]*>|\s+", " ", client.get(f"/jobs/{job.id}").text
    ).replace("  ", " ")


def test_a_job_says_how_far_it_is_once_for_each_quarter(client, app):
    gate = threading.Event()

    def work(progress):
        progress(30, 100)
        gate.wait(10)

    errand = working.Errand(lambda _: working.Onward("", "/settings"), "/help")
    job = jobs.start("Count the lamps", work, context=errand)
    while not job.total:
        job.wait(0.01)
    page = client.get(f"/jobs/{job.id}").text
    assert "heard=25+percent" in page
    assert 'href="/help">leave this page' in page
    said = '<hx-partial hx-target="#announcer" hx-swap="innerHTML">'
    assert f"{said}Count the lamps: 25 percent." in ticked(client, job.id, leads="1").text
    assert said not in ticked(client, job.id, leads="1", heard="25 percent").text
    job.done = 100
    assert f"{said}Count the lamps: finishing." in ticked(client, job.id, leads="1", heard="75 percent").text
    gate.set()
    assert job.wait(10)
    assert ticked(client, job.id, leads="1").headers["HX-Redirect"] == "/settings"
    assert "Count the lamps: done." in client.get("/settings").text
    assert "<time datetime=" in client.get("/jobs").text


def test_undoing_an_import_leads_to_the_library_and_says_where_it_is(client, library, keys):
    made = history.operations(library, "talks")[-1].id
    response = client.post("/datasets/talks/undo", data={"view": "", "operation": str(made)})
    assert response.headers["Location"] == "/"
    assert "Undone: Import talks. talks is in the trash." in client.get("/").text


def test_undoing_a_rename_leads_to_the_name_of_before(client, library, keys):
    client.post("/datasets/talks/rename", data={"name": "walks"})
    assert client.post("/datasets/walks/undo").headers["Location"] == "/datasets/talks/history"


def test_an_unforeseen_failure_in_a_job_shows_no_detail(client, app, caplog):
    def fail(progress):
        raise RuntimeError("secret detail")

    with app.test_request_context(base_url="http://localhost/"):
        job = jobs.start("Count", fail)
        job.wait(10)
        with pytest.raises(jobs.Broken):
            working.lead_on(job)
    assert "secret detail" in caplog.text


@pytest.fixture
def changed(client, library, keys, monkeypatch):
    """A dataset that counts as large, whose file another program has just changed."""
    monkeypatch.setattr(working, "LARGE", 1)
    path = library.dataset("talks").path
    path.write_bytes(path.read_bytes() + b'{"messages": [{"role": "user", "content": "New?"}]}\n')


def test_a_changed_large_file_is_read_again_as_a_job(client, library, changed, hurried):
    with library.writing():
        response = client.get("/datasets/talks/?q=new%3F")
        job = job_of(response)
        again = client.get("/datasets/talks/?q=new%3F")
        assert again.headers["Location"] == response.headers["Location"]
        page = client.get(f"/jobs/{job.id}").text
        assert "Read talks again" in page
        assert "Lamp 0?" in page  # the first entries, to read meanwhile
        assert client.get("/datasets/talks/", headers={"HX-Target": "div#listing"}).headers["HX-Redirect"]
    assert job.wait(10)
    assert ticked(client, job.id, leads="1").headers["HX-Redirect"] == "/datasets/talks/?q=new%3F"
    assert client.get("/datasets/talks/?q=new%3F").status_code == 200


def test_a_file_that_is_read_quickly_is_shown_at_once(client, library, changed):
    before = {job.id for job in jobs.all()}
    assert client.get("/datasets/talks/").status_code == 200
    assert {job.id for job in jobs.all()} <= before


def test_an_upload_shows_its_first_entries_while_it_is_read(client, library, hurried):
    text = '{"messages": [{"role": "user", "content": "Meanwhile?"}]}'
    with library.writing():
        job = job_of(client.post("/import", data={"text": text, "name": "pasted"}))
        page = ""
        while "Meanwhile?" not in page and not job.finished:
            page = ticked(client, job.id, leads="1", unread="1").text
        assert "Meanwhile?" in page
    assert job.wait(10)
    assert ticked(client, job.id, leads="1").headers["HX-Redirect"] == "/datasets/pasted/"


def test_an_import_with_something_to_say_says_it_once(client, library):
    text = '{"messages": [{"role": "user", "content": "Hi?"}]}\nnot json'
    response = client.post("/import", data={"text": text, "name": "mixed"})
    assert response.headers["Location"] == "/datasets/mixed/?imported=1"
    assert "2 records = 1 entry + 1 rejected." in client.get(response.headers["Location"]).text
    assert "2 records = 1 entry" not in client.get("/datasets/mixed/").text


FOREIGN = '{"messages": [{"role": "user", "content": "Você é só meu"}]}\n'.encode("cp1252") * 9


def fields_of(page):
    """The names of the fields of a job's page, with the value of each hidden one."""
    return dict(re.findall(r'<(?:input|select)[^>]*\bname="(\w+)"(?:[^>]*\bvalue="([^"]*)")?', page))


def test_a_slow_import_refused_for_its_encoding_can_be_asked_for_again(client, library, hurried, tmp_path):
    source = tmp_path / "talks.jsonl"
    source.write_bytes(FOREIGN)
    job = slow_import(client, library, path=str(source), copy="1")
    page = ticked(client, job.id, leads="1").text
    assert "The file is not UTF-8." in page
    assert re.search(r"Read as \w+, it begins: .*Voc", page)
    assert fields_of(page) == {"path": str(source), "copy": "1", "encoding": ""}
    client.post("/import", data={**fields_of(page), "encoding": "cp1252"})
    assert jobs.all()[0].wait(10)
    assert library.dataset("talks").entries == 9
    assert "Choose its encoding" in client.get("/jobs").text


def test_a_slow_upload_refused_for_its_encoding_asks_for_the_file_again(client, library, hurried):
    job = slow_import(client, library, file=(BytesIO(FOREIGN), "talks.jsonl"))
    page = client.get(f"/jobs/{job.id}").text
    assert fields_of(page) == {"file": "", "encoding": ""}
    assert 'enctype="multipart/form-data"' in page


def test_a_slow_import_of_a_picture_offers_no_encoding(client, library, hurried):
    job = slow_import(client, library, file=(BytesIO(b"\x89PNG\r\n\x1a\n\0\0\0"), "talks.jsonl"))
    page = client.get(f"/jobs/{job.id}").text
    assert "The file is no text: it looks like a PNG picture." in page
    assert 'name="encoding"' not in page


def slow_import(client, library, **data):
    """An import that is not answered at once; the job, ended."""
    held = threading.Event()
    start = jobs.start

    def later(title, work, **further):
        return start(title, lambda progress: (held.wait(10), work(progress))[1], **further)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(jobs, "start", later)
        job = job_of(client.post("/import", data=data))
    held.set()
    assert job.wait(10)
    return job
