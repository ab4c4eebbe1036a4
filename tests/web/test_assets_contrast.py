"""Every pair of colours in use keeps its distance, computed from tokens.css, in both themes."""

import re
from pathlib import Path

import pytest

TOKENS = (Path(__file__).parents[2] / "static" / "css" / "tokens.css").read_text(encoding="utf-8")
COLOURS = {
    name: (light, dark)
    for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", TOKENS)
}
PAPERS = ("paper", "paper-sunk", "accent-wash")
TEXT = [
    *((ink, paper) for ink in ("ink", "ink-soft", "accent") for paper in PAPERS),
    *((ink, paper) for ink in ("good", "warn", "bad", "role-system") for paper in ("paper", "paper-sunk")),
    ("paper", "accent"),  # the pressed-for button
    ("paper", "ink"),  # a toast
]
EDGES = [
    ("edge-strong", "paper"),
    ("edge-strong", "paper-sunk"),
    ("accent", "paper"),
    ("accent", "accent-wash"),
    *((name, paper) for name in COLOURS if name.startswith("voice-") for paper in PAPERS),
]
THEMES = {"light": 0, "dark": 1}


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_computation_knows_black_on_white():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "paper"), TEXT)
def test_text_can_be_read(ink, paper, theme):
    assert contrast(COLOURS[ink][THEMES[theme]], COLOURS[paper][THEMES[theme]]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("edge", "paper"), EDGES)
def test_edges_of_controls_can_be_seen(edge, paper, theme):
    assert contrast(COLOURS[edge][THEMES[theme]], COLOURS[paper][THEMES[theme]]) >= 3
