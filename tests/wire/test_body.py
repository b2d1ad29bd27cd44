import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.wire.body import BodyReader, charset_of, title_of


def test_what_is_over_the_limit_is_counted_and_not_kept():
    reader = BodyReader(limit_bytes=10)
    reader.feed(b"x" * 7)
    reader.feed(b"y" * 7)

    assert reader.content == b"x" * 7 + b"y" * 3
    assert (reader.size_bytes, reader.raw_bytes) == (10, 14)


def test_an_empty_body_has_no_hash():
    assert BodyReader(limit_bytes=10).sha256 == ""


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br", "x-gzip", "?"]))
def test_no_body_makes_the_decoder_raise(data, encoding):
    reader = BodyReader(limit_bytes=100, content_encoding=encoding)
    for start in range(0, len(data), 7):
        reader.feed(data[start : start + 7])

    assert len(reader.content) == reader.size_bytes <= 100


@given(st.binary(max_size=5000), st.integers(1, 999))
def test_compressed_in_any_pieces_is_the_same_page(data, step):
    packed = gzip.compress(data)
    reader = BodyReader(limit_bytes=10_000, content_encoding="gzip")
    for start in range(0, len(packed), step):
        reader.feed(packed[start : start + step])

    assert reader.content == data


RUSSIAN = "<title>Доступ ограничен</title>"


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        pytest.param(RUSSIAN.encode(), "text/html; charset=utf-8", id="header"),
        pytest.param(RUSSIAN.encode("cp1251"), "text/html; charset=windows-1251", id="header 1251"),
        pytest.param(RUSSIAN.encode("koi8-r"), 'text/html; charset="koi8-r"', id="quoted header"),
        pytest.param(
            b'<meta charset="windows-1251">' + RUSSIAN.encode("cp1251"), "text/html", id="meta"
        ),
        pytest.param(
            b'<META http-equiv="Content-Type" content="text/html; charset=koi8-r">'
            + RUSSIAN.encode("koi8-r"),
            "",
            id="meta http-equiv",
        ),
        pytest.param(RUSSIAN.encode(), "", id="nothing said, UTF-8"),
        pytest.param(RUSSIAN.encode("cp1251"), "", id="nothing said, Windows-1251"),
        pytest.param(b"\xef\xbb\xbf" + RUSSIAN.encode(), "", id="UTF-8 mark"),
        pytest.param(b"\xff\xfe" + RUSSIAN.encode("utf-16-le"), "", id="UTF-16 mark"),
        pytest.param(RUSSIAN.encode(), "text/html; charset=nonsense", id="unknown charset"),
        pytest.param(RUSSIAN.encode(), "text/html; charset=base64", id="codec, no charset"),
        pytest.param(RUSSIAN.upper().encode(), "", id="capitals"),
    ],
)
def test_a_block_page_tells_its_title_in_any_charset(content, content_type):
    assert title_of(content, content_type).lower() == "доступ ограничен"


def test_a_character_cut_at_the_limit_does_not_change_the_charset():
    assert charset_of("страница".encode()[:-1], "") == "utf-8"


@pytest.mark.parametrize(
    ("page", "title"),
    [
        (b"<title>\n  Two\n  lines </title>", "Two lines"),
        (b"<title>A &amp; B</title>", "A & B"),
        (b"<title lang=ru>x</title>", "x"),
        (b"<title></title>", None),
        (b"<title", None),
        (b"no title", None),
        (b"", None),
        (b"<title>" + b"x" * 1000, "x" * 200),
        (b"<title " * 20_000, None),
    ],
)
def test_a_title_is_one_short_line(page, title):
    assert title_of(page, "text/html") == title


@given(st.binary(max_size=400), st.text(max_size=40))
def test_no_page_makes_the_title_raise(content, content_type):
    title_of(content, content_type)
    title_of(b"<title>" + content, content_type)
