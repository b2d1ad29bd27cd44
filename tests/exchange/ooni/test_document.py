"""Files and documents that nobody promised anything about: none of them stops an import."""

import copy
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probe.classify import judge
from probe.errors import UsageError
from probe.exchange.ooni import import_ooni, read_measurement
from probe.model.knowledge import Knowledge
from probe.model.target import Catalogue
from tests.exchange.ooni.documents import DOCUMENTS, document, reset_by_name

KNOWLEDGE = Knowledge(catalogue=Catalogue(services=()))


@pytest.mark.parametrize(
    ("odd", "problem"),
    [
        pytest.param([], "no JSON object", id="a list"),
        pytest.param(None, "no JSON object", id="null"),
        pytest.param({}, "not named", id="empty"),
        pytest.param(document() | {"test_keys": None}, "test_keys", id="no test keys"),
        pytest.param(document() | {"test_name": "whatsapp"}, "whatsapp", id="another test"),
        pytest.param(document("ftp://x.example/"), "http://", id="another scheme"),
        pytest.param(document("http://[::1"), "http://", id="no address at all"),
        pytest.param(document("https://exa mple/"), "http://", id="no host name"),
        pytest.param(
            document(tcp_connect=[], tls_handshakes=[], requests=[], queries=[], control=None),
            "no step",
            id="no steps",
        ),
    ],
)
def test_an_odd_document_is_a_measurement_with_a_reason(odd: Any, problem: str) -> None:
    measurement = read_measurement(odd)

    assert any(problem in told for told in measurement.problems)
    assert not measurement.evidence.vantage.may_judge


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["unknown_failure: x", "::1", "1.2.3.4:99999", "[", "\ud800", "2024-99-99"]),
    st.lists(st.none(), max_size=2),
    st.just({"format": "base64", "data": "%%%"}),
    st.just({}),
)


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    children = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, child in children:
        found += nodes(child, (*path, key))
    return found


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_no_document_however_odd_stops_the_import(data: st.DataObject) -> None:
    odd = copy.deepcopy(DOCUMENTS[data.draw(st.sampled_from(sorted(DOCUMENTS)))]())
    places = nodes(odd)
    for _ in range(data.draw(st.integers(1, 4))):
        *way, last = data.draw(st.sampled_from(places))
        holder = odd
        try:
            for key in way:
                holder = holder[key]
            holder[last] = data.draw(JUNK)
        except (KeyError, IndexError, TypeError):
            continue

    measurement = read_measurement(odd)

    assert not any("not understood" in problem for problem in measurement.problems)
    measurement.evidence.model_dump_json()
    for evidence in (measurement.evidence, *measurement.later):
        assert judge(evidence, KNOWLEDGE)


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


@pytest.mark.parametrize(
    "broken", [b"{broken\n", b"[1,\n", b"\xff\xfe\n", b'{"a": ' * 2000 + b"\n"]
)
def test_a_broken_line_does_not_hide_its_neighbours(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "measurements.jsonl"
    path.write_bytes(broken + lines(document()) + broken + lines(reset_by_name()))

    read = list(import_ooni(path))

    assert [m.ooni_blocking for m in read] == [None, False, None, "http-failure"]
    assert "no JSON" in read[0].problems[0]


def test_a_file_that_breaks_off_gives_what_came_before(tmp_path: Path) -> None:
    path = tmp_path / "measurements.jsonl.gz"
    whole = gzip.compress(lines(*[document() | {"n": n} for n in range(2000)]))
    path.write_bytes(whole[:-200])

    read = list(import_ooni(path))

    assert len(read) > 500
    assert "ends early" in read[-1].problems[0]


def test_a_missing_file_and_a_foreign_compression_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name a file"):
        list(import_ooni(tmp_path / "none"))
    packed = tmp_path / "m.jsonl.zst"
    packed.write_bytes(b"\x28\xb5\x2f\xfd....")
    with pytest.raises(UsageError, match="zstd"):
        list(import_ooni(packed))
