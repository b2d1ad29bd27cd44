import json
from dataclasses import asdict, replace
from ipaddress import ip_address

import pytest

from probe.errors import UsageError
from probe.model.knowledge import Fingerprint
from probe.reference.fingerprints import SCOPES, load_fingerprints, why_unusable

ROW = Fingerprint(
    "a.one", "body", "contains", "This page is barred", "nat", ("XX",), "test", "2026"
)


def keep(folder, *rows):
    folder.mkdir(exist_ok=True)
    (folder / "own.json").write_text(json.dumps([asdict(row) for row in rows]))
    return folder


@pytest.mark.parametrize("fingerprint", load_fingerprints()[0], ids=lambda f: f.id)
def test_every_shipped_fingerprint_is_usable_dated_and_sourced(fingerprint):
    assert why_unusable(fingerprint) is None
    assert fingerprint.source
    assert fingerprint.seen[:2] == "20"


def test_shipped_ids_are_unique_and_begin_with_what_they_look_at():
    ids = [f.id for f in load_fingerprints()[0]]

    assert len(set(ids)) == len(ids)
    assert {name.split(".")[0] for name in ids} == {"dns", "whoami", "cert", "ede", "page"}


def test_whole_addresses_are_addresses():
    for fingerprint in load_fingerprints()[0]:
        if fingerprint.where in {"dns", "whoami"} and fingerprint.match == "full":
            assert ip_address(fingerprint.pattern)


def test_evidence_of_censors_speaks_before_walls_and_exclusions(tmp_path):
    """A list of false positives put first would throw genuine block pages away."""
    folder = keep(tmp_path / "own", replace(ROW, id="x.fp", scope="fp"), ROW)

    scopes = [SCOPES.index(f.scope) for f in load_fingerprints(folder)[0]]

    assert scopes == sorted(scopes)


def test_imported_fingerprints_join_ours_and_change_the_hash(tmp_path):
    ours, digest = load_fingerprints()

    all_of_them, other = load_fingerprints(keep(tmp_path / "own", ROW))

    assert set(all_of_them) == {*ours, ROW}
    assert digest != other
    assert load_fingerprints()[1] == digest


def test_ours_counts_where_an_imported_one_has_the_same_id(tmp_path):
    ours = load_fingerprints()[0]

    folder = keep(tmp_path / "own", replace(ROW, id=ours[0].id))

    assert load_fingerprints(folder)[0] == ours


def test_no_folder_means_none_imported(tmp_path):
    assert load_fingerprints(tmp_path / "none") == load_fingerprints()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"scope": "national"}, "scope"),
        ({"match": "like"}, "match"),
        ({"where": "footer"}, "where"),
        ({"pattern": ""}, "would match everything"),
        ({"match": "regexp", "pattern": "(a+)+b"}, "not bounded"),
    ],
)
def test_an_imported_row_that_will_not_do_is_named(tmp_path, change, why):
    with pytest.raises(UsageError, match=why):
        load_fingerprints(keep(tmp_path / "own", replace(ROW, **change)))


def test_a_file_that_is_no_list_is_named(tmp_path):
    (tmp_path / "own.json").write_text("{}")

    with pytest.raises(UsageError, match=r"own\.json: is no list of fingerprints"):
        load_fingerprints(tmp_path)
