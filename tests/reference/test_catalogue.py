import contextlib
import re
import shutil
from pathlib import Path

import pytest

from probe.errors import CatalogueError
from probe.model.target import (
    Canary,
    Control,
    Endpoint,
    Expectation,
    Pacing,
    Resolver,
    Service,
    WhoamiName,
)
from probe.model.words import Family, Role
from probe.reference import places
from probe.reference.catalogue import load_catalogue

README = places.shipped_targets() / "README.md"


def complaints_of(directory: Path, text: str, file: str = "blog.toml") -> tuple[str, ...]:
    """Every complaint about a folder in which one file says `text`."""
    (directory / file).write_text(text)
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(directory)
    return caught.value.complaints


def endpoint(**fields: str) -> str:
    given = {"url": '"https://blog.example.org/"'} | fields
    return "[[endpoint]]\n" + "\n".join(f"{key} = {value}" for key, value in given.items())


def test_the_readmes_example_is_what_this_test_loads(folder):
    (example,) = re.findall(r"```toml\n(.*?)```", README.read_text(), re.DOTALL)

    assert example == (folder / "blog.toml").read_text()
    assert len(example.strip().splitlines()) <= 10


def test_own_endpoints_need_no_more_than_a_url(folder):
    (service,) = load_catalogue(folder).services

    blog, chat = service.endpoints
    assert (service.id, service.name) == ("blog", "My blog")
    assert (blog.id, blog.host, blog.role) == (
        "blog.blog.example.org",
        "blog.example.org",
        Role.WEB,
    )
    assert (chat.host, chat.role, chat.service) == ("chat.example.org", Role.MESSAGING, "blog")


def test_a_host_alone_stands_for_its_front_page(folder):
    (folder / "blog.toml").write_text('[[endpoint]]\nhost = "blog.example.org"')

    (only,) = load_catalogue(folder).endpoints

    assert only.url == "https://blog.example.org/"


def test_defaults_hold_where_an_endpoint_says_nothing_else(folder):
    text = (
        "[defaults]\nipv6 = true\n" + endpoint(id='"a"') + "\n" + endpoint(id='"b"', ipv6="false")
    )
    (folder / "blog.toml").write_text(text)

    first, second = load_catalogue(folder).endpoints

    assert (first.ipv6, second.ipv6) == (True, False)


def test_own_endpoints_are_exempt_from_the_pause_and_shipped_hosts_are_not(folder):
    """The pause is owed to the host, whichever file names it."""
    (folder / "meta.toml").write_text(endpoint(url='"https://www.instagram.com/"'))

    own = {e.host: e.own for e in load_catalogue(folder).endpoints}

    assert own == {
        "blog.example.org": True,
        "chat.example.org": True,
        "www.instagram.com": False,
    }


def test_shipped_endpoints_are_nobodys_own():
    assert not any(e.own for e in load_catalogue().endpoints)


def test_a_folder_with_one_service_keeps_shipped_controls_resolvers_and_pacing(folder):
    mine, shipped = load_catalogue(folder), load_catalogue()

    assert [s.id for s in mine.services] == ["blog"]
    assert mine.controls == shipped.controls
    assert mine.resolvers == shipped.resolvers
    assert mine.whoami == shipped.whoami
    assert mine.pacing == shipped.pacing


@pytest.mark.parametrize("name", ["controls", "resolvers"])
def test_an_empty_file_means_none(folder, name):
    (folder / f"{name}.toml").write_text("")

    assert getattr(load_catalogue(folder), name) == ()


def test_a_file_of_the_users_replaces_the_shipped_one(folder):
    (folder / "resolvers.toml").write_text(
        '[[resolver]]\nid = "mine"\noperator = "me"\ncountry = "DE"\naddresses = ["9.9.9.9"]\n'
        '[[canary]]\nid = "dark"\naddress = "2001:db8::53"\nevidence = "mine, nothing listens"\n'
    )

    catalogue = load_catalogue(folder)

    assert [r.id for r in catalogue.resolvers] == ["mine"]
    assert catalogue.whoami == ()
    assert catalogue.canaries[0].family is Family.IPV6


