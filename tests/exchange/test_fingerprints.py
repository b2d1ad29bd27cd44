"""Tiny lists of the published shapes, written by hand; none of their rows is copied."""

import json

import pytest

from probe.errors import UsageError
from probe.exchange.fingerprints import PUBLISHED, Imported, keep_fingerprints, read_fingerprints
from probe.reference import load_fingerprints

LINES = [
    {"fingerprint": "b_nat_xx_ministry", "pattern": "Closed by the Ministry \\(order 7\\)\\."},
    {"fingerprint": "c_isp_yy_wall", "pattern": "Location: http://wall\\.example/"},
    {"fingerprint": "a_prod_box", "pattern": "Server: Box/1\\.0"},
    {"fingerprint": "f_gen_denied", "pattern": "You don.t have permission"},
    {"fingerprint": "d_corp_school", "pattern": "Our school.*blocked this"},
    {"fingerprint": "x_fp_default_page", "pattern": "Welcome to our new server"},
]


def lines(*rows: dict[str, str]) -> bytes:
    return "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def read(content: bytes) -> Imported:
    return read_fingerprints(content, source="list.json", seen="2022-06-22")


def one(content: bytes):
    (fingerprint,) = read(content).fingerprints
    return fingerprint


def fault_of(content: bytes) -> str:
    """What was said of a content; one without any fingerprint will do as well."""
    try:
        assert read(content).fingerprints == ()
    except UsageError as error:
        return str(error)
    return "list.json: nothing was read"


def ooni(**fields: str) -> dict[str, str]:
    return {
        "name": "ooni.xx_1",
        "scope": "isp",
        "location_found": "body",
        "pattern_type": "contains",
        "pattern": "This address is barred",
        "expected_countries": "XX",
        "confidence_no_fp": "5",
    } | fields


def citizen_lab(**fields: object) -> dict[str, object]:
    return {
        "name": "isp_xx_wall",
        "scope": "isp",
        "location_found": "body",
        "pattern": "This address is barred",
        "expected_countries": ["XX"],
    } | fields


def test_censored_planets_lines_are_read_with_their_owners_and_places():
    imported = read(lines(*LINES))

    assert imported.form == "censoredplanet"
    assert [(f.id, f.where, f.match, f.pattern, f.scope) for f in imported.fingerprints] == [
        (
            "cp.b_nat_xx_ministry",
            "body",
            "contains",
            "Closed by the Ministry (order 7).",
            "nat",
        ),
        ("cp.c_isp_yy_wall", "location", "contains", "http://wall.example/", "isp"),
        ("cp.a_prod_box", "header.server", "contains", "Box/1.0", "prod"),
        ("cp.f_gen_denied", "body", "regexp", "You don.t have permission", "generic"),
        ("cp.d_corp_school", "body", "regexp", "Our school.{0,300}blocked this", "inst"),
        ("cp.x_fp_default_page", "body", "contains", "Welcome to our new server", "fp"),
    ]
    assert imported.narrowed == ("cp.d_corp_school",)
    assert imported.fingerprints[0].countries == ("XX",)


def test_a_name_that_says_no_owner_is_never_evidence():
    """A new label of the list would otherwise accuse somebody."""
    assert one(lines({"fingerprint": "satellite_new", "pattern": "some text"})).scope == "fp"


@pytest.mark.parametrize(
    "pattern",
    ["\ufffd.*\ufffd", "<meta name=.*twitter:card", "Coming soon"],
)
def test_exclusions_that_throw_block_pages_away_are_left_out(pattern):
    imported = read(lines({"fingerprint": "x_fp", "pattern": pattern}))

    assert imported.fingerprints == ()
    assert "genuine block pages" in imported.refused[0]


@pytest.mark.parametrize("pattern", ["(a+)+b", "a.*b.*c", "(?=x)y", "("])
def test_a_pattern_that_a_page_could_stall_is_refused_and_named(pattern):
    imported = read(lines({"fingerprint": "b_nat_xx", "pattern": pattern}))

    assert imported.fingerprints == ()
    assert imported.refused == ("cp.b_nat_xx: its pattern is not bounded: a page could stop us",)


def test_rows_of_one_name_keep_their_own_patterns():
    row = {"fingerprint": "f_gen_x", "pattern": "first text"}

    imported = read(lines(row, {**row, "pattern": "second text"}, row))

    assert [(f.id, f.pattern) for f in imported.fingerprints] == [
        ("cp.f_gen_x", "first text"),
        ("cp.f_gen_x.2", "second text"),
    ]


def test_citizen_labs_json_is_read():
    imported = read(json.dumps([citizen_lab()]).encode())

    (fingerprint,) = imported.fingerprints
    assert imported.form == "citizenlab"
    assert (fingerprint.id, fingerprint.where, fingerprint.match) == (
        "cl.isp_xx_wall",
        "body",
        "contains",
    )
    assert fingerprint.countries == ("XX",)


