"""Build literal evidence: a story is told line by line, each line is one observation.

story = Story()
story.dns(addresses=["157.240.1.174"])
story.tcp("157.240.1.174", rtt=0.05)
story.tls("157.240.1.174", reset_after=0.016)
verdict = story.verdict()
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from probe.classify import ask, judge
from probe.lab.pki import LAB_ANCHOR, Certificate
from probe.model.evidence import Evidence
from probe.model.experiment import Experiment
from probe.model.observation import (
    DnsAnswer,
    DnsObservation,
    Failure,
    HttpObservation,
    Observation,
    PingObservation,
    QuicObservation,
    TcpInfo,
    TcpObservation,
    TlsObservation,
)
from probe.model.target import Endpoint
from probe.model.verdict import Verdict
from probe.model.words import Arm, Family, Transport
from tests.classify.setting import (
    A1,
    A2,
    AUTHORITY,
    B1,
    BLOCK,
    CONTROLS,
    DENIED,
    EOF,
    FINGERPRINTS,
    HOST,
    NEUTRAL,
    NODATA,
    NXDOMAIN,
    OTHER,
    REFUSED,
    RESET,
    RESOLVERS,
    RTT,
    SERVFAIL,
    TIMEOUT,
    UNREACHABLE,
    WORKING,
    Atlas,
    endpoint,
    failure,
    knowledge,
    online,
)

__all__ = [
    "A1",
    "A2",
    "AUTHORITY",
    "B1",
    "BLOCK",
    "CONTROLS",
    "DENIED",
    "EOF",
    "FINGERPRINTS",
    "HOST",
    "NEUTRAL",
    "NODATA",
    "NXDOMAIN",
    "OTHER",
    "REFUSED",
    "RESET",
    "RESOLVERS",
    "RTT",
    "SERVFAIL",
    "TIMEOUT",
    "UNREACHABLE",
    "WORKING",
    "Atlas",
    "Story",
    "endpoint",
    "failure",
    "knowledge",
    "last",
    "online",
]


class Story:
    """Evidence in the making."""

    def __init__(self, target: Endpoint | None = None) -> None:
        self.target = target or endpoint()
        self.observations: list[Observation] = []
        self.vantage = online()
        self.knowledge = knowledge()
        self.performed: dict[str, Experiment] = {}

    # --- telling ----------------------------------------------------------------------------------

    def _base(self, arm: Arm, address: str | None, **values: Any) -> dict[str, Any]:
        number = len(self.observations)
        family = None
        if address is not None:
            family = Family.IPV6 if ":" in address else Family.IPV4
        return {
            "id": f"o{number}",
            "experiment": values.pop("experiment", "screen"),
            "endpoint": self.target.id,
            "arm": arm,
            "family": family,
            "address": address,
            "started_at": LAB_ANCHOR + timedelta(seconds=number),
            "duration_s": values.pop("duration", 0.1),
            **values,
        }

    def dns(
        self,
        addresses: Sequence[str] = (),
        *,
        resolver: str = "system",
        transport: Transport = Transport.UDP,
        query_type: str = "A",
        name: str | None = None,
        rcode: int | None = 0,
        fails: Failure | None = None,
        then: Sequence[Sequence[str]] = (),
        ede: int | None = None,
        cnames: Sequence[str] = (),
        arm: Arm = Arm.TARGET,
        trusted: bool = True,
        **values: Any,
    ) -> None:
        """One question; `then` holds further answers' addresses."""
        chain: tuple[bytes, ...] = ()
        if transport in {Transport.DOT, Transport.DOH} and trusted and fails is None:
            server = next(r.server_name for r in RESOLVERS if r.id == resolver)
            chain = AUTHORITY.issue(str(server)).chain
        answers: list[DnsAnswer] = []
        if fails is None:
            answers = [
                DnsAnswer(
                    after_s=0.01,
                    rcode=rcode if which is addresses else 0,
                    addresses=tuple(which),
                    ede=((ede, ""),) if ede is not None else (),
                    cnames=tuple(cnames),
                )
                for which in (addresses, *then)
            ]
        self.observations.append(
            DnsObservation(
                **self._base(arm, None, **values),
                name=name or self.target.host,
                query_type=query_type,
                resolver=resolver,
                transport=transport,
                answers=tuple(answers),
                failure=fails,
                chain=chain,
            )
        )

    def honest_dns(self, *addresses: str) -> None:
        """The system's resolver and two encrypted ones, agreeing."""
        for family, query_type in ((Family.IPV4, "A"), (Family.IPV6, "AAAA")):
            found = [a for a in addresses if (":" in a) is (family is Family.IPV6)]
            self.dns(found, query_type=query_type)
            self.encrypted_dns(*found, query_type=query_type)

    def encrypted_dns(self, *addresses: str, query_type: str = "A", rcode: int = 0) -> None:
        """Two verified resolvers of different operators."""
        for resolver in ("google", "quad9"):
            self.dns(
                addresses,
                resolver=resolver,
                transport=Transport.DOH,
                query_type=query_type,
                rcode=rcode,
            )

    def tcp(
        self,
        address: str,
        fails: Failure | None = None,
        *,
        arm: Arm = Arm.TARGET,
        port: int = 443,
        rtt: float = RTT,
        **values: Any,
    ) -> None:
        """One connection."""
        values.setdefault("duration", 10.0 if fails is TIMEOUT else rtt)
        self.observations.append(
            TcpObservation(**self._base(arm, address, port=port, **values), failure=fails)
        )

    def tls(
        self,
        address: str,
        fails: Failure | None = None,
        *,
        name: str | None = None,
        arm: Arm = Arm.TARGET,
        after: float | None = None,
        acked: int | None = 518,
        kind: Certificate = Certificate.GENUINE,
        certificate_for: str | None = None,
        received: int | None = None,
        connect: bool = True,
        **values: Any,
    ) -> None:
        """One handshake, its connection before it."""
        if connect:
            self.tcp(address, arm=arm, attempt=values.get("attempt", 0))
        server_name = name or (NEUTRAL if arm is Arm.C1 else self.target.host)
        chain: tuple[bytes, ...] = ()
        if fails is None:
            chain = AUTHORITY.issue(certificate_for or server_name, kind=kind).chain
        if received is None:
            received = 4000 if fails is None else 0
        self.observations.append(
            TlsObservation(
                **self._base(arm, address, port=443, **values),
                failure=fails,
                server_name=server_name,
                chain=chain,
                failed_after_s=after,
                first_byte_s=RTT if fails is None else None,
                bytes_received=received,
                hello_bytes=517,
                tcp_info=TcpInfo(bytes_acked=acked) if acked is not None else None,
            )
        )

    def http(
        self,
        address: str,
        status: int | None = 200,
        fails: Failure | None = None,
        *,
        arm: Arm = Arm.TARGET,
        name: str | None = None,
        body: str = "<title>Instagram</title>",
        headers: Sequence[tuple[str, str]] = (),
        location: str | None = None,
        progress: Sequence[tuple[float, int]] = (),
        first_byte: float | None = RTT,
        **values: Any,
    ) -> None:
        """One exchange."""
        over_tls = self.target.url.startswith("https")
        host = name or (NEUTRAL if arm is Arm.C1 else self.target.host)
        self.observations.append(
            HttpObservation(
                **self._base(arm, address, port=443 if over_tls else 80, **values),
                url=f"{'https' if over_tls else 'http'}://{host}/",
                host=host,
                over_tls=over_tls,
                status=status,
                failure=fails,
                headers=tuple(headers),
                location=location,
                body=body.encode() if status is not None else b"",
                body_bytes=len(body),
                body_sha256=str(hash(body)),
                ended="complete" if fails is None else "failed",
                first_byte_s=first_byte if status is not None else None,
                progress=tuple(progress),
            )
        )

    def quic(
        self,
        address: str,
        *,
        done: bool = False,
        datagrams: int = 0,
        arm: Arm = Arm.TARGET,
        version: str = "1",
        **values: Any,
    ) -> None:
        """One QUIC attempt."""
        name = NEUTRAL if arm is Arm.C1 else self.target.host
        self.observations.append(
            QuicObservation(
                **self._base(arm, address, port=443, **values),
                server_name=None if version == "negotiation" else name,
                version=version,
                handshake_done=done,
                chain=AUTHORITY.issue(name).chain if done else (),
                datagrams_sent=3,
                datagrams_received=5 if done else datagrams,
                failure=None if done else TIMEOUT,
            )
        )

    def pings(
        self,
        address: str,
        ended: str = "complete",
        *,
        times: int = 2,
        method: str = "h2",
        received: int = 1_200,
        info: TcpInfo | None = None,
        **values: Any,
    ) -> None:
        """Connections of nothing but PINGs."""
        for number in range(times):
            self.observations.append(
                PingObservation(
                    **self._base(Arm.TARGET, address, port=443, attempt=80 + number),
                    server_name=self.target.host,
                    method=method,
                    pings_sent=32,
                    pings_answered=32 if ended == "complete" else 6,
                    ended=ended,
                    failure=TIMEOUT if ended == "silent" else None,
                    bytes_received=received,
                    tcp_info=info,
                    **values,
                )
            )

    def elsewhere(self, vantage: str, *observations: Observation) -> None:
        """What another vantage point saw."""
        for o in observations:
            number = len(self.observations)
            self.observations.append(
                o.model_copy(
                    update={"vantage": vantage, "arm": Arm.C6, "id": f"{vantage}/{number}"}
                )
            )

    def good_page(self, *addresses: str) -> None:
        """Each address connects, proves the name, and serves the page."""
        for address in addresses:
            self.tls(address)
            self.http(address)

    # --- judging ----------------------------------------------------------------------------------

    def evidence(self) -> Evidence:
        return Evidence(
            endpoint=self.target,
            vantage=self.vantage,
            observations=tuple(self.observations),
            performed=frozenset(self.performed),
        )

    def verdicts(self) -> tuple[Verdict, ...]:
        return judge(self.evidence(), self.knowledge)

    def verdict(self) -> Verdict:
        """The one verdict of a story that has one."""
        (verdict,) = self.verdicts()
        return verdict

    def asked(self, profile: str = "look") -> tuple[Experiment, ...]:
        return ask(self.evidence(), self.verdicts(), self.knowledge, profile)


def last(story: Story) -> Observation:
    """The observation told last, to be told of another vantage."""
    return story.observations.pop()
