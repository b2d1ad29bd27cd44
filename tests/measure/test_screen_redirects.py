"""Where neither an answer nor a redirect can send a screen."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.lab.servers.nameserver import Records
from probe.lab.servers.site import Edge, Page, Site
from probe.measure.screen import redirect_target
from probe.model.observation import (
    DnsObservation,
    HttpObservation,
    TcpObservation,
)
from probe.model.words import Arm
from probe.wire import http
from tests.measure.conftest import V4, V4_TOO, V6
from tests.measure.test_screen import HOST, of


@pytest.mark.parametrize(
    "location",
    [
        "http://192.168.1.1/",
        "http://127.0.0.1/admin",
        "https://blockpage.example/",
        "https://www.instagram.com.evil.example/",
        "https://www.instagram.com@192.168.1.1/",
        "https://www.instagram.com:8443/",
        "ftp://www.instagram.com/",
        "javascript:alert(1)",
        "//blockpage.example/x",
        "https://[::1]/",
        "http://[",
        "",
    ],
)
async def test_no_redirect_leads_off_the_catalogue(
    autojump_clock, internet, destinations, location
):
    page = Page(status=302, headers=(("location", location),))
    async with internet(sites=(Site(HOST, fallback=page),)) as it:
        seen = destinations(it.net)
        observations = await it.screen()

    assert seen <= {"8.8.8.8", V4, V4_TOO, V6}
    pages = of(HttpObservation, observations)
    assert {p.url for p in pages} == {f"https://{HOST}/"}
    assert {p.location or "" for p in pages} == {location}
    assert len(of(TcpObservation, observations)) == 3


async def test_a_redirect_within_the_catalogue_is_a_step_of_its_own(autojump_clock, internet):
    facebook = "157.240.1.35"
    sites = (
        Site(
            HOST,
            pages={"/": Page(status=302, headers=(("location", "https://www.facebook.com/x#y"),))},
        ),
    )
    edges = {facebook: Edge((Site("www.facebook.com", fallback=Page(body=b"facebook")),))}
    zone = {"www.facebook.com": Records(a=(facebook,))}
    async with internet(sites=sites, edges=edges, zone=zone) as it:
        observations = await it.screen()

    pages = {o.url: o for o in of(HttpObservation, observations)}
    assert pages["https://www.facebook.com/x"].body == b"facebook"
    assert pages["https://www.facebook.com/x"].address == facebook
    asked = [o.name for o in of(DnsObservation, observations)]
    assert "www.facebook.com" in asked


async def test_a_redirect_to_a_private_address_of_a_catalogue_host_is_not_followed(
    autojump_clock, internet, destinations
):
    sites = (
        Site(HOST, fallback=Page(status=302, headers=(("location", "https://www.facebook.com/"),))),
    )
    zone = {"www.facebook.com": Records(a=("10.0.0.1",), aaaa=("fd00::1",))}
    async with internet(sites=sites, zone=zone) as it:
        seen = destinations(it.net)
        await it.screen()

    assert seen <= {"8.8.8.8", V4, V4_TOO, V6}


async def test_redirects_in_a_circle_end(autojump_clock, internet):
    pages = {
        "/": Page(status=302, headers=(("location", "/a"),)),
        "/a": Page(status=302, headers=(("location", "/"),)),
    }
    async with internet(sites=(Site(HOST, pages=pages),)) as it:
        observations = await it.screen()

    assert len(of(HttpObservation, observations)) == 4


LOCATIONS = st.one_of(
    st.text(max_size=60),
    st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["http", "https", "HTTPS", "ftp", ""]),
        st.sampled_from([HOST, HOST.upper(), "x@" + HOST, HOST + ":443", HOST + ".", "10.0.0.1"]),
        st.sampled_from(["", ":80", ":8443", "\\@10.0.0.1", "/", "?", "#", "\t", "\x00"]),
        st.text(max_size=20),
    ),
)


@given(LOCATIONS)
def test_no_location_leads_elsewhere_or_makes_the_probe_raise(location):
    page = HttpObservation(
        id="x/0/0",
        experiment="x",
        endpoint="x",
        arm=Arm.TARGET,
        started_at=datetime(2026, 11, 20, tzinfo=UTC),
        duration_s=0,
        url=f"https://{HOST}/",
        host=HOST,
        over_tls=True,
        status=302,
        location=location,
    )

    target = redirect_target(page, frozenset({HOST}))

    if target is not None:
        assert (target.host, target.scheme, target.port) in {
            (HOST, "https", 443),
            (HOST, "http", 80),
        }
        session = http.Session(None, None, target.url)
        assert session._url.host == HOST
