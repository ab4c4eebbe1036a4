"""What has changed is looked at before a page says what was found: a few entries at once, many as a job."""

from werkzeug.wrappers import Response as BaseResponse

from app import jobs
from app.services import analysing
from app.web.context import library
from app.web.working import Errand, Onward, lead_on, running


def freshen(slug: str) -> bool:
    """Look at the entries of a dataset that have still to be looked at, if they are few.

    :returns: whether all is known now.
    """
    opened = library()
    if analysing.due(opened, slug).is_long:
        return False
    analysing.bring_up_to_date(opened, slug)
    return True


def look_through(slug: str, address: str, *, back: str) -> BaseResponse:
    """The page of the job that looks through a dataset and leads to an address; that address if it was quick.

    :param back: where the job leads if it is stopped.
    """
    opened, title = library(), f"Look through {slug}"
    job = running(title, address)
    if job is not None:
        return lead_on(job)
    onward = Onward("", address, "See what was found")
    return lead_on(
        jobs.start(
            title,
            lambda progress: analysing.bring_up_to_date(opened, slug, progress, near=True),
            unit="entries",
            context=Errand(lambda _: onward, back),
        )
    )
