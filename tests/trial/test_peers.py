"""What ordinary tools' outputs mean, and the table beside the truth."""

import pytest

from probe.trial.peers import blocks, compared, missing, read_blackbox, read_curl
from tests.trial.test_tiers import RESET, V4, played

REFUSED = """# HELP probe_success
probe_success 0
probe_http_status_code 0
probe_http_duration_seconds{phase="resolve"} 0.01
probe_http_duration_seconds{phase="connect"} 0.06
probe_http_duration_seconds{phase="tls"} 0
"""
FINE = "probe_success 1\nprobe_http_status_code 200\n"
FORBIDDEN = "probe_success 0\nprobe_http_status_code 403\n"


@pytest.mark.parametrize(
    ("code", "status", "is_reached", "words"),
    [
        (0, "200", True, "HTTP 200"),
        (0, "301", True, "HTTP 301"),
        (0, "403", False, "HTTP 403"),
        (6, "000", False, "no address"),
        (35, "000", False, "no handshake"),
        (99, "000", False, "exit 99"),
    ],
)
def test_curls_exit_codes(code, status, is_reached, words):
    told = read_curl("a.b", code, status)

    assert (told.is_reached, told.words) == (is_reached, words)


@pytest.mark.parametrize(
    ("metrics", "is_reached", "words"),
    [
        (FINE, True, "HTTP 200"),
        (FORBIDDEN, False, "HTTP 403"),
        (REFUSED, False, "fails after connect"),
        ("probe_success 0\n", False, "fails after nothing"),
    ],
)
def test_the_exporters_metrics(metrics, is_reached, words):
    told = read_blackbox("a.b", metrics)

    assert (told.is_reached, told.words) == (is_reached, words)


def test_each_tool_is_counted_by_what_is_true():
    outcome = played((RESET, V4))
    told = (read_curl("instagram.web", 35, "000"), read_blackbox("instagram.web", FINE))

    counts, rows = compared([outcome], [told])

    assert counts["curl"] == {"blocked": 1, "blocked: failed": 1}
    assert counts["prometheus-blackbox-exporter"]["blocked: reached"] == 1
    assert counts["roadblock"]["blocked: blocked, and rightly so"] == 1
    (row,) = rows
    assert row == ("S01", "blocked/tls_sni_reset", "no handshake", "HTTP 200", "/".join(RESET))
    assert len(blocks(counts, rows)) == 3


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    assert missing() == ("curl", "prometheus-blackbox-exporter")