def test_pacing_keys_left_out_keep_the_shipped_value(folder):
    (folder / "pacing.toml").write_text("[pacing]\nconnect_timeout_s = 3.0\n")

    pacing = load_catalogue(folder).pacing

    assert pacing == load_catalogue().pacing.model_copy(update={"connect_timeout_s": 3.0})


def test_services_may_lie_in_a_folder_of_their_own(folder):
    (folder / "services").mkdir()
    (folder / "blog.toml").rename(folder / "services" / "blog.toml")

    assert [s.id for s in load_catalogue(folder).services] == ["blog"]


def test_services_come_in_order_of_rank_then_file_name(folder):
    (folder / "a.toml").write_text(endpoint())
    (folder / "z.toml").write_text("rank = 1\n" + endpoint())

    assert [s.id for s in load_catalogue(folder).services] == ["z", "a", "blog"]


def test_the_hash_says_what_is_meant_not_how_it_is_laid_out(folder):
    before = load_catalogue(folder)
    text = (folder / "blog.toml").read_text()
    (folder / "blog.toml").write_text(f"# a comment\n\n{text}\n")
    same = load_catalogue(folder)
    (folder / "blog.toml").write_text(text.replace("Welcome", "Hello"))
    other = load_catalogue(folder)

    assert before.sha256 == same.sha256
    assert before.sha256 != other.sha256
    assert len(before.sha256) == 64


def test_a_complaint_names_file_entry_field_fault_and_remedy(folder):
    lines = complaints_of(folder, endpoint(id='"blog.uk"', host='"x.uk"', url='"htp://x.uk"'))

    assert lines == (
        'mine/blog.toml: endpoint 1 (blog.uk): url: "htp://x.uk" has no known scheme;'
        " use http:// or https:// (or tls:// or tcp:// with a port)",
    )


def test_all_complaints_of_all_files_come_at_once(folder):
    (folder / "controls.toml").write_text("[[control]]\nid = 3\n")
    (folder / "pacing.toml").write_text("[pacing]\nworkers = 0\n")
    (folder / "broken.toml").write_text("[[endpoint\n")

    lines = complaints_of(
        folder, endpoint(roel='"web"', core='"perhaps"', url='"ftp://x.example/"')
    )

    for start in (
        "mine/blog.toml: endpoint 1: roel: is not a known key; did you mean role?",
        'mine/blog.toml: endpoint 1: core: "perhaps" will not do',
        "mine/blog.toml: endpoint 1: url:",
        "mine/broken.toml: is no TOML:",
        "mine/controls.toml: control 1 (3): host: is missing; add host = …",
        "mine/pacing.toml: pacing: workers: 0 is no finite number above 0",
    ):
        assert any(line.startswith(start) for line in lines), (start, lines)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param(
            {"expect": "{ statsu = [200] }"},
            "expect.statsu: is not a known key; did you mean status?",
            id="unknown key in a table",
        ),
        pytest.param(
            {"last_known": '[{ address = "192.0.2.1", sene = 1, seen = 2026-01-01 }]'},
            "last_known 1.sene: is not a known key; did you mean seen?",
            id="unknown key in a list of tables",
        ),
        pytest.param({"role": '"wbe"'}, '"wbe" is not known; did you mean web?', id="role"),
        pytest.param(
            {"host": '"other.example"'},
            "names blog.example.org, not host",
            id="host and url disagree",
        ),
        pytest.param(
            {"host": '"Blog.example.org"'}, "write a host name in lower case", id="capitals in host"
        ),
        pytest.param({"url": '"https://192.0.2.7/"'}, "is an address; a target is a name", id="ip"),
        pytest.param({"url": '"tls://blog.example.org"'}, "has no port; write tls://", id="port"),
        pytest.param({"url": '"https://blog.example.org"'}, "has no path", id="path"),
        pytest.param({"url": '"https://me:pw@blog.example.org/"'}, "user name", id="userinfo"),
        pytest.param({"url": '"https://blog.example.org/#x"'}, "is never sent", id="fragment"),
        pytest.param({"url": '"https://[::1"'}, "cannot be read", id="broken bracket"),
        pytest.param({"url": '"https:///x"'}, "names no host", id="url without a host"),
        pytest.param(
            {"sureness": '"observed"', "evidence": '"seen"'},
            'since: is missing; "observed" needs the date',
            id="observed without a date",
        ),
        pytest.param(
            {"sureness": '"listed"'}, 'evidence: is missing; "listed" needs', id="listed, no source"
        ),
        pytest.param(
            {"expect": '{ sureness = "observed" }'}, "expect.since: is missing", id="expectation"
        ),
        pytest.param({"expect": "{ status = [20] }"}, "20 is no HTTP status", id="status"),
        pytest.param({"expect": '{ header_value = "x" }'}, "header_value needs it", id="value"),
        pytest.param({"expect": '{ header = "Via" }'}, "write via", id="header in capitals"),
        pytest.param({"sibling": '"blog.none"'}, '"blog.none" is no endpoint', id="sibling"),
        pytest.param({"id": '"a"', "sibling": '"a"'}, "is the endpoint itself", id="own sibling"),
        pytest.param({"risk_tier": "7"}, "7 is no tier", id="tier"),
        pytest.param({"id": '"a b"'}, "is no id", id="id"),
        pytest.param({"own": "true"}, "own: is not a known key", id="own is decided by us"),
        pytest.param({"service": '"x"'}, "service: is not a known key", id="service is the file"),
        pytest.param(
            {"neutral_names": '["blog.example.org"]'}, "is the host itself", id="neutral name"
        ),
        pytest.param(
            {"last_known": '[{ address = "1.2.3", seen = 2026-01-01 }]'},
            '"1.2.3" is no address',
            id="last known address",
        ),
        pytest.param(
            {"url": '"http://blog.example.org/"', "http3": "true"},
            "is true for a url that is not https://",
            id="HTTP/3 in the clear",
        ),
    ],
)
def test_faults_of_an_endpoint_are_named_with_their_remedy(folder, fields, expected):
    (line,) = complaints_of(folder, endpoint(**fields))

    assert expected in line
    assert line.startswith("mine/blog.toml: endpoint 1")
    assert "; " in line


