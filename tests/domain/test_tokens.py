"""Every vocabulary is the published one, and counts as its makers' tokenizer does."""

import base64
import os
import random
import subprocess
import sys
import unicodedata
from hashlib import sha256

import pytest
import quicktok
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

from app.domain.tokens import VOCABULARIES, BadTokenizer, counter, own_counter

TEXTS = 6_000  # compared for each vocabulary
# The files that the makers publish: cl100k_base.tiktoken and o200k_base.tiktoken (named with these hashes in
# tiktoken_ext/openai_public.py), tokenizer.model of Llama 3, qwen.tiktoken of Qwen.
PUBLISHED = {
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "llama3": "82e9d31979e92ab929cd544440f129d9ecd797b69e327f80f17e1c50d5551b55",
    "qwen3": "b2b1b8dfb5cc5f024bafc373121c6aba3f66f9a5a0269e243470a1de16a33186",
}
# The patterns that their makers publish beside them.
_CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
PATTERNS = {
    "cl100k_base": _CL100K,
    "llama3": _CL100K,
    "qwen3": _CL100K.replace(r"\p{N}{1,3}", r"\p{N}"),
    "o200k_base": (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    ),
}
PASSAGE = (
    "The quick brown fox, jumped over 12 lazy dogs; she'll say: I’VE 3.14159 of it! “Well—” *sighs* naïve"
    " Ünïcödé Straße ñandú Привет, как твои дела? Ελληνικά γράμματα שלום עליכם مرحبا بالعالم"
    " नमस्ते दुनिया কেমন สวัสดีชาวโลก ខ្មែរ 漢字とかな交じり文 안녕하세요 여러분 懸疑小說"
    " \U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308 😀😀 ✨ … ½ ² ﬁ Ⅷ"
    " e\u0301 a\u0308\u0323 \u200b \ufeff \u00a0 \x00 \x7f"
    " user@example.com https://a.b/c?d=e ```py #x```\tfoo()\r\n\n\n   indented |<|im_end|>| [INST] </s>"
    " <think> 1,000,000 2026-11-22 AAAA aaaa ---- ==== ((("
)
WORDS = PASSAGE.split(" ")
LETTERS = [
    letter for letter in map(chr, range(0x30000))
    if unicodedata.category(letter) not in {"Cn", "Co", "Cs"}
]  # fmt: skip


def _ranks(name: str) -> dict[bytes, int]:
    encoding = quicktok.get_encoding(name)
    return {
        encoding.decode_single_token_bytes(number): number
        for number in range(len(encoding.token_byte_values()))
    }


def _texts(amount: int) -> list[str]:
    chance = random.Random(20261122)
    made = []
    for _ in range(amount):
        words = chance.choices(WORDS, k=chance.randrange(1, 40))
        if chance.random() < 0.4:
            words.insert(0, "".join(chance.choices(LETTERS, k=chance.randrange(1, 20))))
        made.append(chance.choice((" ", " ", "", "\n")).join(words))
    return made


@pytest.mark.parametrize("name", VOCABULARIES)
def test_each_vocabulary_is_the_published_one(name):
    lines = (base64.b64encode(token) + b" %d\n" % rank for token, rank in _ranks(name).items())
    assert sha256(b"".join(lines)).hexdigest() == PUBLISHED[name]


@pytest.mark.parametrize("name", VOCABULARIES)
def test_each_vocabulary_counts_as_an_independent_tokenizer_does(name):
    other = tiktoken.Encoding(name, pat_str=PATTERNS[name], mergeable_ranks=_ranks(name), special_tokens={})
    count = counter(name).count
    for text in _texts(TEXTS):
        same = unicodedata.normalize("NFC", text) if name == "qwen3" else text  # as Qwen's tokenizer does
        assert count(text) == len(other.encode_ordinary(same)), text


@pytest.mark.parametrize("name", VOCABULARIES)
def test_a_control_token_is_text_where_text_is_counted_and_one_token_where_a_rendering_is(name):
    control = {"llama3": "<|eot_id|>", "qwen3": "<|im_end|>"}.get(name, "<|endoftext|>")
    counting = counter(name)
    assert counting.count_rendered(f"Hello{control}there{control}") == (
        counting.count("Hello") + counting.count("there") + 2
    )
    assert counting.count(control) > 1
    assert counting.count("") == counting.count_rendered("") == 0


@given(st.text(st.characters(codec=None), max_size=40))
def test_half_a_character_counts_as_the_replacement_character(text):
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    lone = "".join("\ufffd" if 0xD800 <= ord(letter) < 0xE000 else letter for letter in text)
    for name in ("llama3", "qwen3"):
        assert counter(name).count(text) == counter(name).count(lone)
    assert counter("llama3").count(whole) <= counter("llama3").count(lone)


