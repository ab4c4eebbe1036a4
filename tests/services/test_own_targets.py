"""Templates and tokenizers of the person's own: from a file or a folder, tried on a short conversation."""

import json
from pathlib import Path

import pytest

from app.domain.targets.families import FAMILIES
from app.errors import NotFound, Refused
from app.services import criteria, own_targets

TEMPLATE = FAMILIES["chatml"].template


@pytest.fixture
def model(tmp_path):
    """A folder as a model has it, with other files beside."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"chat_template": TEMPLATE, "bos_token": {"content": "<s>"}, "eos_token": "</s>"}),
        encoding="utf-8",
    )
    (folder / "config.json").write_text("{}", encoding="utf-8")
    return folder


@pytest.mark.parametrize("part", ["", "tokenizer_config.json"])
def test_a_folder_or_a_file_of_it_is_kept_and_tried(library, model, part):
    slug, done = own_targets.add_at(library, "Harbour 7B", model / part)
    assert done is not None
    assert own_targets.own(library, slug).has_template
    view = own_targets.tried(library, slug)
    assert "".join(each.text for each in view.stretches).startswith("<|im_start|>system\nYou keep")
    assert [part.trained for part in view.parts] == [False, False, True, False, True]
    assert [part.trained for part in own_targets.tried(library, slug, "last").parts].count(True) == 1


@pytest.mark.parametrize(
    "path",
    ["model", "", "/nowhere/at/all", "/dev/null", "/dev/zero", "/", "/" + "a" * 5000, "~nobody-at-all/x"],
)
def test_a_path_that_leads_nowhere_is_refused_and_nothing_is_kept(library, model, path):
    with pytest.raises(Refused):
        own_targets.add_at(library, "Harbour", Path(path))
    assert criteria.owned(library) == ()


def test_there_is_none_of_another_name(library):
    with pytest.raises(NotFound):
        own_targets.tried(library, "chatml")
