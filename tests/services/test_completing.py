"""What is offered as the person types a tag: the dataset's own first, and nothing that was put away."""

import json

from app.services import browsing, opening, tagging
from app.services.completing import Offer, tags_to_offer
from app.services.taxonomy import marks

SAID = [{"role": "user", "content": "Is the kettle warm?"}, {"role": "assistant", "content": "Warm enough."}]


def offered(library, *tags):
    lines = [json.dumps({"messages": SAID, "tags": [tag]}) for tag in tags]
    opening.import_text(library, "\n".join(lines), "talks")
    return tags_to_offer(browsing.tag_counts(library, "talks"), marks())


def test_its_own_tags_come_first_as_they_are_spelt_and_the_others_with_their_category(library):
    found = offered(library, "懸疑", "懸疑", "Pacing")
    assert found[:2] == [Offer("懸疑", 2), Offer("Pacing", 1)]
    assert found[2] == Offer("boundaries", category="Behavior")
    assert "pacing" not in [each.label for each in found]
    assert [each.category for each in found[2:]] == sorted(
        (each.category for each in found[2:]),
        key=["Behavior", "Interaction", "Style", "Source", "Status"].index,
    )


def test_what_was_archived_or_hidden_is_not_offered(library):
    tagging.create(library, "Rope")
    tagging.create(library, "Tide")
    assert {"rope", "tide", "gull"} <= {each.label for each in offered(library, "rope", "gull")}
    tagging.archive(library, "rope")
    tagging.hide(library, "tide")
    tagging.hide(library, "concise")
    left = {each.label for each in tags_to_offer(browsing.tag_counts(library, "talks"), marks())}
    assert not left & {"rope", "tide", "concise"}
    assert "gull" in left
