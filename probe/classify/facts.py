"""Derive, once per judgement, what the rules speak of: per address, per resolver, per arm.

Nothing here has an opinion about blocking. An address is *proved* when a handshake there showed a
certificate that a public root signed for the name: equality of addresses proves nothing (CDNs,
geo-DNS and in-network caches answer differently everywhere).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from probe.classify.addresses import family_of, is_bogon
from probe.classify.chains import Chain, judge_chain
from probe.classify.fingerprints import is_censors, match_address, match_certificate
from probe.classify.handshakes import Handshake, handshake
from probe.classify.pages import owner_of
from probe.classify.spots import Spot, Truth, condemned, round_trip
from probe.model.evidence import Evidence
from probe.model.experiment import Hello
from probe.model.knowledge import Knowledge
from probe.model.observation import (
    DnsObservation,
    HttpObservation,
    LocalObservation,
    Observation,
    PingObservation,
    QuicObservation,
    StepBase,
    TcpObservation,
    TlsObservation,
    TraceObservation,
)
from probe.model.target import Endpoint
from probe.model.verdict import VantageVerdict
from probe.model.words import Arm, Family, Protocol, Transport


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known, sorted."""

    evidence: Evidence
    knowledge: Knowledge
    protocol: Protocol
    port: int
    spots: tuple[Spot, ...]
    dns: tuple[DnsObservation, ...]
    """Target's name, asked of resolvers (arms target and C3)."""
    dns_control: tuple[DnsObservation, ...]
    """C1: a neutral name, asked of resolvers."""
    canary: tuple[DnsObservation, ...]
    """Asked of addresses that serve no DNS (resolver `canary:ID`)."""
    abroad: tuple[Handshake, ...] = ()
    """C2: handshakes at neutral hosts, with the target's name or (baseline) a neutral one."""
    abroad_fetches: tuple[HttpObservation, ...] = ()
    """C2: the same for HTTP exchanges."""
    abroad_transfers: tuple[HttpObservation, ...] = ()
    """C2: objects of a given size from a helper's responder, under the name and a neutral one."""
    elsewhere: tuple[Observation, ...] = ()
    """C6: what other vantage points saw."""
    others: tuple[Observation, ...] = ()
    """C4, C5: unrelated hosts."""
    traces: tuple[TraceObservation, ...] = ()
    pings: tuple[PingObservation, ...] = ()
    """Connections under the endpoint's name that only pinged."""
    local: LocalObservation | None = None
    chains: dict[str, Chain] = field(default_factory=dict)
    """{observation id: its chain judged}, handshakes over TLS and QUIC, and encrypted resolvers"""

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint under judgement."""
        return self.evidence.endpoint

    @property
    def vantage(self) -> VantageVerdict:
        """What the gates said."""
        return self.evidence.vantage

    @property
    def host(self) -> str:
        """The name under test."""
        return self.evidence.endpoint.host

    def gate_fails(self, gate: str) -> bool:
        """Whether this line itself is found wanting in that respect."""
        return any(g.gate == gate and g.outcome == "fail" for g in self.vantage.gates)

    def spots_of(self, family: Family | None) -> tuple[Spot, ...]:
        """Spots of one family; all for None."""
        return tuple(s for s in self.spots if family is None or s.family is family)


_PROTOCOLS = {
    "https": Protocol.HTTPS,
    "http": Protocol.HTTP,
    "tls": Protocol.TLS,
    "tcp": Protocol.TCP,
}
_PORTS = {"https": 443, "http": 80, "tls": 443, "tcp": 443}


SIZED_PATH = "/sized/"
"""Where a responder has objects of a given size (probe/serve)."""


def is_sized(o: HttpObservation) -> bool:
    """Whether a responder's sized object was asked for."""
    return urlsplit(o.url).path.startswith(SIZED_PATH)


