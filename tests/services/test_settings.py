"""Preferences are kept, checked, and forgiven if they make no sense any more."""

import pytest

from app.config import Config
from app.errors import Refused
from app.registry.database import connected
from app.registry.models import Setting
from app.services import settings
from app.services.library import Library
from app.services.settings import Settings


def test_what_is_saved_is_there_at_the_next_start(library):
    assert settings.get(library) == Settings()
    settings.save(library, theme="dark", page_size=50)
    settings.save(library, preview_user_name="Ada \u2028")
    again = Library.open(Config(library.home))
    assert settings.get(again) == Settings(theme="dark", page_size=50, preview_user_name="Ada \u2028")


@pytest.mark.parametrize("values", [{"theme": "pink"}, {"page_size": 7}, {"page_size": -1}])
def test_a_value_that_is_not_possible_changes_nothing(library, values):
    with pytest.raises(Refused):
        settings.save(library, confirm_delete_entries=False, **values)
    assert settings.get(library) == Settings()


@pytest.mark.parametrize("value", ["{", '"pink"', "7", "null", '["dark"]'])
def test_a_kept_value_that_makes_no_sense_counts_as_not_set(library, value):
    settings.save(library, page_size=100)
    with connected():
        Setting.update(value=value).where(Setting.key == "theme").execute()
    assert settings.get(library) == Settings(page_size=100)