def test_an_id_used_twice_says_where_it_was_first(folder):
    (line,) = complaints_of(folder, endpoint(id='"a"') + "\n" + endpoint(id='"a"'))

    assert line == (
        'mine/blog.toml: endpoint 2 (a): id: "a" is the id of endpoint 1 (a) in mine/blog.toml'
        " already; give this endpoint or control another"
    )


def test_an_endpoint_and_a_control_cannot_share_an_id(folder):
    """Experiments name what they contact by id alone."""
    (line,) = complaints_of(folder, endpoint(id='"wikipedia"'))

    assert "targets/controls.toml: control" in line


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        pytest.param(
            "resolvers.toml",
            '[[resolver]]\nid = "system"\noperator = "x"\ncountry = "DE"\naddresses = ["9.9.9.9"]',
            "is found at run time",
            id="reserved resolver",
        ),
        pytest.param(
            "resolvers.toml",
            '[[resolver]]\nid = "a"\noperator = "x"\ncountry = "DE"\naddresses = ["9.9.9.9"]\n'
            'transports = ["dot"]',
            "server_name: is missing; dot cannot be verified",
            id="DoT without a name",
        ),
        pytest.param(
            "resolvers.toml",
            '[[resolver]]\nid = "a"\noperator = "x"\ncountry = "Germany"\naddresses = ["9.9.9.9"]',
            "two capital letters",
            id="country",
        ),
        pytest.param(
            "resolvers.toml",
            '[[canary]]\nid = "a"\naddress = "192.0.2.1"',
            "say why this address serves no DNS",
            id="canary without evidence",
        ),
        pytest.param(
            "controls.toml",
            '[[control]]\nid = "a"\nhost = "a.example"\nurl = "https://a.example/"\n'
            'operator = "x"\ncountry = "DE"\naccepts_foreign_names = true',
            "say in evidence who found it so",
            id="foreign names without a source",
        ),
        pytest.param(
            "controls.toml",
            '[[control]]\nid = "a"\nhost = "a.example"\nurl = "https://a.example/"\n'
            'operator = "x"\ncountry = "DE"\npurpose = ["portal"]\nexpect = { status = [200] }',
            "give an http:// url",
            id="encrypted portal check",
        ),
        pytest.param("controls.toml", "[[controll]]\n", "did you mean control?", id="table name"),
        pytest.param("controls.toml", "control = 3\n", "write [[control]] above", id="no list"),
        pytest.param("pacing.toml", "[pacing]\nworker = 3\n", "did you mean workers?", id="pacing"),
        pytest.param("pacing.toml", "pacing = 3\n", "is no table", id="pacing is no table"),
        pytest.param(
            "pacing.toml", "[pacing]\nhandshake_gap_s = nan\n", "no finite number", id="no number"
        ),
        pytest.param(
            "pacing.toml", "[pacing]\nread_idle_s = inf\n", "no finite number", id="for ever"
        ),
        pytest.param("a.toml", "name = 'x'\n", "add [[endpoint]]", id="service without endpoint"),
        pytest.param("a.toml", "naem = 'x'\n" + endpoint(), "did you mean name?", id="service key"),
    ],
)
def test_faults_of_other_files_are_named_with_their_remedy(folder, file, text, expected):
    (line,) = complaints_of(folder, text, file)

    assert expected in line


