"""What happened: one observation is one step of one attempt. Facts, no opinions."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from probe.model.base import Value
from probe.model.words import Arm, FailureWord, Family, Operation, Step, Transport


class Failure(Value):
    """A failed operation, named at the socket."""

    word: FailureWord
    operation: Operation
    errno: int | None = None
    raw: str = ""
    """The raw code: an errno's name, `alert 112`, `rcode 3`, an OpenSSL reason."""


class TcpInfo(Value):
    """Linux's struct tcp_info, the fields that tell censors apart; None where the system has none.

    `bytes_acked` counts the SYN: 1 after a ClientHello means that nobody acknowledged the hello.
    """

    rtt_us: int | None = None
    min_rtt_us: int | None = None
    bytes_acked: int | None = None
    bytes_received: int | None = None
    unacked: int | None = None
    retransmits: int | None = None
    total_retrans: int | None = None
    rcv_ooopack: int | None = None
    last_ack_recv_ms: int | None = None
    last_data_recv_ms: int | None = None


class StepBase(Value):
    """What every step has."""

    id: str
    """Unique within the run: `<experiment id>/<attempt>/<n>`."""
    experiment: str
    attempt: int = 0
    endpoint: str
    arm: Arm
    family: Family | None = None
    address: str | None = None
    """The peer. None when there is none, or when it is private and must not be kept."""
    port: int | None = None
    started_at: datetime
    duration_s: float
    bytes_sent: int = 0
    bytes_received: int = 0
    failure: Failure | None = None
    tcp_info: TcpInfo | None = None
    loop_lag_s: float | None = None
    """How late our own event loop was; large values make the times worthless."""
    vantage: str | None = None
    """None: this machine; else the id of the control vantage or snapshot that saw it."""


class DnsAnswer(Value):
    """One message that came back for a question. Several may: all within the window are kept."""

    after_s: float
    """Since the question was sent; from the kernel's clock where it has one."""
    rcode: int | None = None
    """None: the bytes were no DNS message."""
    addresses: tuple[str, ...] = ()
    cnames: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    ttls: tuple[int, ...] = ()
    """TTL of each address record, in order."""
    authoritative: bool = False
    recursion_available: bool = False
    authenticated: bool = False
    truncated: bool = False
    has_soa: bool = False
    ede: tuple[tuple[int, str], ...] = ()
    """Extended DNS errors (RFC 8914): code and text."""
    svcb: tuple[str, ...] = ()
    ip_ttl: int | None = None
    size_bytes: int = 0
    malformed: str | None = None
    """Why the message could not be read."""
    wrong_id: bool = False
    wire: bytes = b""


class DnsObservation(StepBase):
    """One question to one resolver, with every answer of the window."""

    step: Literal[Step.DNS] = Step.DNS
    name: str
    query_type: str
    resolver: str
    transport: Transport
    answers: tuple[DnsAnswer, ...] = ()
    window_s: float = 0.0
    source_port: int | None = None
    resolver_asn: int | None = None
    chain: tuple[bytes, ...] = ()
    """DoT and DoH: the resolver's certificates, DER, leaf first."""
    local_reason: str | None = None
    """System path only: `hosts` when the hosts file answers this name."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of the first readable answer: what an ordinary client would use."""
        for answer in self.answers:
            if answer.malformed is None and not answer.wrong_id:
                return answer.addresses
        return ()


class TcpObservation(StepBase):
    """One TCP connection attempt."""

    step: Literal[Step.TCP] = Step.TCP
    source_port: int | None = None
    icmp: tuple[int, int, str | None] | None = None
    """ICMP type, code and sender, where the error queue tells."""


class TlsObservation(StepBase):
    """One TLS handshake; nothing was verified during it, the chain is judged afterwards."""

    step: Literal[Step.TLS] = Step.TLS
    server_name: str | None
    hello: str = "ssl"
    hello_bytes: int = 0
    hello_sha256: str = ""
    alpn_offered: tuple[str, ...] = ()
    alpn: str | None = None
    version: str | None = None
    cipher: str | None = None
    chain: tuple[bytes, ...] = ()
    """DER, leaf first, as sent by the peer."""
    alert: int | None = None
    """Number of the fatal alert that the peer sent."""
    first_byte_s: float | None = None
    """From the hello's last byte to the first byte back."""
    failed_after_s: float | None = None
    """From the hello's last byte to the failure."""
    verified: bool | None = None
    """Imports only: whether the other program verified the chain when it measured.

    Ours verifies nothing during the handshake and leaves None.
    """
    received_head: bytes = b""
    """First raw bytes from the peer (at most 512) where the handshake failed."""
    progress: tuple[tuple[float, int], ...] = ()
    """(seconds since start, bytes received so far), at most 64."""
    far_received_bytes: int | None = None
    """What the responder at the other end received; 0: no whole hello. None: nobody was asked."""
    far_acked_bytes: int | None = None
    """How much of its answer was acknowledged to the responder."""


