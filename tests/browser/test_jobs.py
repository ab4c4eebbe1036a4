"""Long work as a person sees it: progress, the way to stop it, and where it leads."""

import re
import threading

import pytest
from playwright.sync_api import expect

from app import jobs
from app.web.working import Errand, Onward

pytestmark = pytest.mark.browser


@pytest.fixture
def long_job(server, talks):
    """A job that is half done and ends when the event is set."""
    gate = threading.Event()

    def work(progress):
        while not gate.wait(0.05):
            progress(50, 100)

    errand = Errand(lambda _: Onward("It is done.", "/datasets/talks/", "Open talks"), "/settings")
    job = jobs.start("Count the lamps", work, context=errand)
    yield job, gate
    gate.set()
    job.wait(10)


def test_a_job_shows_how_far_it_is_and_leads_on(page, axe, long_job):
    job, gate = long_job
    page.goto(f"/jobs/{job.id}")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "50")
    expect(page.locator(".job")).to_contain_text("50 percent")
    assert axe(page) == []
    page.get_by_role("link", name="leave this page").wait_for()
    gate.set()
    expect(page).to_have_url(re.compile("/datasets/talks/$"))
    expect(page.locator(".toast")).to_have_text("It is done.")


def test_a_cancelled_job_says_so_and_leads_back(page, long_job):
    job, _ = long_job
    page.goto(f"/jobs/{job.id}")
    page.click("text=Cancel")
    expect(page.locator(".job")).to_contain_text("was cancelled. Nothing was changed.")
    page.click("text=Go back")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()


def test_the_list_of_jobs_stays_where_it_is(page, long_job):
    _, gate = long_job
    page.goto("/jobs")
    expect(page.locator(".job").first).to_contain_text("50 percent")
    gate.set()
    expect(page.get_by_role("link", name="Open talks").first).to_be_visible()
    expect(page).to_have_url(re.compile("/jobs$"))


def test_a_job_is_followed_without_script_too(new_page, long_job):
    job, gate = long_job
    page = new_page(java_script_enabled=False)
    page.goto(f"/jobs/{job.id}")
    expect(page.locator(".job")).to_contain_text("50 percent")
    gate.set()
    expect(page.get_by_role("link", name="Open talks")).to_be_visible()


def test_a_form_under_a_former_name_is_saved(page, server, talks):
    from app.services import shelving

    page.goto("/datasets/talks/")
    page.locator("[data-row] a[data-open]").first.click()
    page.locator("#messages-1-text").fill("Saved under another name?")
    shelving.rename(server.library, "talks", "walks")
    page.keyboard.press("Control+s")
    expect(page.locator(".toast")).to_have_text("Saved.")
    page.goto("/datasets/talks/?q=another")
    expect(page).to_have_url(re.compile(r"/datasets/walks/\?q=another$"))
    expect(page.locator("#count")).to_have_text("1 of 3 entries")
