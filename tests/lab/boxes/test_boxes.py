"""The table of boxes itself."""

import dataclasses

import pytest

from probe.lab.box import Box, Place
from probe.lab.boxes import BOXES

# Rows that packets cannot play, or that servers play: docs/lab.md says why.
ROWS = [
    *("D05", "D09", "D10", "D11", "D12", "D13", "D14", "D15", "D16", "D17", "D18", "D19"),
    *("T01", "T02", "T03", "T04", "T05", "T06", "T07", "T08", "T09", "T10", "T11", "T12"),
    *("T13", "T15"),
    *("S01", "S02", "S03", "S04", "S05", "S06", "S08", "S09", "S10", "S11", "S12", "S13"),
    *("S14", "S15", "S16", "S17", "S18", "S20", "S21"),
    *("H01", "H02", "H03", "H04", "H05", "H06", "H07", "H08", "H09", "H10", "H11", "H12"),
    *("Q01", "Q02", "Q03", "Q04", "Q06", "Q07", "Q08", "Q09"),
    *("R01", "R02", "R03", "R04", "R05", "R06", "R07", "R09"),
]


def test_every_row_that_packets_can_play_has_a_box() -> None:
    assert sorted(BOXES) == sorted(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_box_says_where_it_comes_from_and_can_be_made_bare(row: str) -> None:
    kind = BOXES[row]
    box = kind()

    assert isinstance(box, Box)
    assert dataclasses.is_dataclass(kind)
    assert kind.id == row
    assert len(kind.source) > 5
    assert kind.__doc__
    assert box.place in Place
    assert not kind.innocent
