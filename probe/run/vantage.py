"""Finds out where we measure from, keeping the address itself in memory only."""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import trio

from probe.measure.perform import perform
from probe.measure.tools import Tools
from probe.model.experiment import Experiment, Kind
from probe.model.knowledge import Geo, Knowledge
from probe.model.observation import DnsObservation, Observation
from probe.model.run import FamilyVantage, Vantage
from probe.model.target import Control, WhoamiName
from probe.model.verdict import VantageVerdict
from probe.model.words import Arm, Family, Transport
from probe.run.setup import ACCESS

LABEL = re.compile(r"^(?P<country>[A-Z]{2})(?:/AS(?P<asn>\d+))?$")
"""`--vantage DE/AS3320`: said by the person, so it wins over what is found."""
ADDRESS_TEXT = re.compile(r"[0-9a-fA-F:.]{3,45}")


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where we are: what may be stored, and the addresses that may not."""

    vantage: Vantage
    addresses: tuple[str, ...]
    """The client's public addresses: for the scrubber, never for the store."""


async def find_vantage(knowledge: Knowledge, tools: Tools, *, label: str) -> Whereabouts:
    """Ask the catalogue's whoami names, look the answers up offline."""
    seen: list[tuple[WhoamiName, DnsObservation]] = []

    async def ask_one(entry: WhoamiName) -> None:
        answers = await _ask(entry, tools)
        seen.extend((entry, o) for o in answers if isinstance(o, DnsObservation))

    async with trio.open_nursery() as nursery:
        for entry in knowledge.catalogue.whoami:
            nursery.start_soon(ask_one, entry)
    clients = addresses_in(o for entry, o in seen if entry.tells == "client")
    resolvers = addresses_in(o for entry, o in seen if entry.tells == "resolver")
    vantage = Vantage(
        families=_families(clients, resolvers, knowledge.geo),
        label=label,
        resolver_kind=_resolver_kind(clients, resolvers, knowledge),
        source=knowledge.geo.source,
    )
    return Whereabouts(_said(_with_country(vantage), label), clients)


async def _ask(entry: WhoamiName, tools: Tools) -> Sequence[Observation]:
    """Ask one whoami name: a server of its own directly, else the resolver the system uses."""
    contact = Control(
        id=f"whoami.{entry.id}",
        host=entry.name,
        url=f"https://{entry.name}/",
        operator=entry.operator,
        country="ZZ",
    )
    if entry.server is not None:
        resolver = f"whoami:{entry.id}"
    else:
        # getaddrinfo asks for addresses only.
        resolver = "system" if entry.query_type in {"A", "AAAA"} else ACCESS
    experiment = Experiment(
        kind=Kind.RESOLVE,
        endpoint=contact.id,
        arm=Arm.GATE,
        name=entry.name,
        query_type=entry.query_type,
        resolver=resolver,
        transport=Transport.SYSTEM if resolver == "system" else Transport.UDP,
        port=53,
    )
    return await perform(experiment, contact, tools)


def addresses_in(observations: Iterable[DnsObservation]) -> tuple[str, ...]:
    """Return the global addresses that answers carry, as records or in text."""
    found: dict[str, None] = {}
    for observation in observations:
        for answer in observation.answers:
            texts = (word for text in answer.texts for word in ADDRESS_TEXT.findall(text))
            for word in (*answer.addresses, *texts):
                try:
                    address = ipaddress.ip_address(word)
                except ValueError:
                    continue
                if address.is_global:
                    found[str(address)] = None
    return tuple(found)


def _families(
    clients: Sequence[str], resolvers: Sequence[str], geo: Geo
) -> tuple[FamilyVantage, ...]:
    resolver = next((n for n in map(geo.network_of, resolvers) if n is not None), None)
    families = []
    for family, version in ((Family.IPV4, 4), (Family.IPV6, 6)):
        ours = [a for a in clients if ipaddress.ip_address(a).version == version]
        network = geo.network_of(ours[0]) if ours else None
        if network is None and not (version == 4 and resolver):
            continue
        families.append(
            FamilyVantage(
                family=family,
                asn=network.asn if network else None,
                as_name=network.name if network else "",
                country=network.country if network else None,
                resolver_asn=resolver.asn if resolver else None,
                resolver_country=resolver.country if resolver else None,
            )
        )
    return tuple(families)


def _resolver_kind(clients: Sequence[str], resolvers: Sequence[str], knowledge: Knowledge) -> str:
    """Tell the access network's resolver from a public one, by the networks they come out of."""
    geo = knowledge.geo
    ours = {n.asn for n in map(geo.network_of, clients) if n is not None}
    theirs = {n.asn for n in map(geo.network_of, resolvers) if n is not None}
    public = {
        n.asn
        for resolver in knowledge.catalogue.resolvers
        for n in map(geo.network_of, resolver.addresses)
        if n is not None
    }
    if theirs & ours:
        return "access"
    if theirs & public:
        return "public"
    return "unknown"


def _with_country(vantage: Vantage) -> Vantage:
    """Name the country: the client's, else that of a resolver that is not a public one."""
    for family in vantage.families:
        if family.country:
            return vantage.model_copy(update={"country": family.country})
    for family in vantage.families:
        if family.resolver_country and vantage.resolver_kind != "public":
            return vantage.model_copy(update={"country": family.resolver_country})
    return vantage


def _said(vantage: Vantage, label: str) -> Vantage:
    match = LABEL.match(label)
    if match is None:
        return vantage
    update: dict[str, object] = {"country": match["country"], "source": "said"}
    if match["asn"]:
        said = FamilyVantage(family=Family.IPV4, asn=int(match["asn"]), country=match["country"])
        update["families"] = (said, *vantage.families[1:])
    return vantage.model_copy(update=update)


def placed(verdict: VantageVerdict, where: Vantage) -> VantageVerdict:
    """Return what the gates say, with the whereabouts that the run found where they found none.

    Whoami answers are addresses, which are never stored: judged anew, the gates cannot place us.
    """
    facts = verdict.facts
    asns = {f.asn for f in where.families if f.asn is not None}
    resolver_asns = {f.resolver_asn for f in where.families if f.resolver_asn is not None}
    countries = {f.resolver_country for f in where.families if f.resolver_country}
    strangers = bool(resolver_asns and asns) and (
        where.resolver_kind == "public"
        or (not resolver_asns & asns and where.country not in {None, *countries})
    )
    found = facts.model_copy(
        update={
            "country": facts.country or where.country,
            "asns": facts.asns or tuple(sorted(asns)),
            "resolver_asns": facts.resolver_asns or tuple(sorted(resolver_asns)),
            "resolver_is_strangers": (
                facts.resolver_is_strangers if facts.resolver_asns and facts.asns else strangers
            ),
        }
    )
    return verdict.model_copy(update={"facts": found})


def same_network(before: Vantage, after: Vantage) -> bool:
    """Whether both can be about one network; what is unknown contradicts nothing."""
    asns_before = {f.family: f.asn for f in before.families if f.asn is not None}
    asns_after = {f.family: f.asn for f in after.families if f.asn is not None}
    return all(
        asns_after[family] == asn for family, asn in asns_before.items() if family in asns_after
    )
