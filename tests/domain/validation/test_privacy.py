"""What should not be published, and what only looks like it."""

import pytest

from app.domain.validation.privacy import PRIVATE
from app.domain.validation.spans import replaced


def found(text):
    """Each passage with the last word of its code."""
    return [
        (code.partition(".")[2], text[span.start : span.end])
        for code, spans in PRIVATE.items()
        for span in spans(text)
    ]


@pytest.mark.parametrize(
    ("kind", "text", "passage"),
    [
        ("email", "Mail jane.doe+x@mail.example.com.", "jane.doe+x@mail.example.com"),
        ("email", "联系jane@x.com谢谢", "jane@x.com"),
        ("email", "an ünïcode@exämple.de!", "ünïcode@exämple.de"),
        ("email", "u\u0308n@exa\u0308mple.de", "u\u0308n@exa\u0308mple.de"),
        ("email", "Пишите: анна@почта.рф.", "анна@почта.рф"),
        ("email", "zoë@example.org", "zoë@example.org"),
        ("phone", "Ring +1 (555) 123-4567 now", "+1 (555) 123-4567"),
        ("phone", "(555) 123-4567", "(555) 123-4567"),
        ("phone", "555-123-4567 or later", "555-123-4567"),
        ("phone", "212.555.0187", "212.555.0187"),
        ("phone", "+49 30 1234567.", "+49 30 1234567"),
        ("phone", "Tel. 030 12345678", "030 12345678"),
        ("phone", "0171/1234567", "0171/1234567"),
        ("phone", "06 12 34 56 78", "06 12 34 56 78"),
        ("phone", "电话 13812345678", "13812345678"),
        ("phone", "call me at 555-1234, ok", "555-1234"),
        ("secret", "card 4111 1111 1111 1111 ok", "4111 1111 1111 1111"),
        ("secret", "378282246310005", "378282246310005"),
        ("secret", "DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00"),
        ("secret", "SSN 123-45-6789", "123-45-6789"),
        ("secret", "key sk-proj-abcdEFGH1234ijklMNOP5678", "sk-proj-abcdEFGH1234ijklMNOP5678"),
        ("secret", "ghp_abcdEFGH1234ijklMNOP5678qrstUVWX90ab", "ghp_abcdEFGH1234ijklMNOP5678qrstUVWX90ab"),
        ("secret", "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("secret", "AKIAIOSFODNNXEXAMPLE", "AKIAIOSFODNNXEXAMPLE"),
        ("secret", "hf_abcdefghijKLMNOPqrstuvwxyzABCDEFGH", "hf_abcdefghijKLMNOPqrstuvwxyzABCDEFGH"),
        ("secret", "hf_abcdefghijklmnopqrstuvwxyz12345678", "hf_abcdefghijklmnopqrstuvwxyz12345678"),
        ("secret", "it is Xk9pQ2mZ7vB4nL8wR3tY6uH1jG5fD0sA!", "Xk9pQ2mZ7vB4nL8wR3tY6uH1jG5fD0sA"),
        ("secret", "Password: hunter2.", "hunter2"),
        ("secret", "my API key is abc123def456", "abc123def456"),
        ("address", "at 221B Baker Street, London", "221B Baker Street"),
        ("address", "12 Main St.", "12 Main St."),
        ("address", "350 5th Avenue", "350 5th Avenue"),
        ("address", "Hauptstraße 5a", "Hauptstraße 5a"),
        ("address", "5 rue de la Paix", "5 rue de la Paix"),
        ("address", "Calle Mayor 12", "Calle Mayor 12"),
        ("address", "host 192.168.1.17:80", "192.168.1.17"),
        ("address", "2001:db8::1", "2001:db8::1"),
        ("address", "00:1a:2b:3c:4d:5e", "00:1a:2b:3c:4d:5e"),
        ("url", "see https://example.org/a_(b)?c=d#e.", "https://example.org/a_(b)?c=d#e"),
        ("url", "(http://x.org/a)", "http://x.org/a"),
        ("url", "[x](http://x.org/a) ok", "http://x.org/a"),
        ("url", "www.example.org, she said", "www.example.org"),
        ("url", "discord.gg/abc123", "discord.gg/abc123"),
        ("url", "看https://x.org/a。好", "https://x.org/a"),
    ],
)  # fmt: skip
def test_a_private_thing_is_found_whole_and_as_one_kind(kind, text, passage):
    assert found(text) == [(kind, passage)]


def test_a_private_key_is_found_to_its_end():
    text = "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----"
    assert found(f"so\n{text}\nthere") == [("secret", text)]


def test_a_password_in_a_link_is_a_secret_and_no_mail():
    assert found("https://ann:pw123x@host.com/x") == [
        ("secret", "pw123x"), ("url", "https://ann:pw123x@host.com/x"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "@everyone @here me @ home user@host @ann@example.social @zoë@exämple.social ё@дом sprite@2x.png a@b",
        "1990-2000, 1914–1918, in 1999 2000 2001 2002",
        "10:30-11:45, 2024-01-15 10:30:00, 01.02.2024 10:00, 12/31/1999",
        "1,000,000 and 3.14159265358979 and 300 500 1000 and -273.15",
        "ISBN 978-3-16-148410-0", "v1.2.3.4, version 1.2.3.4, chapter 1.2.3", "1 2 3 4 5 6 7 8 9 10",
        "4111 1111 1111 1112", "1234567890123456", "0000 0000 0000 0000", "DE89 3704 0044 0532 0130 01",
        "000-12-3456, 666-12-3456, 123-00-4567",
        "sk-xxxxxxxxxxxxxxxxxxxxxxxxxxx", "sk-learn", "sk-learn-contrib-and-other-packages in 1999",
        "550e8400-e29b-41d4-a716-446655440000",
        "d41d8cd98f00b204e9800998ecf8427e", "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa111",
        "the password is swordfish", "the secret is that he left in 1999", "the key is under the mat",
        "127.0.0.1 0.0.0.0 1.2.3 300.1.1.1 std::vector a::b 10:20:30:40",
        "He has 40 Gold Coins On The Way", "3 Dr Smith", "In 1920 The Old Man ran", "he went his weg 5 times",
        "and/or http:// https://. www. wwwhat",
    ],
)  # fmt: skip
def test_what_only_looks_private_is_left_alone(text):
    assert found(text) == []


def test_every_kind_has_its_placeholder():
    text = "jane@x.com +1 555 123 4567, 123-45-6789, 12 Main St. www.x.org"
    for spans in PRIVATE.values():
        text = replaced(text, spans(text))
    assert text == "[email] [phone], [secret], [address] [link]"
    assert found(text) == []


@pytest.mark.parametrize("before", range(8))
def test_a_key_without_digits_is_found_wherever_it_stands(before):
    for key in ("AKIAIOSFODNNXEXAMPLE", "xoxb-abcdefGHIJKLmn"):
        assert found("é" + "a" * before + " " + key) == [("secret", key)]