def protocol_and_port(url: str) -> tuple[Protocol, int]:
    """Return what an endpoint's URL asks for; https on 443 where it says neither."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return Protocol.HTTPS, 443
    return _PROTOCOLS.get(parts.scheme, Protocol.HTTPS), port or _PORTS.get(parts.scheme, 443)


def derive(evidence: Evidence, knowledge: Knowledge) -> Facts:
    """Sort the evidence; judge each chain once; tell true addresses from false ones."""
    return _Sorter(evidence, knowledge).sorted()


class _Sorter:
    """Works through one Evidence; a class only because the parts share so much."""

    def __init__(self, evidence: Evidence, knowledge: Knowledge) -> None:
        self.evidence = evidence
        self.knowledge = knowledge
        self.host = evidence.endpoint.host
        self.protocol, self.port = protocol_and_port(evidence.endpoint.url)
        self.here: list[Observation] = []
        self.elsewhere: list[Observation] = []
        for seen in evidence.observations:
            (self.here if seen.vantage is None else self.elsewhere).append(seen)
        self.chains: dict[str, Chain] = {}
        self.servers = {r.id: r for r in knowledge.catalogue.resolvers}
        self.connects: dict[str, list[TcpObservation]] = {}
        self.handshakes: dict[str, list[Handshake]] = {}
        self.fetches: dict[str, list[HttpObservation]] = {}
        self.quic: dict[str, list[QuicObservation]] = {}

    def sorted(self) -> Facts:
        for seen in self.here:
            if isinstance(seen, TcpObservation) and seen.address is not None:
                self.connects.setdefault(seen.address, []).append(seen)
        dns = self._dns()
        claimed = self._claimed(dns)
        for seen in self.here:
            self._sort(seen)
        endorsed = self._endorsed(dns)
        spots = tuple(
            self._spot(address, sources, endorsed) for address, sources in claimed.items()
        )
        abroad = [o for os in self.fetches.values() for o in os if o.arm is Arm.C2]
        traces = tuple(o for o in self.here if isinstance(o, TraceObservation))
        local = next((o for o in self.here if isinstance(o, LocalObservation)), None)
        return Facts(
            evidence=self.evidence,
            knowledge=self.knowledge,
            protocol=self.protocol,
            port=self.port,
            spots=condemned(spots, self.evidence.endpoint, self.knowledge.geo, self._owners()),
            dns=tuple(o for o in dns if o.name == self.host and o.arm in _OWN_ARMS),
            dns_control=tuple(o for o in dns if o.arm is Arm.C1),
            canary=tuple(o for o in dns if o.resolver.startswith("canary:")),
            abroad=tuple(h for hs in self.handshakes.values() for h in hs if h.seen.arm is Arm.C2),
            abroad_fetches=tuple(o for o in abroad if not is_sized(o)),
            abroad_transfers=tuple(o for o in abroad if is_sized(o)),
            elsewhere=tuple(self.elsewhere),
            others=tuple(o for o in self.here if o.arm in {Arm.C4, Arm.C5}),
            traces=traces,
            pings=tuple(o for o in self.here if isinstance(o, PingObservation)),
            local=local,
            chains=self.chains,
        )

    def _owners(self) -> frozenset[str]:
        """Return whose names the service uses: those of its endpoints' hosts."""
        own = self.evidence.endpoint
        hosts = [e.host for e in self.knowledge.catalogue.endpoints if e.service == own.service]
        return frozenset(map(owner_of, (own.host, *own.neutral_names, *hosts)))

    def _dns(self) -> list[DnsObservation]:
        dns = [o for o in self.here if isinstance(o, DnsObservation)]
        for seen in dns:
            if seen.chain:
                server = self.servers.get(seen.resolver)
                name = (server.server_name if server else None) or seen.address or ""
                chain = self._judge(seen, seen.chain, name)
                if not chain.verified and seen.address:
                    self._judge(seen, seen.chain, seen.address)
        return dns

    def _judge(self, seen: StepBase, chain: tuple[bytes, ...], name: str) -> Chain:
        judged = judge_chain(
            chain,
            name,
            at=self._corrected(seen.started_at),
            roots=self.knowledge.roots,
            local_roots=self.knowledge.local_roots,
        )
        self.chains[seen.id] = judged
        return judged

    def _corrected(self, at: datetime) -> datetime:
        offset_s = self.evidence.vantage.facts.clock_offset_s
        return at - timedelta(seconds=offset_s) if offset_s else at

    def _claimed(self, dns: list[DnsObservation]) -> dict[str, set[tuple[str, Transport]]]:
        """Return every address that was named or tried for the endpoint, with who named it."""
        claimed: dict[str, set[tuple[str, Transport]]] = {}
        for seen in dns:
            if seen.name != self.host or seen.arm not in _OWN_ARMS:
                continue
            if seen.resolver.startswith("canary:"):
                continue
            for answer in seen.answers:
                for address in answer.addresses:
                    if family_of(address) is not None and not answer.wrong_id:
                        claimed.setdefault(address, set()).add((seen.resolver, seen.transport))
        for address in self._tried(dns):
            claimed.setdefault(address, set())
        return claimed

    def _tried(self, dns: list[DnsObservation]) -> Iterable[str]:
        """Return addresses at which the endpoint was tried, without those of redirects' hosts."""
        others = {a for o in dns if o.name != self.host for x in o.answers for a in x.addresses}
        others -= {known.address for known in self.evidence.endpoint.last_known}
        for seen in self.here:
            address = seen.address
            if seen.arm not in _OWN_ARMS or not address or family_of(address) is None:
                continue
            if isinstance(seen, TlsObservation | QuicObservation):
                if seen.server_name == self.host:
                    yield address
            elif isinstance(seen, TcpObservation) and address not in others:
                yield address

    def _sort(self, seen: Observation) -> None:
        address = seen.address
        if address is None:
            return
        if isinstance(seen, TlsObservation):
            chain = None
            if seen.chain:
                chain = self._judge(seen, seen.chain, seen.server_name or self.host)
            if seen.verified and not (chain is not None and chain.verified):
                # Another tool verified it and kept no chain that we could read.
                chain = Chain(verified=True, names_it=True, anchored=True)
            rtt_s, samples = round_trip(self.connects.get(address, ()), self.port)
            self.handshakes.setdefault(address, []).append(handshake(seen, chain, rtt_s, samples))
        elif isinstance(seen, HttpObservation):
            self.fetches.setdefault(address, []).append(seen)
        elif isinstance(seen, QuicObservation):
            if seen.chain:
                self._judge(seen, seen.chain, seen.server_name or self.host)
            self.quic.setdefault(address, []).append(seen)

    def _endorsed(self, dns: list[DnsObservation]) -> set[str]:
        """Addresses that an encrypted resolver (itself verified) or another vantage names."""
        found = {known.address for known in self.evidence.endpoint.last_known}
        for seen in dns:
            judged = self.chains.get(seen.id)
            if seen.name == self.host and judged is not None and judged.verified:
                found.update(seen.addresses)
        for remote in self.elsewhere:
            if isinstance(remote, DnsObservation) and remote.name == self.host:
                found.update(remote.addresses)
        return {address for address in found if not is_bogon(address)}

    def _spot(self, address: str, sources: set[tuple[str, Transport]], endorsed: set[str]) -> Spot:
        family = family_of(address)
        assert family is not None
        tried = self.connects.get(address, [])
        shaken = self.handshakes.get(address, [])
        own = [h for h in shaken if h.seen.arm in _OWN_ARMS]
        named = [h for h in own if h.seen.server_name == self.host]
        ordinary = [h for h in named if h.seen.hello == Hello.SSL]
        fetched = self.fetches.get(address, [])
        quic = self.quic.get(address, [])
        quic_own = [q for q in quic if q.arm in _OWN_ARMS]
        rtt_s, samples = round_trip(tried, self.port)
        return Spot(
            address=address,
            family=family,
            truth=self._truth(address, named, quic_own, endorsed),
            named_by=frozenset(sources),
            connects=tuple(o for o in tried if o.port in (None, self.port)),
            other_ports=tuple(o for o in tried if o.port not in (None, self.port)),
            target=tuple(ordinary),
            variants=tuple(h for h in own if h not in ordinary),
            control=tuple(h for h in shaken if h.seen.arm is Arm.C1),
            fetches=tuple(o for o in fetched if o.arm in _OWN_ARMS),
            control_fetches=tuple(o for o in fetched if o.arm is Arm.C1),
            quic=tuple(quic_own),
            control_quic=tuple(q for q in quic if q.arm is Arm.C1),
            rtt_s=rtt_s,
            rtt_samples=samples,
        )

    def _truth(
        self,
        address: str,
        named: list[Handshake],
        quic: list[QuicObservation],
        endorsed: set[str],
    ) -> Truth:
        if any(h.is_verified for h in named):
            return Truth.PROVED
        if any((c := self.chains.get(q.id)) is not None and c.verified for q in quic):
            return Truth.PROVED
        if address in endorsed:
            return Truth.ENDORSED
        if is_bogon(address) and not self.evidence.endpoint.own:
            return Truth.FALSE
        if any(is_censors(f, self.knowledge) for f in match_address(address, self.knowledge)):
            return Truth.FALSE
        if any(self._is_block_certificate(h) for h in named):
            return Truth.FALSE
        return Truth.UNKNOWN

    def _is_block_certificate(self, h: Handshake) -> bool:
        return h.chain is not None and any(
            is_censors(f, self.knowledge) for f in match_certificate(h.chain, self.knowledge)
        )


_OWN_ARMS = frozenset({Arm.TARGET, Arm.C3})
