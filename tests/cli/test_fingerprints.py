import json

import pytest

from probe.cli import fingerprints
from probe.cli.main import main
from probe.errors import UsageError
from probe.exchange.fingerprints import PUBLISHED

LIST = "\n".join(
    json.dumps(row)
    for row in (
        {"fingerprint": "b_nat_xx_ministry", "pattern": "Closed by the Ministry \\(order 7\\)\\."},
        {"fingerprint": "c_isp_yy_evil", "pattern": "(a+)+b"},
    )
)


@pytest.fixture
def listed(tmp_path):
    file = tmp_path / "ministries.json"
    file.write_text(LIST)
    return str(file)


def test_our_own_list_says_where_each_fact_is_from(capsys):
    assert main(["fingerprints", "list", "--json"]) == 0

    rows = json.loads(capsys.readouterr().out)["fingerprints"]
    assert rows
    assert all(row["source"] and row["seen"] for row in rows)


def test_an_added_list_is_known_from_then_on(listed, tmp_path, capsys):
    page = tmp_path / "page.html"
    page.write_text("<title>Closed</title>Closed by the Ministry (order 7).")
    main(["fingerprints", "test", str(page)])
    assert "No fingerprint matches." in capsys.readouterr().out

    assert main(["fingerprints", "add", listed]) == 0
    told = capsys.readouterr()
    assert "1 fingerprints (1 of them a censor's, 1 refused)" in told.out
    assert "c_isp_yy_evil: its pattern is not bounded" in told.err

    main(["fingerprints", "test", "--json", str(page)])
    (match,) = json.loads(capsys.readouterr().out)["matches"]
    assert (match["id"], match["scope"]) == ("cp.b_nat_xx_ministry", "nat")


def test_an_added_list_speaks_in_what_is_imported_from_ooni(listed, tmp_path, capsys):
    from tests.cli.ooni_cases import cleartext, page

    main(["fingerprints", "add", listed])
    capsys.readouterr()
    file = tmp_path / "ooni.json"
    blocked = page("<html>Closed by the Ministry (order 7).</html>", code=403)
    file.write_text(json.dumps(cleartext(blocked, blocking="http-diff", accessible=False)))

    main(["import", "ooni", "--json", str(file)])

    line = json.loads(capsys.readouterr().out)
    assert (line["state"], line["category"]) == ("blocked", "blockpage")


def test_a_saved_answer_is_tried_with_its_headers(tmp_path, capsys):
    page = tmp_path / "answer.txt"
    page.write_bytes(b"HTTP/1.1 302 Found\r\nLocation: http://wall.example/?id=7\r\n\r\n")
    rows = tmp_path / "rows.json"
    row = {"fingerprint": "c_isp_yy_wall", "pattern": "Location: http://wall\\.example/"}
    rows.write_text(json.dumps(row))
    main(["fingerprints", "add", str(rows)])

    assert main(["fingerprints", "test", str(page)]) == 0

    assert "location contains 'http://wall.example/'" in capsys.readouterr().out


def test_update_fetches_what_is_published_and_names_who_is_asked(monkeypatch, capsys):
    monkeypatch.setattr(fingerprints, "download", lambda url: LIST.encode())

    assert main(["fingerprints", "update", "--only", "censoredplanet"]) == 0

    told = capsys.readouterr()
    assert PUBLISHED[0].url in told.err
    assert "of the form of censoredplanet" in told.out


def test_a_list_that_cannot_be_fetched_leaves_the_others_alone(monkeypatch, capsys):
    def download(url):
        if "citizenlab" in url:
            raise UsageError(f"{url}: cannot be fetched")
        return LIST.encode()

    monkeypatch.setattr(fingerprints, "download", download)

    assert main(["fingerprints", "update"]) == 2

    told = capsys.readouterr()
    assert told.out.count("of the form of") == len(PUBLISHED) - 2
    assert told.err.count("cannot be fetched") == 2


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("http://lists.example/a.json", "over https:// only"),
        ("/nowhere/a.json", "name a file or an https:// address"),
    ],
)
def test_what_cannot_be_added_is_said(source, complaint, capsys):
    assert main(["fingerprints", "add", source]) == 2
    assert complaint in capsys.readouterr().err
