"""The verb `import`: other projects' measurements through our judge, one line each."""

import gzip
import json
from dataclasses import replace

import pytest

from probe.cli.main import main
from probe.cli.second_opinion import opinion_json, opinion_on
from probe.exchange.ooni import read_measurement
from probe.reference import load_knowledge
from probe.report.words import wording
from tests.cli.ooni_cases import (
    EXPIRED,
    FORGED,
    NO_CONTROL,
    OK_PAGE,
    ROOT,
    certificate,
    cleartext,
    helper_fails,
    page,
    stopped,
    tls,
    works,
)
from tests.exchange.ooni.documents import GOOD, GOOD6, HOST, dns, request, tcp

KEYS = {
    "input", "ooni_blocking", "ooni_accessible", "state", "category", "subtype", "grade",
    "rule_id", "reason", "problems",
}  # fmt: skip
TO_TLS = page("", 301, headers=(("Location", f"https://{HOST}/"),))
BOTH_PORTS = [tcp(GOOD, 80), tcp(GOOD, 443)]
CHALLENGE = request(
    code=403,
    body="<title>Just a moment...</title>",
    headers=(("Server", "cloudflare"), ("cf-mitigated", "challenge")),
)


@pytest.fixture(scope="module")
def knowledge():
    known = load_knowledge()
    return replace(known, roots=(*known.roots, ROOT))


def judged(document, knowledge):
    return opinion_json(opinion_on(read_measurement(document), knowledge), wording("en"))


CASES = [
    pytest.param(works(), "ok", "ok", id="a page over TLS"),
    pytest.param(works(**NO_CONTROL), "ok", "ok", id="a page, and no helper"),
    pytest.param(works(requests=[request(code=404, body="")]), "ok", "ok", id="not found"),
    pytest.param(
        works(
            queries=[dns(HOST, GOOD, GOOD6)],
            tcp_connect=[tcp(GOOD6, failure="network_unreachable"), tcp()],
        ),
        "ok",
        "ok",
        id="no IPv6 here",
    ),
    pytest.param(
        works(
            queries=[dns(HOST, GOOD, GOOD6)],
            tcp_connect=[tcp(GOOD6, failure="generic_timeout_error"), tcp()],
        ),
        "ok",
        "ok",
        id="IPv6 is silent",
    ),
    pytest.param(cleartext(page()), "ok", "ok", id="a page in cleartext"),
    pytest.param(
        stopped(
            "dns",
            queries=[dns(HOST, "10.10.34.36")],
            tcp_connect=[tcp("10.10.34.36", failure="generic_timeout_error")],
        ),
        "blocked",
        "dns_lie",
        id="a bogon",
    ),
    pytest.param(
        stopped("dns", queries=[dns(HOST, failure="dns_nxdomain_error")], tcp_connect=[]),
        "blocked",
        "dns_lie",
        id="denied here, resolved and reached by the helper",
    ),
    pytest.param(
        stopped("tcp_ip", tcp_connect=[tcp(failure="connection_refused")]),
        "insufficient",
        "insufficient",
        id="refused here only: the origin may refuse the country",
    ),
    pytest.param(
        stopped(
            "http-failure", tcp_connect=[tcp()], tls_handshakes=[tls(failure="connection_reset")]
        ),
        "blocked",
        "tls_sni_reset",
        id="cut after the name",
    ),
    pytest.param(
        stopped(
            "http-failure",
            tcp_connect=[tcp()],
            tls_handshakes=[tls(failure="generic_timeout_error")],
        ),
        "blocked",
        "tls_sni_drop",
        id="silent after the name",
    ),
    pytest.param(
        stopped(
            "http-failure",
            tcp_connect=[tcp()],
            tls_handshakes=[tls(failure="ssl_unknown_authority", chain=FORGED)],
        ),
        "blocked",
        "tls_mitm",
        id="a forged certificate",
    ),
    pytest.param(
        stopped(
            False,
            tcp_connect=[tcp()],
            tls_handshakes=[tls(failure="ssl_invalid_certificate", chain=EXPIRED)],
            control=helper_fails("ssl_invalid_certificate", at="tls"),
        ),
        "down",
        "down",
        id="expired, there too",
    ),
    pytest.param(
        stopped(
            False,
            tcp_connect=[tcp(failure="generic_timeout_error", t=10.05)],
            control=helper_fails("generic_timeout_error", at="tcp"),
        ),
        "down",
        "down",
        id="silent, there too",
    ),
    pytest.param(
        stopped(
            False,
            tcp_connect=[tcp(failure="generic_timeout_error", t=10.05)],
            control=helper_fails("connection_refused", at="tcp"),
        ),
        "insufficient",
        "insufficient",
        id="silent here, refused there",
    ),
    pytest.param(
        stopped(
            False,
            tcp_connect=[tcp()],
            tls_handshakes=[tls(failure="connection_reset")],
            control=helper_fails("generic_timeout_error", at="tls"),
        ),
        "insufficient",
        "insufficient",
        id="cut here, silent there",
    ),
    pytest.param(
        works(requests=[CHALLENGE]), "restricted", "reachable_botwall", id="a bot wall"
    ),
    pytest.param(
        works(requests=[request(code=451, body="Unavailable For Legal Reasons")]),
        "restricted",
        "server_geoblock",
        id="451",
    ),
    pytest.param(
        cleartext(
            TO_TLS,
            tcp_connect=BOTH_PORTS,
            tls_handshakes=[tls()],
            requests=[request(body=OK_PAGE), TO_TLS],
        ),
        "ok",
        "ok",
        id="a redirect to TLS",
    ),
    pytest.param(
        cleartext(
            TO_TLS,
            tcp_connect=BOTH_PORTS,
            tls_handshakes=[tls(failure="connection_reset")],
            accessible=False,
            blocking="http-failure",
        ),
        "blocked",
        "tls_sni_reset",
        id="cut behind a redirect that led the helper to the page",
    ),
    pytest.param(
        stopped(None, queries=[dns(failure="network_unreachable")], **NO_CONTROL),
        "insufficient",
        "insufficient",
        id="offline",
    ),
    pytest.param({"test_name": "whatsapp"}, "insufficient", "insufficient", id="another test"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "state", "category"), CASES)