@pytest.mark.parametrize("name", VOCABULARIES)
def test_hostile_texts_take_no_longer_than_their_length(name):
    """Each is a megabyte: what takes the square of the length would not end here."""
    counting = counter(name)
    for piece in (
        "a",
        " ",
        "\n",
        "<",
        "<|im_end|>",
        "<|eot_id|>",
        "\u0301\u0316",
        "e\u0301",
        "a@",
        "한",
        "(",
        "1",
    ):
        text = piece * (1_000_000 // len(piece.encode()))
        assert counting.count(text) > 0
        assert counting.count_rendered(text) > 0


def test_marks_piled_up_without_end_are_counted_nearly_as_they_would_be():
    piled = "a" + "\u0301\u0316" * 3000
    assert counter("qwen3").count(piled) == pytest.approx(
        quicktok.get_encoding("qwen3").count(piled), rel=0.01
    )


def test_an_unknown_vocabulary_is_said_to_be_none():
    with pytest.raises(BadTokenizer, match=r"There is no vocabulary “gpt9”\. There are llama3, qwen3"):
        counter("gpt9")


def test_a_machine_without_the_package_is_told_what_helps(monkeypatch):
    monkeypatch.setitem(sys.modules, "quicktok", None)
    counter.cache_clear()
    with pytest.raises(BadTokenizer, match=r"Llama 3 cannot be counted .* Python 3.11, 3.12 or 3.13, or"):
        counter("llama3")
    counter.cache_clear()


@pytest.fixture(scope="module")
def own() -> bytes:
    """A tokenizer.json of our own: bytes as Llama has them, cut after 8 tokens, padded to 32."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(WORDS * 20, trainer)
    tokenizer.add_special_tokens([AddedToken("<|turn|>", special=True)])
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=32)
    return tokenizer.to_str().encode()


def test_a_tokenizer_of_the_persons_own_counts_all_of_a_text_and_no_padding(own):
    counting = own_counter("mine", own)
    assert counting.name == "mine"
    assert counting.count("The") == 1
    assert counting.count("x<|turn|>") > 2
    assert counting.count_rendered("x<|turn|>") == 2
    assert counting.count("☃" * 100) > 99
    assert counting.count("a\ud800") == counting.count("a\ufffd")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"[]", b"\xff\xfe", b"null", b'{"model":{"type":"BPE"}}', b"[" * 100_000,
        b'{"version":"1.0","model":{"type":"BPE","vocab":{"a":0},"merges":["a b"]}}',
        b'{"version":"1.0","model":{"type":"BPE","vocab":{},"merges":[]}}',
        b'{"version":"1.0","model":{"type":"WordLevel","vocab":{"a":0},"unk_token":"<unk>"}}',
        b'{"version":"1.0","pre_tokenizer":{"type":"Split","pattern":{"Regex":"("},"behavior":"Isolated",'
        b'"invert":false},"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}',
    ],
)  # fmt: skip
def test_what_is_no_tokenizer_is_refused_in_a_sentence(data):
    with pytest.raises(BadTokenizer, match=r"^This (is no )?tokenizer.*\.$"):
        own_counter("mine", data)


def test_a_tokenizer_that_panics_is_a_bad_one(own, monkeypatch):
    """Rust's panics are no Exception, and must not end a thread of the server."""

    class Panic(BaseException):
        pass

    class Panicking:
        no_truncation = no_padding = staticmethod(lambda: None)
        from_buffer = classmethod(lambda cls, data: cls())

        def encode(self, text, **more):
            raise Panic("index out of bounds")

    monkeypatch.setattr("tokenizers.Tokenizer", Panicking)
    with pytest.raises(BadTokenizer, match=r"^This tokenizer fails on a text: index out of bounds\.$"):
        own_counter("mine", own)


def test_nothing_is_printed_where_a_process_that_counted_is_forked(own):
    program = (
        "import os, sys\n"
        "from app.domain.tokens import counter, own_counter\n"
        "mine = own_counter('mine', sys.stdin.buffer.read())\n"
        "counts = mine.count('a b c'), counter('llama3').count('a b c')\n"
        "child = os.fork() if hasattr(os, 'fork') else 1\n"
        "mine.count_rendered('a b c')\n"
        "if not child: os._exit(0)\n"
        "hasattr(os, 'fork') and os.waitpid(child, 0)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        input=own,
        capture_output=True,
        env=environment,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"")


def test_starting_a_command_waits_for_no_tokenizer():
    program = (
        "import sys, app.cli.command\n"
        "print(sorted({'quicktok', 'tokenizers', 'numpy', 'ftfy', 'tiktoken'} & sys.modules.keys()))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, env=environment, check=True)
    assert run.stdout.strip() == b"[]"
