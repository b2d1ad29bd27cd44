"""This machine's own addresses: never contacted, never kept, never told to anybody."""

from collections.abc import Callable, Iterable, Sequence

from probe.model.observation import DnsObservation, Observation
from probe.model.target import Catalogue
from probe.model.verdict import Verdict
from probe.model.words import Arm, Family
from probe.run.request import Sink
from probe.run.vantage import addresses_in
from probe.scrub import Scrubber
from probe.wire import sockets
from probe.wire.addresses import canonical


class OwnAddresses:
    """What is known of them so far; whatever is added is also kept out of the store."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._known: frozenset[str] = frozenset()
        self._scrubber = Scrubber()

    def add(self, addresses: Iterable[str]) -> None:
        """Learn more of them."""
        new = frozenset(addresses) - self._known
        if new:
            self._known |= new
            self._scrubber = self._scrubber.extended(new)
            self._sink.protect(new)

    async def look(self) -> None:
        """Learn those that this machine sends from; sends nothing.

        Who tells us the IPv6 one by answering may be what is filtered here.
        """
        found = [await sockets.own_address(family) for family in Family]
        self.add(address for address in found if address is not None)

    def listen(self, observations: Sequence[Observation], catalogue: Catalogue) -> None:
        """Learn those that answer who asked: a provider may send each question from another."""
        servers = {f"whoami:{w.id}" for w in catalogue.whoami if w.tells == "client"}
        dns = (o for o in observations if isinstance(o, DnsObservation))
        self.add(addresses_in(o for o in dns if o.resolver in servers))

    def guard(self, allow: Callable[[str], bool]) -> Callable[[str], bool]:
        """Return which addresses may be contacted: not these."""
        return lambda address: canonical(address) not in self._known and allow(address)

    def without(self, observation: Observation) -> Observation:
        """Return what a resolver said without these: nothing that hangs on one is asked or stored.

        The gates' questions are about them, and stay whole until they are stored.
        """
        if not isinstance(observation, DnsObservation) or observation.arm is Arm.GATE:
            return observation
        if not any(self._known.intersection(a.addresses) for a in observation.answers):
            return observation
        return self._scrubber.scrub(observation)

    def untold(self, verdict: Verdict) -> Verdict:
        """Return the verdict without them: a certificate's names may hold one, or a title."""
        return self._scrubber.scrub_value(verdict)
