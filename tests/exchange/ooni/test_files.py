"""Files that nobody promised anything about: what is broken costs no more than itself."""

import bz2
import gzip
import io
import json
import lzma
import random
import tarfile
from pathlib import Path
from typing import Any

import pytest

from probe.errors import UsageError
from probe.exchange.ooni import import_ooni
from probe.exchange.ooni.files import check_form
from tests.exchange.ooni.documents import document, reset_by_name

PAIR = (False, "http-failure")


def lines(*documents: Any) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lines(document(), reset_by_name()), id="lines"),
        pytest.param(gzip.compress(lines(document(), reset_by_name())), id="gzip"),
        pytest.param(json.dumps([document(), reset_by_name()], indent=1).encode(), id="list"),
        pytest.param(b"\n\n" + lines(document(), reset_by_name()), id="empty lines"),
        pytest.param(lines(document(), reset_by_name()).replace(b"\n", b"\r\n"), id="crlf"),
        pytest.param(lines(document(), reset_by_name()).replace(b"\n", b""), id="no line ends"),
        pytest.param(b"\xef\xbb\xbf" + lines(document(), reset_by_name()), id="byte order mark"),
        pytest.param(
            gzip.compress(lines(document())) + gzip.compress(lines(reset_by_name())),
            id="two gzips in one",
        ),
        pytest.param(
            "\n".join(json.dumps(d(), indent=2) for d in (document, reset_by_name)).encode(),
            id="one after the other over many lines",
        ),
        pytest.param(bz2.compress(lines(document(), reset_by_name())), id="bzip2"),
        pytest.param(lzma.compress(lines(document(), reset_by_name())), id="xz"),
        pytest.param(gzip.compress(lines(document(), reset_by_name())) + bytes(99), id="padded"),
        pytest.param(lines(document(), reset_by_name()).replace(b"\n", b"\r"), id="old line ends"),
        pytest.param(
            lines(document(), reset_by_name()).decode().encode("utf-16"),
            id="sent to a file by Windows' shell",
        ),
        pytest.param(lines([document(), reset_by_name()]), id="a list in one line"),
        pytest.param(lines([document()], [], [reset_by_name()]), id="lists in lines"),
        pytest.param(
            b"[\n" + b",\n".join(lines(d()).strip() for d in (document, reset_by_name)) + b"\n]\n",
            id="a list with one a line",
        ),
        pytest.param(
            json.dumps([document(), reset_by_name()], indent=0).encode(), id="a list not indented"
        ),
        pytest.param(
            json.dumps([document(), reset_by_name()], indent=2).encode().replace(b"\n  ", b"\n"),
            id="a list with brackets on one line",
        ),
        pytest.param(
            lines(
                document(x_note="}{][\\"), reset_by_name() | {"annotations": {"a": '"{"\\'}}
            ).replace(b"\n", b" "),
            id="brackets in strings",
        ),
        pytest.param(
            lines(*({"raw_measurement": json.dumps(d())} for d in (document, reset_by_name))),
            id="answers of the API",
        ),
    ],
)
def test_files_of_every_form_are_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "measurements"
    path.write_bytes(content)

    assert [m.ooni_blocking for m in import_ooni(path)] == [False, "http-failure"]


def test_one_document_over_many_lines_is_read(tmp_path: Path) -> None:
    path = tmp_path / "measurement.json"
    path.write_text(json.dumps(document(), indent=2))

    assert [m.ooni_blocking for m in import_ooni(path)] == [False]


