"""The quick way to folded text says what the long one says."""

from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.folding import fold, fold_utf8

SPACES = "aB \n\t\r\v\x1c\x1f\0\x7f\x85\u2028é"


@given(st.text(st.characters() | st.characters(categories=["Cs"])) | st.text(SPACES))
@example("")
@example("  \n\n A\n\n\nB \x00")
def test_folding_to_bytes_is_folding(text):
    assert fold_utf8(text) == fold(text).encode("utf-8", "surrogatepass")
