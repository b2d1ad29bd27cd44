import gzip
from datetime import date
from pathlib import Path

import pytest

from probe.errors import UsageError
from probe.exchange.censored_planet import BadRow, DailyCount, daily, import_censored_planet
from tests.store.conftest import a_catalogue

HEAD = (
    "date,source,domain,category,country_name,network,subnetwork,outcome,count,"
    "unexpected_count,hostname,reg_hostname\n"
)
ROWS = (
    "2022-03-14,HTTPS,www.a.example,Social,Russia,ROSTELECOM,x,❗️read/tcp.reset,10,10,h,r\n"
    "2022-03-14,HTTPS,www.a.example,Social,Russia,MTS,x,✅content/match,30,0,h,r\n"
    "2022-03-14,HTTPS,CONTROL,None,Russia,MTS,x,✅content/match,40,0,h,r\n"
)


def written(tmp_path: Path, text: str, *, packed: bool = False) -> Path:
    path = tmp_path / "scans.csv"
    data = text.encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_row_says_stage_outcome_and_counts(tmp_path: Path, packed: bool) -> None:
    path = written(tmp_path, HEAD + ROWS, packed=packed)

    first, second, control = import_censored_planet(path, a_catalogue("a.web"))

    assert first == DailyCount(
        day=date(2022, 3, 14), source="HTTPS", domain="www.a.example", service="a",
        is_control=False, country="Russia", network="ROSTELECOM", stage="read",
        outcome="tcp.reset", count=10, unexpected=10,
    )  # fmt: skip
    assert isinstance(second, DailyCount)
    assert (second.stage, second.outcome) == ("content", "match")
    assert isinstance(control, DailyCount)
    assert control.is_control
    assert control.service is None


@pytest.mark.parametrize(
    ("written_as", "stage", "outcome"),
    [
        ("\u2705match", "", "match"),
        ("\u2705ip.matchasn", "", "ip.matchasn"),
        ("\u2757\ufe0fdns.error:NXDomain", "", "dns.error:NXDomain"),
        ("\u2757\ufe0ftls.badca:A Blocked Page", "", "tls.badca:A Blocked Page"),
        ("\u2757\ufe0fdial/ip.host_no_route", "dial", "ip.host_no_route"),
        ("\u2757\ufe0fcontent/blockpage:b_nat_ir", "content", "blockpage:b_nat_ir"),
        ("\u2754unknown/instance", "unknown", "instance"),
        ("dns/dns.nxdomain", "dns", "dns.nxdomain"),
    ],
)  # fmt: skip
def test_a_stage_is_what_stands_before_a_slash(
    tmp_path: Path, written_as: str, stage: str, outcome: str
) -> None:
    """Satellite's outcomes have no stages, and neither has what was expected."""
    path = written(tmp_path, HEAD + f"2022-03-14,DNS,a,b,Russia,MTS,x,{written_as},1,1,h,r\n")

    (row,) = import_censored_planet(path)

    assert isinstance(row, DailyCount)
    assert (row.stage, row.outcome) == (stage, outcome)


def test_an_outcome_that_they_do_not_know_is_neither_expected_nor_measured(tmp_path: Path) -> None:
    """Their own query writes no number beside it; a nought would make it fine."""
    rows = (
        "2022-03-14,HTTP,a,b,Russia,MTS,x,\u2754unknown/x,7,,h,r\n"
        "2022-03-14,HTTP,a,b,Russia,MTS,x,\u2757\ufe0fread/timeout,2,2,h,r\n"
    )

    path = written(tmp_path, HEAD + rows)

    unknown, _ = import_censored_planet(path)
    assert isinstance(unknown, DailyCount)
    assert unknown.unexpected is None
    (total,) = daily(import_censored_planet(path)).values()
    assert (total.count, total.unexpected) == (2, 2)


@pytest.mark.parametrize(
    ("outcome", "unexpected"),
    [
        ("\u2705match", 0),
        ("expected/match", 0),
        ("\u2757\ufe0fread/timeout", 5),
        ("\u2754setup/x", None),
    ],
)
def test_without_their_number_the_mark_says_what_was_expected(
    tmp_path: Path, outcome: str, unexpected: int | None
) -> None:
    head = "date,source,domain,country_name,outcome,count\n"
    path = written(tmp_path, head + f"2022-03-14,HTTP,a,Russia,{outcome},5\n")

    (row,) = import_censored_planet(path)

    assert isinstance(row, DailyCount)
    assert row.unexpected == unexpected


def test_days_are_added_up_by_country_domain_and_source(tmp_path: Path) -> None:
    totals = daily(import_censored_planet(written(tmp_path, HEAD + ROWS)))

    total = totals[date(2022, 3, 14), "Russia", "www.a.example", "HTTPS"]
    assert (total.count, total.unexpected, total.network) == (40, 10, "")


@pytest.mark.parametrize(
    "row",
    [
        "yesterday,HTTPS,a,b,c,d,e,x,1,0,h,r\n",
        "2022-03-14,HTTPS,a,b,c,d,e,x,many,0,h,r\n",
        "2022-03-14,HTTPS,a,b,c,d,e,x,1,2,h,r\n",
        "2022-03-14,HTTPS\n",
    ],
)
def test_a_bad_row_is_named_and_the_next_is_read(tmp_path: Path, row: str) -> None:
    bad, *good = import_censored_planet(written(tmp_path, HEAD + row + ROWS))

    assert isinstance(bad, BadRow)
    assert bad.line == 2
    assert len(good) == 3


def test_a_file_of_another_kind_is_refused_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no column date"):
        list(import_censored_planet(written(tmp_path, "a,b\n1,2\n")))
    with pytest.raises(UsageError, match="name a CSV file"):
        list(import_censored_planet(tmp_path / "none.csv"))