@pytest.mark.parametrize(
    ("pattern", "where", "expected"),
    [
        ("wall.example", "location", "wall.example"),
        ("/wall?id=", "location", "/wall?id="),
        ("Server: Wall", "header.server", "Wall"),
    ],
)
def test_citizen_labs_header_texts_go_to_the_header_they_can_stand_in(pattern, where, expected):
    row = citizen_lab(location_found="header", pattern=pattern)

    fingerprint = one(json.dumps([row]).encode())

    assert (fingerprint.where, fingerprint.pattern) == (where, expected)


def test_a_header_text_that_could_stand_anywhere_is_refused():
    row = citizen_lab(location_found="header", pattern="Access was barred here")

    assert read(json.dumps([row]).encode()).refused == (
        "cl.isp_xx_wall: the list does not say in which header the text stands",
    )


def test_citizen_labs_csv_of_dns_answers_is_read():
    text = "name,response,confidence_no_fp,scope,expected_countries\n"
    text += "dns_isp_xx,192.0.2.9,10,isp,\"['XX', 'YY']\"\n"

    fingerprint = one(text.encode())

    assert (fingerprint.id, fingerprint.where, fingerprint.match, fingerprint.pattern) == (
        "cl.dns_isp_xx",
        "dns",
        "full",
        "192.0.2.9",
    )
    assert fingerprint.countries == ("XX", "YY")


def test_a_benign_injection_is_no_evidence():
    row = citizen_lab(scope="injb", pattern="Please pay your bill")

    assert one(json.dumps([row]).encode()).scope == "fp"


@pytest.mark.parametrize(
    ("fields", "where", "match"),
    [
        ({}, "body", "contains"),
        ({"location_found": "header.location", "pattern_type": "prefix"}, "location", "prefix"),
        ({"location_found": "header.via", "pattern_type": "full"}, "header.via", "full"),
        ({"location_found": "dns", "pattern_type": "full", "pattern": "192.0.2.9"}, "dns", "full"),
        ({"pattern_type": "regexp", "pattern": "barred .* order"}, "body", "regexp"),
    ],
)
def test_oonis_json_is_read(fields, where, match):
    imported = read(json.dumps([ooni(**fields)]).encode())

    (fingerprint,) = imported.fingerprints
    assert imported.form == "ooni"
    assert (fingerprint.id, fingerprint.where, fingerprint.match) == ("ooni.xx_1", where, match)
    assert fingerprint.countries == ("XX",)


def test_oonis_csv_is_read():
    row = ooni(expected_countries="XX,ZZ")
    text = ",".join(row) + "\n" + ",".join(f'"{value}"' for value in row.values()) + "\n"

    fingerprint = one(text.encode())

    assert fingerprint.countries == ("XX",)
    assert (fingerprint.source, fingerprint.seen) == ("list.json", "2022-06-22")


def test_a_body_text_of_a_few_letters_is_no_evidence_of_a_censor():
    assert one(json.dumps([ooni(pattern="block.png")]).encode()).scope == "vbw"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"scope": "planet"}, 'scope "planet" is not known here'),
        ({"pattern_type": "glob"}, 'pattern_type "glob" is not known here'),
        ({"pattern": ""}, "would match everything"),
        ({"location_found": "footer"}, 'where "footer" is not known'),
    ],
)
def test_a_row_that_cannot_be_meant_is_refused_and_the_others_stay(fields, why):
    imported = read(json.dumps([ooni(**fields), ooni(name="ooni.xx_2")]).encode())

    assert [f.id for f in imported.fingerprints] == ["ooni.xx_2"]
    assert why in imported.refused[0]


def test_names_carry_nothing_that_a_terminal_would_obey():
    row = {"fingerprint": "x_\x1b[31m\u202e", "pattern": "some text"}

    assert one(lines(row)).id == "cp.x___31m_"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[1]",
        b"[[]]",
        b"{}",
        b'{"a": 1}',
        b"{",
        b"[",
        b"\xff\xfe",
        b"<html></html>",
        b"a,b\n1,2\n",
        b"[" * 100_000,
        b'[{"name": "x", "response": 3}]',
    ],
    ids=lambda c: repr(c[:20]),
)
def test_what_is_no_list_is_said_or_refused(content):
    assert fault_of(content).startswith("list.json: ")


def test_kept_fingerprints_reach_the_judges_knowledge(tmp_path):
    imported = read(lines(*LINES))

    path = keep_fingerprints(imported, tmp_path / "own", "https://x.example/a list?.json")

    assert path.name == "https-x.example-a-list-.json.json"
    assert set(imported.fingerprints) <= set(load_fingerprints(tmp_path / "own")[0])
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "own" / "list.json").mkdir(parents=True)

    with pytest.raises(UsageError, match="cannot be written"):
        keep_fingerprints(read(lines(*LINES)), tmp_path / "own", "list")


def test_published_lists_name_their_licence():
    assert all(p.url.startswith("https://") and p.licence for p in PUBLISHED)
    assert len({p.name for p in PUBLISHED}) == len(PUBLISHED)
