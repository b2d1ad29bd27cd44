"""An experiment: one question to the network, said so that it can be repeated exactly."""

import hashlib
from enum import StrEnum
from functools import cached_property

from probe.model.base import Value
from probe.model.words import Arm, Family, Transport


class Kind(StrEnum):
    """What is done."""

    SCREEN = "screen"  # everything one look shows: DNS by every resolver, TCP, TLS, HTTP, QUIC
    RESOLVE = "resolve"  # one DNS question (A and AAAA unless query_type says otherwise)
    CONNECT = "connect"  # one TCP connection
    HANDSHAKE = "handshake"  # TCP and TLS
    FETCH = "fetch"  # TCP, TLS unless http://, and one HTTP exchange
    QUIC = "quic"  # version negotiation, Initial, handshake, GET
    TRANSFER = "transfer"  # a longer download, for its pace
    FREEZE = "freeze"  # does a connection stop after a fixed number of packets or bytes?
    TRACE = "trace"  # where on the path: TTL-limited probes
    LOCAL = "local"  # facts about this machine
    REMOTE = "remote"  # ask a control vantage
    WAIT = "wait"  # let residual state run out


class Hello(StrEnum):
    """Which ClientHello is sent."""

    SSL = "ssl"  # CPython's own
    CHROME = "chrome"  # a browser's, by the extra `browser`
    NO_NAME = "no_name"  # CPython's without server_name
    TLS12 = "tls12"  # CPython's, at most TLS 1.2
    TLS13 = "tls13"  # CPython's, at least TLS 1.3
    ECH = "ech"


class Experiment(Value):
    """One question to the network; experiments with equal fields have the same `id`."""

    kind: Kind
    endpoint: str
    """Catalogue id of the endpoint that this is asked for (also when a control is contacted)."""
    arm: Arm = Arm.TARGET
    rival: str | None = None
    """The rival (classify) that it was asked to rule out; None: part of the plan."""
    name: str = ""
    """The DNS name asked, the server name sent, or the Host."""
    family: Family | None = None
    address: str | None = None
    port: int = 443
    url: str = ""
    """For fetch and transfer: what is requested; its host is sent as Host."""
    resolver: str | None = None
    """Catalogue id of the resolver, or `system`, or `canary:ID`."""
    transport: Transport | None = None
    query_type: str | None = None
    hello: Hello = Hello.SSL
    alpn: tuple[str, ...] = ("h2", "http/1.1")
    body_bytes: int | None = None
    quic_version: str | None = None
    source_port: int | None = None
    round: int = 0
    """Which repetition; 0 is the first look."""
    vantage: str | None = None
    """For remote: which control vantage."""
    ttls: tuple[int, ...] = ()
    """For trace: the lives that packets get, one after the other; (): every one, outwards."""
    wait_s: float | None = None
    """How long to wait (before the pace factor): for `wait`, and before an attempt of a round where
    residual state was seen."""

    @cached_property
    def id(self) -> str:
        """A short digest of all fields but the rival: what was asked already is not asked again."""
        text = self.model_dump_json(exclude={"rival"} if self.ttls else {"rival", "ttls"})
        return hashlib.blake2b(text.encode(), digest_size=9).hexdigest()