BROKEN = [
    b"{broken\n", b"[1,\n", b"\xfe\xff\n", b"\xff\xfe\n", bytes(20) + b"\n", b"}\n", b"?\n",
    b"text, and no JSON\n",
    b'{"a": ' * 2000 + b"\n", b"[" * 5000 + b"\n", b'{"a": "never ends\n',
    b'{"a": %s}\n' % (b"9" * 5000),
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN, ids=lambda line: f"{line[:12]!a}")
def test_a_broken_line_does_not_hide_its_neighbours(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "measurements.jsonl"
    path.write_bytes(broken + lines(document()) + broken + lines(reset_by_name()) + broken)

    read = list(import_ooni(path))

    assert [m.ooni_blocking for m in read] == [None, False, None, "http-failure", None]
    assert "no JSON" in read[0].problems[0]


def test_each_broken_line_is_counted(tmp_path: Path) -> None:
    """Two that follow each other are two: whoever compares line by line must not lose the place."""
    path = tmp_path / "measurements.jsonl"
    path.write_bytes(b'{"a": tru\n{"b": fal\n' + lines(document()) + b'{"c": nul\n')

    assert [m.is_read for m in import_ooni(path)] == [False, False, True, False]


def test_a_broken_document_in_a_list_does_not_hide_its_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "measurements.json"
    good = [json.dumps(d(), indent=1) for d in (document, reset_by_name)]
    path.write_text("[\n" + f'{good[0]},\n{{\n"broken": tru\n}},\n{good[1]}' + "\n]\n")

    assert [m.ooni_blocking for m in import_ooni(path)] == [False, None, "http-failure"]


def test_bytes_that_no_text_has_cost_a_character(tmp_path: Path) -> None:
    path = tmp_path / "measurements.jsonl"
    path.write_bytes(lines(document()).replace(b"Example", b"Ex\xe4mple"))

    (measurement,) = import_ooni(path)

    assert measurement.is_read


def many() -> list[Any]:
    drawn = random.Random(1)
    return [document(x_n=number, x_pad=drawn.randbytes(200).hex()) for number in range(400)]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lines(*many()), id="lines"),
        pytest.param(b"{broken\n" + lines(*many()), id="lines, the first broken"),
        pytest.param(json.dumps(many()).encode(), id="a list in one line"),
        pytest.param(json.dumps(many(), indent=1).encode(), id="a list over many lines"),
        pytest.param(b"\n".join(json.dumps(d, indent=1).encode() for d in many()), id="over lines"),
    ],
)
@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_file_that_breaks_off_gives_what_came_before(
    tmp_path: Path, content: bytes, pack: Any
) -> None:
    path = tmp_path / "measurements"
    whole = pack(content)
    path.write_bytes(whole[: len(whole) * 4 // 5])

    read = list(import_ooni(path))

    assert sum(m.is_read for m in read) > 300
    assert "ends early" in read[-1].problems[0]
    assert sum(not m.is_read for m in read) == 1 + content.startswith(b"{broken")


def test_a_missing_file_and_a_foreign_compression_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name a file"):
        list(import_ooni(tmp_path / "none"))
    packed = tmp_path / "m.jsonl.zst"
    packed.write_bytes(b"\x28\xb5\x2f\xfd....")
    with pytest.raises(UsageError, match="zstd"):
        list(import_ooni(packed))
    packed.write_bytes(b"PK\x03\x04....")
    with pytest.raises(UsageError, match="unzip"):
        check_form(packed)


def archive(*files: tuple[str, bytes], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
        for name, content in files:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def post(document: Any) -> bytes:
    """What a probe sends, and OONI's archives keep."""
    return json.dumps({"format": "json", "content": document}).encode()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            archive(("2024030100_AM/1.post", post(document())), ("2.post", post(reset_by_name()))),
            id="posts",
        ),
        pytest.param(
            archive(("1.jsonl.gz", gzip.compress(lines(document(), reset_by_name()))), mode="w"),
            id="packed lines",
        ),
        pytest.param(
            archive(("../../a", lines(document())), ("/b", lines(reset_by_name())), mode="w:xz"),
            id="names that lead elsewhere",
        ),
        pytest.param(post(document()) + b"\n" + post(reset_by_name()), id="posts without archive"),
        pytest.param(
            post(json.dumps(document())) + post(json.dumps(reset_by_name())), id="posts as text"
        ),
    ],
)
def test_archives_and_posts_are_opened(tmp_path: Path, content: bytes) -> None:
    """`2024030100_AM_webconnectivity.n1.0.tar.gz` is how OONI publishes an hour."""
    path = tmp_path / "hour"
    path.write_bytes(content)

    found = list(import_ooni(path))

    assert [(m.ooni_blocking, m.problems) for m in found] == [(False, ()), ("http-failure", ())]
    assert list(tmp_path.iterdir()) == [path]


def test_an_archive_that_ends_early_gives_what_came_before(tmp_path: Path) -> None:
    whole = archive(("1", lines(document())), ("2", lines(reset_by_name())), mode="w")
    path = tmp_path / "cut.tar"
    path.write_bytes(whole[: 512 + 2 * len(lines(document()))])

    first, *damage = import_ooni(path)

    assert first.ooni_blocking is False
    assert damage
    assert not damage[-1].is_read
