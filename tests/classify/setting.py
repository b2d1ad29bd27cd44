"""Where literal evidence plays: names, addresses, what is known, an online line."""

from typing import Any

from probe.lab.pki import LAB_ANCHOR, authority
from probe.model.knowledge import Fingerprint, Knowledge, Network
from probe.model.observation import (
    Failure,
)
from probe.model.target import Canary, Catalogue, Control, Endpoint, Resolver, Service
from probe.model.verdict import GateVerdict, VantageFacts, VantageVerdict
from probe.model.words import FailureWord, Family, Operation, Role, Transport, VantageState

HOST = "www.instagram.com"
A1, A2 = "157.240.1.174", "157.240.253.174"
B1 = "2a03:2880:f200:e5:face:b00c:0:4420"
OTHER = "93.184.215.14"  # a host that accepts foreign names
BLOCK = "31.28.24.3"  # techniques D06: a provider's block page
NEUTRAL = "neutr.example.com"  # as many bytes as HOST
AUTHORITY = authority(LAB_ANCHOR)
RTT = 0.05

RESOLVERS = (
    Resolver(
        id="google",
        operator="Google",
        country="US",
        addresses=("8.8.8.8",),
        server_name="dns.google",
        transports=(Transport.UDP, Transport.TCP, Transport.DOT, Transport.DOH),
    ),
    Resolver(
        id="quad9",
        operator="Quad9",
        country="CH",
        addresses=("9.9.9.9",),
        server_name="dns.quad9.net",
        transports=(Transport.UDP, Transport.TCP, Transport.DOT, Transport.DOH),
    ),
)
CONTROLS = (
    Control(
        id="example",
        host="example.com",
        url="https://example.com/",
        operator="IANA",
        country="US",
        accepts_foreign_names=True,
        purpose=("reach", "neutral_name", "transfer", "quic"),
    ),
)
FINGERPRINTS = (
    Fingerprint("dns.citytelecom", "dns", "full", BLOCK, "isp", ("RU",), "techniques D06", "2022"),
    Fingerprint("page.rkn", "body", "contains", "Доступ ограничен", "nat", ("RU",), "t", "2022"),
    Fingerprint("page.wall", "body", "contains", "Access Denied", "prod", (), "peers D", "2022"),
    Fingerprint("cert.widgits", "certificate", "contains", "Internet Widgits", "isp", ("RU",)),
)
WORKING = tuple(
    f"{r}/{t}"
    for r in ("system", "google", "quad9", "access")
    for t in ("system", "udp", "tcp", "dot", "doh")
)


def endpoint(url: str = f"https://{HOST}/", **values: Any) -> Endpoint:
    """An endpoint; Instagram's page unless said otherwise."""
    plain: dict[str, Any] = {
        "id": "instagram.web",
        "service": "instagram",
        "host": HOST,
        "role": Role.WEB,
        "url": url,
        "core": True,
    }
    return Endpoint(**{**plain, **values})


class Atlas:
    """A geo source that knows what it is told: {"157.240.": 32934}."""

    source = "told"

    def __init__(self, networks: dict[str, int]) -> None:
        self.networks = networks

    def network_of(self, address: str) -> Network | None:
        return next(
            (
                Network(asn, None)
                for start, asn in self.networks.items()
                if address.startswith(start)
            ),
            None,
        )


def knowledge(**values: Any) -> Knowledge:
    """The lab's root, two resolvers, one control, four fingerprints."""
    plain: dict[str, Any] = {
        "catalogue": Catalogue(
            services=(Service(id="instagram", name="Instagram", endpoints=(endpoint(),)),),
            controls=CONTROLS,
            resolvers=RESOLVERS,
            canaries=(Canary(id="quiet", address="192.0.32.8", family=Family.IPV4),),
        ),
        "roots": (AUTHORITY.root_der,),
        "fingerprints": FINGERPRINTS,
    }
    return Knowledge(**{**plain, **values})


def online(
    state: VantageState = VantageState.ONLINE, gates: dict[str, str] | None = None, **facts: Any
) -> VantageVerdict:
    """A vantage whose gates pass, with a fast line, unless said otherwise."""
    outcomes = {"interception": "pass", "clock": "pass", "captive_portal": "pass", "udp443": "pass"}
    outcomes.update(gates or {})
    plain: dict[str, Any] = {
        "rate_bps": 20e6,
        "rtt_s": 0.04,
        "quic_bytes": 40_000,
        "working_resolvers": WORKING,
        "asns": (12389,),
        "resolver_asns": (12389,),
        "neutral_addresses": (OTHER,),
    }
    return VantageVerdict(
        state=state,
        gates=tuple(
            GateVerdict(gate=gate, outcome=outcome, rule_id=f"gate.{gate}")
            for gate, outcome in outcomes.items()
        ),
        facts=VantageFacts(**{**plain, **facts}),
    )


def failure(word: FailureWord, operation: Operation = Operation.READ, **values: Any) -> Failure:
    return Failure(word=word, operation=operation, **values)


RESET = failure(FailureWord.CONNECTION_RESET)
EOF = failure(FailureWord.EOF_ERROR)
TIMEOUT = failure(FailureWord.GENERIC_TIMEOUT_ERROR)
REFUSED = failure(FailureWord.CONNECTION_REFUSED, Operation.CONNECT)
UNREACHABLE = failure(FailureWord.HOST_UNREACHABLE, Operation.CONNECT)
NXDOMAIN, SERVFAIL, DENIED, NODATA = 3, 2, 5, 0