def test_a_measurement_is_judged_as_a_careful_person_would(document, state, category, knowledge):
    line = judged(document, knowledge)

    assert (line["state"], line["category"]) == (state, category), line["reason"]
    assert set(line) == KEYS


def test_what_ooni_verified_is_verified_though_its_root_is_not_known_today():
    """Roots expire, and archives are old."""
    line = judged(works(), load_knowledge())

    assert line["state"] == "ok"


def test_a_root_is_not_trusted_for_a_chain_that_ooni_refused():
    refused = tls(failure="ssl_unknown_authority", chain=(certificate(), ROOT))

    line = judged(stopped(tcp_connect=[tcp()], tls_handshakes=[refused]), load_knowledge())

    assert line["category"] == "tls_mitm"


def test_one_silent_family_is_told_beside_the_one_that_works(knowledge):
    document = works(
        queries=[dns(HOST, GOOD, GOOD6)],
        tcp_connect=[tcp(GOOD, failure="connection_refused"), tcp(GOOD6)],
        tls_handshakes=[tls(address=f"[{GOOD6}]:443")],
        requests=[request(address=f"[{GOOD6}]:443")],
    )

    line = judged(document, knowledge)

    assert line["state"] == "ok"
    assert "ipv4: insufficient" in line["reason"]


def test_a_hop_is_named_where_it_decides(knowledge):
    document = cleartext(
        TO_TLS, tcp_connect=BOTH_PORTS, tls_handshakes=[tls(failure="connection_reset")]
    )

    assert f"Behind a redirect to https://{HOST}/" in judged(document, knowledge)["reason"]


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def archive(tmp_path):
    """Three documents, a broken line and one that is no document."""
    lines = [json.dumps(works()), "{broken", json.dumps([1]), json.dumps(stopped())]
    file = tmp_path / "ooni.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    return str(file)


def test_every_document_has_a_line_and_none_stops_the_import(archive, capsys):
    assert main(["import", "ooni", "--json", archive]) == 0

    told = capsys.readouterr()
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [line["state"] for line in lines] == ["ok", *["insufficient"] * 3]
    assert lines[1]["problems"]
    assert "Judged 4 documents: 3 insufficient, 1 ok." in told.err


def test_text_says_both_verdicts(archive, capsys):
    assert main(["import", "ooni", archive]) == 0

    out = capsys.readouterr().out
    assert "OONI  accessible" in out
    assert "ours  ok: ok" in out
    assert f"https://{HOST}/  IT AS137  2024-02-12 20:33" in out


def test_what_a_page_says_cannot_command_the_terminal(tmp_path, capsys):
    file = tmp_path / "one.json"
    title = works(requests=[request(body="<title>\x1b]0;owned\x07\x9b2J</title>")])
    file.write_text(json.dumps(title))

    main(["import", "ooni", str(file)])
    main(["import", "ooni", "--json", str(file)])

    out = capsys.readouterr().out
    assert not {"\x1b", "\x07", "\x9b"} & set(out)


PLANET = """\
date,source,domain,country_name,network,outcome,count,unexpected_count
2026-11-01,HTTPS,www.instagram.com,Russia,A,❗️read/tcp.reset,8,8
2026-11-01,HTTPS,www.instagram.com,Russia,B,✅,2,0
never,HTTPS,www.instagram.com,Russia,B,✅,2,0
"""


def test_censored_planets_rows_become_daily_counts(tmp_path, capsys):
    file = tmp_path / "cp.csv"
    file.write_text(PLANET)

    assert main(["import", "censored-planet", "--json", str(file)]) == 0

    told = capsys.readouterr()
    (line,) = map(json.loads, told.out.splitlines())
    assert (line["day"], line["service"]) == ("2026-11-01", "instagram")
    assert (line["count"], line["unexpected"]) == (10, 8)
    assert "line 4" in told.err


def test_many_documents_are_judged_beside_each_other_and_told_in_order(tmp_path, capsys):
    file = tmp_path / "many.jsonl"
    odd = (json.dumps(stopped()), json.dumps(works()), "{broken")
    file.write_text("".join(f"{odd[number % 3]}\n" for number in range(300)))

    assert main(["import", "ooni", "--json", "--jobs", "2", str(file)]) == 0

    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["state"] for line in told] == ["insufficient", "ok", "insufficient"] * 100
