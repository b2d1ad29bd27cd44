"""One story per DNS rule."""

from collections.abc import Callable

from probe.lab.pki import Certificate
from probe.model.words import Arm, Transport
from tests.classify.build import (
    A1,
    BLOCK,
    DENIED,
    HOST,
    NXDOMAIN,
    OTHER,
    REFUSED,
    RESET,
    SERVFAIL,
    TIMEOUT,
    Atlas,
    Story,
    endpoint,
    knowledge,
    last,
    online,
)
from tests.classify.filing import cases, page, reached, story_of


def _lie(**values: object) -> Callable[[], Story]:
    def tell() -> Story:
        told = Story()
        told.dns(**values)  # type: ignore[arg-type]
        told.encrypted_dns(A1)
        told.good_page(A1)
        return told

    return tell


def _hosts() -> Story:
    told = Story()
    told.dns([A1])
    told.observations[-1] = told.observations[-1].model_copy(update={"local_reason": "hosts"})
    return told


def _canary(*, honest: bool) -> Story:
    told = Story()
    told.dns([A1] if honest else ["10.10.34.35"])
    told.encrypted_dns(A1)
    for _ in range(2):
        told.dns(["10.10.34.35"], resolver="canary:quiet", arm=Arm.C2)
    told.dns(resolver="canary:quiet", arm=Arm.C2, name="example.com", fails=TIMEOUT)
    told.good_page(A1)
    return told


def _race(*, honest: bool) -> Story:
    told = Story()
    told.dns([A1] if honest else ["10.10.34.35"])
    told.dns(["10.10.34.35"], then=[[A1]], resolver="google")
    told.encrypted_dns(A1)
    told.good_page(A1)
    return told


def _tcp_reset(*, honest: bool) -> Story:
    told = Story()
    told.dns([A1] if honest else (), fails=None if honest else TIMEOUT)
    told.dns(resolver="google", transport=Transport.TCP, fails=RESET)
    told.encrypted_dns(A1)
    told.good_page(A1)
    return told


def _forged(*, honest: bool) -> Story:
    told = Story()
    told.dns([A1] if honest else ["10.10.34.35"])
    for resolver in ("google", "quad9"):
        told.dns(["10.10.34.35"], resolver=resolver)
        told.dns([A1], resolver=resolver, transport=Transport.TCP)
    told.encrypted_dns(A1)
    told.good_page(A1)
    return told


def _intercepted() -> Story:
    told = Story()
    told.dns(rcode=NXDOMAIN)
    for transport in (Transport.UDP, Transport.TCP):
        told.dns(rcode=NXDOMAIN, resolver="google", transport=transport)
    told.encrypted_dns(A1)
    told.good_page(A1)
    return told


def _at_home(*, access: bool) -> Story:
    told = Story()
    told.vantage = online(resolver_kinds=("private",))
    told.dns(["0.0.0.0"])
    if access:
        told.dns([A1], resolver="access")
    told.encrypted_dns(A1)
    told.good_page(A1)
    return told


def _wrong_address() -> Story:
    told = Story()
    told.dns(["208.80.154.232"])
    told.encrypted_dns(A1)
    told.tls("208.80.154.232", kind=Certificate.SELF_SIGNED)
    told.good_page(A1)
    return told


def _dead(*addresses: str, strangers: bool) -> Story:
    told = Story(endpoint(networks=(32934,)))
    if strangers:
        told.knowledge = knowledge(geo=Atlas({"157.240.": 32934, "208.80.": 14907}))
    told.dns(addresses)
    told.encrypted_dns(A1)
    for address in addresses:
        told.tcp(address, TIMEOUT)
    told.good_page(A1)
    return told


def _denied(*, trusted: bool) -> Story:
    told = Story()
    told.dns(rcode=NXDOMAIN)
    if trusted:
        told.encrypted_dns(rcode=NXDOMAIN)
    return told


def _denied_elsewhere() -> Story:
    told = _denied(trusted=False)
    told.dns(rcode=NXDOMAIN)
    told.elsewhere("h/DE", last(told))
    return told


def _named_only_here() -> Story:
    told = Story()
    told.dns(["208.80.154.232"])
    told.encrypted_dns(rcode=NXDOMAIN)
    told.tcp("208.80.154.232", REFUSED)
    return told


def _names_nobody() -> Story:
    told = Story()
    told.dns(["127.0.0.1"])
    told.encrypted_dns("127.0.0.1")
    return told


