"""The gallery: its page names every picture and its command, and the maker still makes them."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from probe.trial.gallery import DRAWN, PRINTED, SHOWN, Printed, print_picture, read_me

FOLDER = Path(__file__).parents[2] / "docs" / "gallery"
NAMES = [picture.name for picture in (*PRINTED, *DRAWN, *SHOWN)]


def test_its_page_is_in_step():
    """After a change: `make gallery`."""
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == read_me()


def test_every_picture_is_there_and_no_other():
    assert sorted(file.name for file in FOLDER.iterdir()) == sorted([*NAMES, "README.md"])


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_small_and_asks_nobody_for_anything(name):
    data = (FOLDER / name).read_bytes()

    assert 1_000 < len(data) < 150_000
    if name.endswith(".svg"):
        text = data.decode()
        ET.fromstring(text)
        assert not re.findall(r'url\(["\']?http|href="http|<script', text)


def test_a_terminal_is_drawn_in_colour_and_without_outside_fonts(tmp_path):
    picture = Printed("plan.svg", ("plan", "instagram.web"), "")

    svg = print_picture(picture, tmp_path / "roadblock.db")

    words = " ".join("".join(text.itertext()) for text in ET.fromstring(svg).iter() if text.text)
    said = words.replace("\xa0", " ")
    assert "$ roadblock plan instagram.web" in said
    assert "Nothing was sent." in said
    assert "cdnjs" not in svg
    assert list(tmp_path.iterdir()) == []