class HttpObservation(StepBase):
    """One HTTP exchange over a connection that the steps before it made."""

    step: Literal[Step.HTTP] = Step.HTTP
    url: str
    method: str = "GET"
    host: str
    over_tls: bool
    http_version: str | None = None
    status: int | None = None
    request_headers: tuple[tuple[str, str], ...] = ()
    """What we sent, `host` first."""
    headers: tuple[tuple[str, str], ...] = ()
    """Lower-case names, in order, without cookies' values."""
    location: str | None = None
    body: bytes = b""
    """Decoded body, at most the pacing's `body_bytes`; emptied in the store for verified pages."""
    body_bytes: int = 0
    """Decoded bytes read."""
    body_sha256: str = ""
    declared_bytes: int | None = None
    """Content-Length, where given."""
    ended: Literal["complete", "limit", "truncated", "failed", "none"] = "none"
    """How the body ended: whole; at our limit; cut by the peer; cut by a failure; never began."""
    first_byte_s: float | None = None
    failed_after_s: float | None = None
    progress: tuple[tuple[float, int], ...] = ()
    """(seconds since the request, wire bytes received so far), at most 64."""
    title: str | None = None
    marks: tuple[str, ...] = ()
    """Ids of page marks (probe/classify/pages) found in status, headers or body."""


class QuicObservation(StepBase):
    """One QUIC attempt."""

    step: Literal[Step.QUIC] = Step.QUIC
    server_name: str | None
    version: str
    """`1`, `2`, or `negotiation` for the probe with a reserved version."""
    server_versions: tuple[str, ...] = ()
    handshake_done: bool = False
    alpn: str | None = None
    chain: tuple[bytes, ...] = ()
    datagrams_sent: int = 0
    datagrams_received: int = 0
    first_byte_s: float | None = None
    close_code: int | None = None
    close_reason: str = ""
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body_bytes: int = 0
    ended: Literal["complete", "limit", "truncated", "failed", "none"] = "none"
    progress: tuple[tuple[float, int], ...] = ()


class TraceHop(Value):
    """What came back for one TTL."""

    ttl: int
    outcome: Literal["expired", "silent", "reset", "answered", "refused", "unreachable"]
    router: str | None = None
    after_s: float | None = None


class TraceObservation(StepBase):
    """TTL-limited probes of one kind, with one name."""

    step: Literal[Step.TRACE] = Step.TRACE
    method: Literal["syn", "hello", "dns", "quic"]
    name: str | None = None
    hops: tuple[TraceHop, ...] = ()


class PingObservation(StepBase):
    """Many small packets over one connection: whether it stops after a number of them.

    HTTP/2's or QUIC's own PINGs, one after the other's answer; bytes are those after the handshake
    (over TCP), so that a connection that stops for their number has carried next to nothing.
    """

    step: Literal[Step.PING] = Step.PING
    server_name: str | None
    method: Literal["h2", "quic"]
    handshake_done: bool = True
    pings_sent: int = 0
    pings_answered: int = 0
    ended: Literal["complete", "silent", "closed", "failed"] = "failed"
    """All were answered; one was not, and our patience ended; the peer closed; anything else."""


class LocalObservation(StepBase):
    """Facts about this machine that no packet tells."""

    step: Literal[Step.LOCAL] = Step.LOCAL
    proxies: tuple[str, ...] = ()
    """Names of proxy variables that are set; never their values."""
    hosts_names: tuple[str, ...] = ()
    """Catalogue names that the hosts file answers."""
    resolver_kinds: tuple[Literal["loopback", "private", "public", "access"], ...] = ()
    has_ipv4: bool | None = None
    has_ipv6: bool | None = None
    tunnel_interfaces: tuple[str, ...] = ()
    clock_offset_s: float | None = None
    """Ours minus the controls' median Date."""
    detail: dict[str, str] = Field(default_factory=dict)


Observation = Annotated[
    DnsObservation
    | TcpObservation
    | TlsObservation
    | HttpObservation
    | QuicObservation
    | TraceObservation
    | PingObservation
    | LocalObservation,
    Field(discriminator="step"),
]
OBSERVATION: TypeAdapter[Observation] = TypeAdapter(Observation)
"""Reads and writes any observation by its `step`."""
