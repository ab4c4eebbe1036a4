"""The quick way to a segment gives what folding each message gives."""

from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.folding import fold
from app.store.textcache import segment_of

SPACES = "aB \n\t\r\v\x1c\x1f\0\x01\x7f"
SCOPES = {"s": b"\x01", "u": b"\x02", "a": b"\x03", "x": b"\x04"}
texts = (
    st.text(st.characters(max_codepoint=127))
    | st.text(SPACES)
    | st.text(st.characters() | st.characters(categories=["Cs"]))
)


@given(st.lists(st.tuples(st.sampled_from("suax"), texts), max_size=4))
@example([("u", "  \n\n A\n\n\nB \0"), ("a", ""), ("x", "\x80\x81")])
@example([("u", "".join(map(chr, range(128))))])
def test_a_segment_holds_each_message_folded(messages):
    lines = [
        SCOPES[letter] + fold(text).encode("utf-8", "surrogatepass") + b"\n" for letter, text in messages
    ]
    assert segment_of(messages) == b"".join(lines)
