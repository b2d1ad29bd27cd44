import base64
import hashlib
import ipaddress
import re
import types
import typing
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from probe.model.observation import (
    DnsAnswer,
    DnsObservation,
    HttpObservation,
    LocalObservation,
    Observation,
    QuicObservation,
    TcpObservation,
    TlsObservation,
    TraceHop,
    TraceObservation,
)
from probe.model.words import Arm, Transport
from probe.scrub import Scrubber

V4 = "203.0.113.207"
V6 = "2a02:6b8:1:2:3:0:5:6"
KINDS = (
    DnsObservation,
    TcpObservation,
    TlsObservation,
    HttpObservation,
    QuicObservation,
    TraceObservation,
    LocalObservation,
)
COMMON = {
    "id": "x/0/0",
    "experiment": "x",
    "endpoint": "a.web",
    "arm": Arm.TARGET,
    "started_at": datetime(2026, 11, 23, tzinfo=UTC),
    "duration_s": 0.1,
}


def dns(**fields: Any) -> DnsObservation:
    own = {"name": "a.example", "query_type": "A", "resolver": "r", "transport": Transport.UDP}
    return DnsObservation(**COMMON | own | fields)


def http(**fields: Any) -> HttpObservation:
    own = {"url": "https://a.example/", "host": "a.example", "over_tls": True}
    return HttpObservation(**COMMON | own | fields)


def tls(**fields: Any) -> TlsObservation:
    return TlsObservation(**COMMON | {"server_name": "a.example"} | fields)


# --- spellings, written down by hand: the test must not share its generator with the code --------

SPELLINGS = {
    "dotted": "203.0.113.207",
    "padded": "203.000.113.207",
    "hex": "0xcb0071cf",
    "hex without prefix": "CB0071CF",
    "hex octets": "0xCB.0x0.0x71.0xcf",
    "octal octets": "0313.0.0161.0317",
    "octal number": "031300070717",
    "decimal": "3405803983",
    "mixed": "203.0x0.0161.207",
    "dashed": "203-0-113-207",
    "underscored": "203_0_113_207",
    "ftp": "203,0,113,207",
    "mapped": "::ffff:203.0.113.207",
    "mapped hex": "::ffff:cb00:71cf",
    "mapped expanded": "0000:0000:0000:0000:0000:ffff:cb00:71cf",
    "6to4": "2002:cb00:71cf::1",
    "reverse": "207.113.0.203.in-addr.arpa",
    "isp name": "207-113-0-203.dyn.isp.example",
    "isp name joined": "ip203000113207.isp.example",
    "percent dots": "203%2E0%2E113%2e207",
    "percent all": "".join(f"%{ord(c):02X}" for c in V4),
    "json dots": r"203\u002e0\u002E113\u002e207",
    "json all": "".join(f"\\u{ord(c):04x}" for c in V4),
    "html dots": "203&#46;0&#x2e;113&period;207",
    "html all": "".join(f"&#{ord(c)};" for c in V4),
    "defanged": "203[.]0[.]113[.]207",
    "base64 of the bytes": base64.b64encode(ipaddress.ip_address(V4).packed).decode(),
    "base64 of the bytes, for URLs": base64.urlsafe_b64encode(
        ipaddress.ip_address(V4).packed
    ).decode(),
    "hexadecimal of the text": V4.encode().hex(),
    "hexadecimal of the text, upper": V4.encode().hex().upper(),
    "base64 at 0": base64.b64encode(f"{V4}".encode()).decode(),
    "base64 at 1": base64.b64encode(f"x{V4}&c=d".encode()).decode(),
    "base64 at 2": base64.b64encode(f"xy{V4}&c=d".encode()).decode(),
    "client subnet": "203.0.113.0/24",
    "v6": "2a02:6b8:1:2:3:0:5:6",
    "v6 upper": "2A02:6B8:1:2:3:0:5:6",
    "v6 expanded": "2a02:06b8:0001:0002:0003:0000:0005:0006",
    "v6 odd": "2a02:6b8:01:2:3::5:6",
    "v6 prefix": "2a02:6b8:1:2::/64",
    "v6 bare prefix": "2a02:06b8:0001:0002",
    "v6 neighbour address": "2a02:6b8:1:2:aaaa::1",
    "v6 in brackets": "[2a02:6b8:1:2:3:0:5:6]:443",
    "v6 with zone": "2a02:6b8:1:2:3:0:5:6%eth0",
    "v6 percent": "2a02%3A6b8%3a1%3A2%3A3%3A0%3A5%3A6",
    "v6 percent all": "".join(f"%{ord(c):02x}" for c in V6),
    "v6 json": "".join(f"\\u{ord(c):04X}" for c in V6),
    "v6 dashed": "2a02-6b8-1-2-3-0-5-6.dyn.isp.example",
    "v6 joined": "2a0206b8000100020003000000050006",
    "v6 decimal": str(int(ipaddress.ip_address(V6))),
    "v6 reverse": ipaddress.ip_address(V6).reverse_pointer,
    "v6 hexadecimal of the text": V6.encode().hex(),
    "v6 base64": base64.b64encode(V6.encode()).decode(),
    "v6 base64 expanded": base64.b64encode(
        ("?ip=" + ipaddress.ip_address(V6).exploded + "&").encode()
    ).decode(),
}
BYTES = {name: text.encode() for name, text in SPELLINGS.items()} | {
    "utf-16 little": V4.encode("utf-16-le"),
    "utf-16 big": V4.encode("utf-16-be"),
    "v6 utf-16": V6.upper().encode("utf-16-le"),
    "packed": bytes([203, 0, 113, 207]),
    "v6 packed": ipaddress.ip_address(V6).packed,
}
SCRUBBER = Scrubber([V4, V6])


