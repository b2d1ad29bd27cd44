import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.wire.records import AlertWatch, alert_in

SERVER_HELLO = b"\x16\x03\x03\x00\x05hello"


@pytest.mark.parametrize("cut", range(1, 17))
def test_an_alert_is_found_however_the_bytes_are_cut(cut):
    data = SERVER_HELLO + b"\x15\x03\x03\x00\x02\x02\x70"
    watch = AlertWatch()

    watch.feed(data[:cut])
    watch.feed(data[cut:])

    assert watch.alert == 112


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"HTTP/1.1 302 Found\r\n\r\n\x15\x03\x03\x00\x02\x02\x70", id="no TLS"),
        pytest.param(b"\x17\x03\x03\x00\x07\x15\x03\x03\x00\x02\x02\x70", id="inside a record"),
        pytest.param(b"\x15\x03\x03\x00\x13" + b"e" * 19, id="encrypted alert"),
        pytest.param(b"\x15\x03\x03\x00\x02\x02", id="cut short"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_only_looks_like_an_alert_is_none(data):
    assert alert_in(data) is None


@given(st.lists(st.binary(max_size=80), max_size=12))
def test_any_cut_of_any_rubbish_says_the_same_and_never_raises(pieces):
    watch = AlertWatch()

    for piece in pieces:
        watch.feed(piece)

    assert watch.alert == alert_in(b"".join(pieces))