def test_a_folder_without_services_is_refused_rather_than_everything_measured(tmp_path):
    with pytest.raises(CatalogueError, match="has no service file; add one"):
        load_catalogue(tmp_path)


def test_a_path_that_is_no_folder_is_said_so(tmp_path):
    with pytest.raises(CatalogueError, match="is no folder"):
        load_catalogue(tmp_path / "none")


NO_TOML = {
    "no UTF-8": b"\xff\xfe",
    "no key": b"= 3",
    "twice": b"a = 1\na = 2",
    "without end": b"x = " + 100_000 * b"[",
    "too long a number": b"x = " + 10_000 * b"9",
}


@pytest.mark.parametrize("content", NO_TOML.values(), ids=NO_TOML)
def test_a_file_that_is_no_toml_is_a_complaint(folder, content):
    (folder / "bad.toml").write_bytes(content)

    with pytest.raises(CatalogueError, match=r"mine/bad\.toml: is no"):
        load_catalogue(folder)


LITERALS = ["1", "-1.5", '"x"', "true", "[]", "[1]", '["x"]', "{}", "{ a = 1 }", "[{}]", "[[1]]"]
LITERALS += ["2026-01-01", "2026-01-01T00:00:00Z", '""', "nan"]


@pytest.mark.parametrize("literal", LITERALS)
def test_no_value_in_any_field_breaks_the_loader(folder, literal):
    """Whatever a person writes, the answer is a catalogue or a list of complaints."""
    kinds = (Service, Endpoint, Expectation, Control, Resolver, WhoamiName, Canary, Pacing)
    fields = {name for kind in kinds for name in kind.model_fields}
    for key in sorted(fields | {"endpoint", "defaults", "rank"}):
        tries = {
            "blog.toml": f"{key} = {literal}\n" + endpoint(),
            "entry.toml": f"[[endpoint]]\n{key} = {literal}\n",
            "defaults.toml": f"[defaults]\n{key} = {literal}\n" + endpoint(id='"z"'),
            "controls.toml": f"[[control]]\n{key} = {literal}\n",
            "resolvers.toml": f"[[resolver]]\n{key} = {literal}\n[[canary]]\n{key} = {literal}\n",
            "pacing.toml": f"{key} = {literal}\n"
            if key == "pacing"
            else f"[pacing]\n{key} = {literal}",
        }
        for file, text in tries.items():
            (folder / file).write_text(text)
        with contextlib.suppress(CatalogueError):
            load_catalogue(folder)


def test_the_wheels_copy_is_found_where_there_is_no_checkout(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "probe"
    shutil.copytree(places.shipped_targets(), package / "_targets")
    expected = load_catalogue().sha256
    monkeypatch.setattr(places, "PACKAGE", package)

    assert places.shipped_targets() == package / "_targets"
    assert load_catalogue().sha256 == expected