def test_a_client_with_printable_octets_does_not_cost_us_the_word() -> None:
    """77.97.105.110 is `Main` in ASCII."""
    assert Scrubber(["77.97.105.110"]).clean(b"Main page of 77.97.105.110") == (
        b"Main page of [client]"
    )


def test_a_scrubber_does_not_print_its_addresses() -> None:
    assert V4 not in repr(SCRUBBER)


# --- canaries in every field of every model ----------------------------------------------------


def paths(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """Yield (field, example maker) for every field of the model that can hold text or bytes."""
    for name, field in model.model_fields.items():
        if name != "step":
            maker = _maker(field.annotation)
            if maker is not None:
                yield name, maker


def _maker(kind: Any) -> Any:
    """Return a function that builds a value of this type with a canary in it, or None."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind is str:
        return lambda canary: canary.decode("latin-1")
    if kind is bytes:
        return lambda canary: canary
    if origin in (typing.Union, types.UnionType):
        return next(filter(None, map(_maker, arguments)), None)
    if origin is dict:
        return lambda canary: {"fact": canary.decode("latin-1"), canary.decode("latin-1"): "x"}
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            inner = _maker(arguments[0])
            return inner and (lambda canary: (inner(canary),))
        makers = [_maker(argument) for argument in arguments]
        if not any(makers):
            return None
        return lambda canary: tuple(m(canary) if m else 0 for m in makers)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return lambda canary: _planted(kind, canary)
    return None


def _planted(kind: type[BaseModel], canary: bytes) -> BaseModel:
    """Build a value of a nested model with the canary in every field that can hold it."""
    required: dict[type[BaseModel], dict[str, Any]] = {
        DnsAnswer: {"after_s": 0.1},
        TraceHop: {"ttl": 1, "outcome": "expired"},
    }
    fields = required.get(kind, {}) | {name: maker(canary) for name, maker in paths(kind)}
    if kind.__name__ == "Failure":
        fields |= {"word": "timed_out", "operation": "connect"}
    return kind(**fields)


def base_of(kind: type[BaseModel]) -> dict[str, Any]:
    own: dict[type[BaseModel], dict[str, Any]] = {
        DnsObservation: dns().model_dump(),
        TlsObservation: tls().model_dump(),
        HttpObservation: http().model_dump(),
        QuicObservation: COMMON | {"server_name": None, "version": "1"},
        TraceObservation: COMMON | {"method": "syn"},
    }
    return own.get(kind, COMMON)


FIELDS = [(kind, name, maker) for kind in KINDS for name, maker in paths(kind)]


def test_the_walk_over_the_models_finds_their_fields() -> None:
    found = {(kind.__name__, name) for kind, name, _ in FIELDS}

    assert {
        ("DnsObservation", "answers"),
        ("TlsObservation", "chain"),
        ("TlsObservation", "received_head"),
        ("HttpObservation", "headers"),
        ("HttpObservation", "body"),
        ("TcpObservation", "failure"),
        ("TcpObservation", "icmp"),
        ("TraceObservation", "hops"),
        ("LocalObservation", "detail"),
    } <= found


@pytest.mark.parametrize(
    ("kind", "name", "maker"), FIELDS, ids=[f"{kind.__name__}.{name}" for kind, name, _ in FIELDS]
)
@settings(max_examples=40, deadline=None)
@given(
    spelling=st.sampled_from(sorted(BYTES)),
    before=st.sampled_from([b"", b" ", b"<b>", b"ip=", b'"']),
    after=st.sampled_from([b"", b" ", b"</b>", b"&x=1", b'"']),
)
def test_a_canary_in_any_field_is_gone_afterwards(
    kind: type[Any], name: str, maker: Any, spelling: str, before: bytes, after: bytes
) -> None:
    canary = BYTES[spelling]
    observation: Observation = kind(**base_of(kind) | {name: maker(before + canary + after)})

    scrubbed = SCRUBBER.scrub(observation)

    assert isinstance(scrubbed, kind)
    held = scrubbed.model_dump(mode="python")
    assert not any(canary.lower() in data.lower() for data in _bytes_in(held))


def _bytes_in(value: Any) -> Iterator[bytes]:
    if isinstance(value, str):
        yield value.encode("latin-1")
    elif isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _bytes_in(key)
            yield from _bytes_in(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _bytes_in(item)


# --- what goes besides addresses ---------------------------------------------------------------


def test_a_clean_observation_comes_back_as_the_same_object() -> None:
    observation = http(headers=(("server", "nginx"), ("etag", '"abc"')), body=b"hello")

    assert SCRUBBER.scrub(observation) is observation


def test_cookies_keep_their_names_only() -> None:
    """The name tells a bot wall's cookie from a login's; the value is a secret."""
    observation = http(
        headers=(("set-cookie", "__cf_bm=abc123; path=/; HttpOnly"), ("cookie", "a=1; b=2"))
    )

    assert Scrubber().scrub(observation).headers == (
        ("set-cookie", "__cf_bm=[removed]"),
        ("cookie", "a=[removed]; b=[removed]"),
    )


@pytest.mark.parametrize("name", ["authorization", "proxy-authorization", "X-Client-IP"])
def test_credentials_and_client_address_headers_lose_their_values(name: str) -> None:
    observation = http(headers=((name, "secret"),))

    assert Scrubber().scrub(observation).headers == ((name, "[removed]"),)


def test_a_portals_redirect_keeps_its_host_and_loses_the_customer() -> None:
    observation = http(
        location="http://user:pass@portal.example/login?mac=aa:bb:cc:dd:ee:ff&user_name=x&id=10"
    )

    assert Scrubber().scrub(observation).location == (
        "http://[removed]@portal.example/login?mac=[removed]&user_name=[removed]&id=10"
    )


def test_hardware_addresses_go_and_fingerprints_stay() -> None:
    fingerprint = b":".join([b"ab"] * 20)
    observation = http(body=b"mac 00:1b:44:11:3a:b7 print " + fingerprint)

    assert Scrubber().scrub(observation).body == b"mac [removed] print " + fingerprint


def test_a_changed_page_is_hashed_again() -> None:
    """The hash of a page with one unknown address in it can be searched for that address."""
    body = b"Blocked. You are 203.0.113.207."
    observation = http(body=body, body_sha256=hashlib.sha256(body).hexdigest())

    scrubbed = SCRUBBER.scrub(observation)

    assert scrubbed.body == b"Blocked. You are [client]."
    assert scrubbed.body_sha256 == hashlib.sha256(scrubbed.body).hexdigest()


def test_a_whoami_answer_loses_address_ttl_and_message() -> None:
    answer = DnsAnswer(
        after_s=0.01,
        rcode=0,
        addresses=("198.51.100.1", V4),
        ttls=(60, 30),
        wire=b"\x00\x01" + bytes([203, 0, 113, 207]),
    )

    scrubbed = SCRUBBER.scrub(dns(answers=(answer,)))

    assert scrubbed.answers[0].addresses == ("198.51.100.1",)
    assert scrubbed.answers[0].ttls == (60,)
    assert scrubbed.answers[0].texts == ("[client]",)
    assert scrubbed.answers[0].wire == b""


def test_a_private_resolvers_address_is_not_kept() -> None:
    assert Scrubber().scrub(dns(address="192.168.1.1")).address is None
    assert Scrubber().scrub(dns(address="8.8.8.8")).address == "8.8.8.8"


def test_a_bogon_answer_is_evidence_and_stays() -> None:
    answer = DnsAnswer(after_s=0.01, rcode=0, addresses=("10.10.34.34",))

    assert SCRUBBER.scrub(dns(answers=(answer,))).answers == (answer,)


def test_routers_inside_the_customers_network_are_not_named() -> None:
    hops = tuple(
        TraceHop(ttl=n, outcome="expired", router=router)
        for n, router in enumerate(["192.168.1.1", "203.0.113.1", "198.51.100.1", "8.8.8.8"], 1)
    )
    observation = TraceObservation(**COMMON, method="syn", hops=hops)

    routers = [hop.router for hop in SCRUBBER.scrub(observation).hops]

    # 198.51.100.0/24 is documentation space, hence not global.
    assert routers == [None, None, None, "8.8.8.8"]


def test_local_certificates_are_dropped_when_the_caller_says_so() -> None:
    observation = tls(chain=(b"leaf of Antivirus for Jane Doe",))

    assert Scrubber().scrub(observation, drop_chain=True).chain == ()
    assert Scrubber().scrub(observation).chain == observation.chain


def test_more_addresses_may_become_known_later() -> None:
    later = Scrubber().extended([V4])

    assert later.clean_text(f"you are {V4}") == "you are [client]"
    assert later.knows([V4])
    assert not Scrubber().knows([V4])


def test_placeholders_hold_nothing_of_the_address() -> None:
    assert not re.search("203|113|207", SCRUBBER.clean_text(f"{V4} {V6}"))