def _broken_resolver() -> Story:
    told = Story()
    told.vantage = online(working_resolvers=(), failing_resolvers=("system/udp",))
    told.dns(rcode=SERVFAIL)
    told.encrypted_dns(A1)
    told.good_page(A1)
    return told


def _uncontrolled_cut() -> Story:
    told = Story()
    told.vantage = online(working_resolvers=())
    told.dns([A1])
    told.dns(resolver="google", transport=Transport.TCP, fails=RESET)
    told.good_page(A1)
    return told


def _flaky() -> Story:
    told = _lie(rcode=NXDOMAIN)()
    told.dns([A1])
    return told


def _of_a_stranger() -> Story:
    told = _lie(rcode=NXDOMAIN)()
    told.vantage = online(resolver_is_strangers=True, resolver_asns=(13335,))
    return told


def _resolved_at_home(rcode: int) -> Story:
    told = _lie(rcode=rcode)()
    told.vantage = online(country="RU")
    told.dns([A1])
    told.elsewhere("helper:a/RU", last(told))
    return told


def _silence(*resolvers: str) -> Story:
    """Three rounds of silence for the name at these, and of answers for a neutral one."""
    told = Story()
    for resolver in resolvers:
        for number in range(4):
            told.dns(resolver=resolver, fails=TIMEOUT, attempt=number)
            told.dns([OTHER], resolver=resolver, name="example.com", arm=Arm.C1, attempt=number)
    told.encrypted_dns(A1)
    told.good_page(A1)
    return told


def _named_by_others_only() -> Story:
    """A page in the clear, from an address that one public resolver named, unencrypted."""
    told = Story(endpoint(f"http://{HOST}/"))
    told.dns(rcode=NXDOMAIN)
    told.dns([A1], resolver="google")
    told.tcp(A1)
    told.http(A1)
    return told


cases(
    dns__not_asked=lambda: story_of(lambda s: s.tcp(A1)),
    dns__hosts_file=_hosts,
    dns__restricted_mode=_lie(addresses=[A1], cnames=["restrict.youtube.com"]),
    dns__canary_answered_beside_honest_resolver=lambda: _canary(honest=True),
    dns__canary_answered=lambda: _canary(honest=False),
    dns__race_beside_honest_resolver=lambda: _race(honest=True),
    dns__race=lambda: _race(honest=False),
    dns__tcp_reset_beside_honest_resolver=lambda: _tcp_reset(honest=True),
    dns__tcp_reset=lambda: _tcp_reset(honest=False),
    dns__lie_intercepted=_intercepted,
    dns__forged_on_path_beside_honest_resolver=lambda: _forged(honest=True),
    dns__forged_on_path=lambda: _forged(honest=False),
    dns__filter_at_home=lambda: _at_home(access=True),
    dns__nulled_at_home=lambda: _at_home(access=False),
    dns__lie_blockpage=_lie(addresses=[BLOCK]),
    dns__lie_bogon=_lie(addresses=["127.0.0.1"]),
    dns__lie_nxdomain=_lie(rcode=NXDOMAIN),
    dns__lie_refused=_lie(rcode=DENIED),
    dns__filter_by_choice=lambda: _of_a_stranger(),
    dns__denies_sometimes=lambda: _flaky(),
    dns__fails_for_this_name=_lie(rcode=SERVFAIL),
    dns__lie_servfail=lambda: _resolved_at_home(rcode=SERVFAIL),
    dns__lie_nodata=lambda: _resolved_at_home(rcode=0),
    dns__lie_cname=_lie(addresses=["10.10.34.35"], cnames=["filter.provider.example"]),
    dns__lie_wrong_address=_wrong_address,
    dns__drop=lambda: _silence("system", "google"),
    dns__silent_for_this_name=lambda: _silence("system"),
    dns__dead_name=lambda: _denied(trusted=True),
    dns__denied_elsewhere_too=_denied_elsewhere,
    dns__named_only_here=_named_only_here,
    dns__names_nobody=_names_nobody,
    dns__denied_unverified=lambda: _denied(trusted=False),
    dns__nothing_answers=lambda: story_of(lambda s: s.dns(fails=TIMEOUT)),
    dns__system_resolver_broken=_broken_resolver,
    dns__system_names_nothing=_named_by_others_only,
    dns__strangers_address=lambda: _dead("208.80.154.232", strangers=True),
    dns__dead_answer=lambda: _dead("208.80.154.232", strangers=False),
    dns__tcp_cut_uncontrolled=_uncontrolled_cut,
    dns__ok=lambda: story_of(reached, page),
    dns__unproved=lambda: story_of(lambda s: s.dns([A1]), lambda s: s.tcp(A1)),
)
