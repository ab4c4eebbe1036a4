"""Static addresses carry a hash, and only the right hash is kept for good."""

import re


def test_a_page_names_its_sheets_with_a_hash_that_may_be_kept(client):
    address = re.search(r'href="(/static/css/tokens\.css\?v=[0-9a-f]{12})"', client.get("/settings").text)[1]
    assert "immutable" in client.get(address).headers["Cache-Control"]


def test_an_old_hash_is_asked_for_again(client):
    assert client.get("/static/css/tokens.css?v=old").headers["Cache-Control"] == "no-cache"
    assert client.get("/static/css/tokens.css").headers["Cache-Control"] == "no-cache"


def test_a_file_that_is_not_there_is_a_page_like_any_other(client):
    response = client.get("/static/css/none.css?v=1")
    assert response.status_code == 404
    assert "There is no page at this address" in response.text
