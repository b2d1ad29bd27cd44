"""One story per rule: the evidence that makes that row speak. Tables are tested against these."""

from collections.abc import Callable
from datetime import timedelta

from probe.lab.pki import LAB_ANCHOR, Certificate, authority
from probe.model.observation import TcpInfo
from probe.model.target import Expectation
from probe.model.words import Arm, FailureWord, Operation, Role, Transport, VantageState
from tests.classify.build import (
    A1,
    A2,
    BLOCK,
    DENIED,
    EOF,
    HOST,
    NEUTRAL,
    NXDOMAIN,
    OTHER,
    REFUSED,
    RESET,
    SERVFAIL,
    TIMEOUT,
    UNREACHABLE,
    Atlas,
    Story,
    endpoint,
    failure,
    knowledge,
    last,
    online,
)

CASES: dict[str, Callable[[], Story]] = {}
HTTP = endpoint(f"http://{HOST}/")
STRANGE = "http://blocked.provider.example/?id=1"


def case(rule: str) -> Callable[[Callable[[], Story]], Callable[[], Story]]:
    """File a story under the rule that it must make speak."""

    def file(story: Callable[[], Story]) -> Callable[[], Story]:
        assert rule not in CASES, rule
        CASES[rule] = story
        return story

    return file


def cases(**stories: Callable[[], Story]) -> None:
    """File several: `dns__ok` is `dns.ok`."""
    for name, story in stories.items():
        case(name.replace("__", "."))(story)


def story_of(*lines: Callable[[Story], object], target: object = None) -> Story:
    """Tell a story from its lines."""
    told = Story(target)  # type: ignore[arg-type]
    for line in lines:
        line(told)
    return told


def reached(told: Story) -> None:
    told.honest_dns(A1)


def page(told: Story) -> None:
    told.good_page(A1)


# --- DNS ------------------------------------------------------------------------------------------


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
    dns__lie_blockpage=_lie(addresses=[BLOCK]),
    dns__lie_bogon=_lie(addresses=["127.0.0.1"]),
    dns__lie_nxdomain=_lie(rcode=NXDOMAIN),
    dns__lie_refused=_lie(rcode=DENIED),
    dns__lie_servfail=_lie(rcode=SERVFAIL),
    dns__lie_nodata=_lie(rcode=0),
    dns__lie_cname=_lie(addresses=["10.10.34.35"], cnames=["filter.provider.example"]),
    dns__lie_wrong_address=_wrong_address,
    dns__drop=_lie(fails=TIMEOUT),
    dns__dead_name=lambda: _denied(trusted=True),
    dns__denied_unverified=lambda: _denied(trusted=False),
    dns__nothing_answers=lambda: story_of(lambda s: s.dns(fails=TIMEOUT)),
    dns__system_resolver_broken=_broken_resolver,
    dns__strangers_address=lambda: _dead("208.80.154.232", strangers=True),
    dns__dead_answer=lambda: _dead("208.80.154.232", strangers=False),
    dns__tcp_cut_uncontrolled=_uncontrolled_cut,
    dns__ok=lambda: story_of(reached, page),
    dns__unproved=lambda: story_of(lambda s: s.dns([A1]), lambda s: s.tcp(A1)),
)


# --- TCP ------------------------------------------------------------------------------------------


def _connects(*failing: object, before: Callable[[Story], object] | None = None) -> Story:
    told = Story()
    told.honest_dns(A1, A2)
    if before is not None:
        before(told)
    for fails in failing:
        told.tcp(A1, fails)  # type: ignore[arg-type]
    return told


def _with_duration(fails: object, *durations: float, **values: object) -> Story:
    told = Story()
    told.honest_dns(A1)
    for duration in durations:
        told.tcp(A1, fails, duration=duration, **values)  # type: ignore[arg-type]
    return told


def _seen_elsewhere(told: Story, fails: object, *vantages: str) -> Story:
    for vantage in vantages:
        told.tcp(A1, fails)  # type: ignore[arg-type]
        told.elsewhere(vantage, last(told))
    return told


NO_ROUTE = failure(FailureWord.NETWORK_UNREACHABLE, Operation.CONNECT)
PROHIBITED = {"icmp": (3, 13, "188.254.2.1")}

cases(
    tcp__not_tried=lambda: story_of(lambda s: s.dns(rcode=NXDOMAIN)),
    tcp__ok=lambda: story_of(reached, page),
    tcp__down_elsewhere_too=lambda: _seen_elsewhere(_connects(TIMEOUT), TIMEOUT, "h/DE"),
    tcp__no_route=lambda: _with_duration(NO_ROUTE, 0.0, 0.0),
    tcp__prohibited_by_server=lambda: _with_duration(UNREACHABLE, 0.05, icmp=(3, 13, A1)),
    tcp__port_prohibited=lambda: story_of(
        reached,
        lambda s: s.tcp(A1, UNREACHABLE, duration=0.02, **PROHIBITED),
        lambda s: s.tcp(A1, port=80),
    ),
    tcp__address_prohibited=lambda: _with_duration(UNREACHABLE, 0.02, **PROHIBITED),
    tcp__refused_too_soon=lambda: story_of(
        reached,
        lambda s: s.tcp(A1, port=80),
        lambda s: s.tcp(A1, REFUSED, duration=0.01),
    ),
    tcp__refused_here_only=lambda: _seen_elsewhere(_with_duration(REFUSED, 0.05), None, "h/DE"),
    tcp__refused_nearby=lambda: _with_duration(REFUSED, 0.003, 0.003),
    tcp__refused=lambda: _with_duration(REFUSED, 0.05),
    tcp__silent_port=lambda: _connects(TIMEOUT, before=lambda s: s.tcp(A1, port=80)),
    tcp__silent=lambda: _connects(TIMEOUT, TIMEOUT),
    tcp__no_route_on_path=lambda: _with_duration(NO_ROUTE, 0.03, 0.03),
    tcp__unreachable=lambda: _with_duration(UNREACHABLE, 0.03, 0.03),
    tcp__unclear=lambda: _connects(TIMEOUT),
)


# --- TLS ------------------------------------------------------------------------------------------


def _shakes(
    *target: dict[str, object],
    control: dict[str, object] | None = None,
    c2: dict[str, object] | None = None,
    honest: tuple[str, ...] = (A1,),
) -> Story:
    """Handshakes with the name at A1, with a neutral one there, with the name at OTHER."""
    told = Story()
    told.honest_dns(*honest)
    for values in target:
        told.tls(A1, **values)  # type: ignore[arg-type]
    if control is not None:
        told.tls(A1, arm=Arm.C1, **control)  # type: ignore[arg-type]
    if c2 is not None:
        told.tls(OTHER, arm=Arm.C2, name=NEUTRAL)
        told.tls(OTHER, arm=Arm.C2, name=HOST, **c2)  # type: ignore[arg-type]
    return told


CUT = {"fails": RESET, "after": 0.05, "acked": 1}
SOON = {"fails": RESET, "after": 0.016, "acked": 1}
OWN = {"fails": RESET, "after": 0.05, "acked": 518}
SHUT = {"fails": EOF, "after": 0.05, "acked": None}
MUTE = {"fails": TIMEOUT, "after": 10.0, "acked": 1}
TAKEN = {"fails": TIMEOUT, "after": 10.0, "acked": 518}
UNTOLD = {"fails": TIMEOUT, "after": 10.0, "acked": None}
ALERT = {
    "fails": failure(FailureWord.SSL_FAILED_HANDSHAKE, raw="alert 112 unrecognized_name"),
    "alert": 112,
    "after": 0.05,
}
RUBBISH = {"fails": failure(FailureWord.SSL_FAILED_HANDSHAKE, raw="WRONG_VERSION_NUMBER")}
CREEP = {
    "fails": TIMEOUT,
    "after": 60.0,
    "received": 3000,
    "progress": tuple((float(i), 600 * i) for i in range(1, 6)),
}
GOOD: dict[str, object] = {}


def _certificate(shown: Certificate, **control: object) -> Story:
    """A certificate of this kind for the name, and one for a neutral name if told which."""
    return _shakes({"kind": shown}, control=control or None)


def _early() -> Story:
    told = _certificate(Certificate.NOT_YET_VALID)
    told.vantage = online(gates={"clock": "unknown"})
    return told


def _one_wrong() -> Story:
    told = Story()
    told.honest_dns(A1, A2)
    told.tls(A1)
    told.tls(A2, kind=Certificate.SELF_SIGNED)
    told.tls(A2, arm=Arm.C1, kind=Certificate.SELF_SIGNED, certificate_for=HOST)
    return told


def _intercepted_vantage() -> Story:
    told = _certificate(Certificate.PRIVATE_CA)
    told.vantage = online(VantageState.INTERCEPTED)
    told.knowledge = knowledge(fingerprints=())
    return told


def _without_fingerprints(told: Story, **values: object) -> Story:
    told.knowledge = knowledge(fingerprints=(), **values)
    return told


def _bad_elsewhere() -> Story:
    told = _certificate(Certificate.SELF_SIGNED)
    told.tls(A1, kind=Certificate.SELF_SIGNED, connect=False)
    told.elsewhere("h/DE", last(told))
    return told


def _local_root() -> Story:
    state = authority(LAB_ANCHOR).issue(HOST, kind=Certificate.STATE_CA)
    return _without_fingerprints(
        _certificate(Certificate.STATE_CA, certificate_for=NEUTRAL), local_roots=(state.chain[1],)
    )


def _one_certificate() -> Story:
    told = _shakes({"kind": Certificate.SELF_SIGNED})
    told.tls(A1, arm=Arm.C1, kind=Certificate.SELF_SIGNED, certificate_for=HOST)
    return told


def _elsewhere_tls(told: Story, **values: object) -> Story:
    told.tls(A1, connect=False, **values)  # type: ignore[arg-type]
    told.elsewhere("h/DE", last(told))
    return told


def _rounds(*outcomes: bool, fails: dict[str, object] = CUT) -> Story:
    """Rounds of the name (True: verified), each beside a neutral name that passes."""
    told = Story()
    told.honest_dns(A1)
    for number, passes in enumerate(outcomes, start=1):
        told.tls(A1, attempt=number, **(GOOD if passes else fails))  # type: ignore[arg-type]
        told.tls(A1, arm=Arm.C1, attempt=number)
    return told


def _by_address(fails: dict[str, object]) -> Story:
    told = Story()
    told.honest_dns(A1, A2)
    told.tls(A1, **fails)  # type: ignore[arg-type]
    told.tls(A2)
    told.tls(A1, arm=Arm.C1)
    return told


def _rechecked() -> Story:
    told = _shakes(SOON, SOON, control=SOON)
    told.observations.append(
        told.observations[-1].model_copy(
            update={
                "id": "late",
                "attempt": 90,
                "started_at": told.observations[-1].started_at + timedelta(seconds=200),
            }
        )
    )
    return told


cases(
    tls__not_tried=lambda: story_of(reached, lambda s: s.tcp(A1)),
    tls__ok=lambda: story_of(reached, page),
    tls__recovered=lambda: _shakes(CUT, GOOD, GOOD),
    tls__intercepted_vantage=_intercepted_vantage,
    tls__mitm_known_certificate=lambda: _certificate(Certificate.PRIVATE_CA),
    tls__certificate_expired=lambda: _certificate(Certificate.EXPIRED),
    tls__certificate_early=lambda: _certificate(Certificate.NOT_YET_VALID),
    tls__certificate_not_yet_valid=lambda: _early(),
    tls__one_wrong_certificate=lambda: _one_wrong(),
    tls__certificate_bad_elsewhere_too=_bad_elsewhere,
    tls__mitm_forges_any_name=lambda: _without_fingerprints(
        _certificate(Certificate.PRIVATE_CA, kind=Certificate.PRIVATE_CA)
    ),
    tls__mitm_local_root=_local_root,
    tls__own_certificate=_one_certificate,
    tls__mitm_self_signed=lambda: _certificate(
        Certificate.SELF_SIGNED, certificate_for="edge.example"
    ),
    tls__mitm_unknown_ca=lambda: _without_fingerprints(
        _certificate(Certificate.PRIVATE_CA, certificate_for="edge.example")
    ),
    tls__mitm_wrong_name=lambda: _certificate(
        Certificate.WRONG_NAME, certificate_for="edge.example"
    ),
    tls__wrong_name=lambda: _certificate(Certificate.WRONG_NAME),
    tls__down_elsewhere_too=lambda: _elsewhere_tls(_shakes(CUT), **CUT),
    tls__trickle_by_name=lambda: _shakes(CREEP, control=GOOD),
    tls__trickle=lambda: _shakes(CREEP),
    tls__version_matters=lambda: _shakes(CUT, {"hello": "tls13"}),
    tls__hello_matters=lambda: _shakes(CUT, {"hello": "chrome"}),
    tls__cut_like_servers_do=lambda: _shakes(OWN, control=GOOD),
    tls__reset_injected=lambda: _shakes(SOON, control=GOOD),
    tls__reset_rewritten=lambda: _shakes(CUT, control=GOOD),
    tls__reset_by_name=lambda: _shakes({"fails": RESET, "acked": None}, control=GOOD),
    tls__reset_any_name_too_soon=_rechecked,
    tls__reset_injected_residual=lambda: _shakes(SOON, control=SOON),
    tls__reset_any_name=lambda: _shakes(CUT, control=CUT),
    tls__reset_uncontrolled=lambda: _shakes(CUT),
    tls__closed_by_name=lambda: _shakes(SHUT, control=GOOD),
    tls__closed_uncontrolled=lambda: _shakes(SHUT),
    tls__silent_unacked=lambda: _shakes(MUTE, control=GOOD),
    tls__silent_after_ack=lambda: _shakes(TAKEN, control=GOOD),
    tls__silent_by_name=lambda: _shakes(UNTOLD, control=GOOD),
    tls__silent_any_first_data=lambda: _shakes(MUTE, control=MUTE),
    tls__silent_any_name=lambda: _shakes(TAKEN, control=TAKEN),
    tls__silent_uncontrolled=lambda: _shakes(MUTE),
    tls__alert_here_only=lambda: _elsewhere_tls(_shakes(ALERT, control=GOOD)),
    tls__alert=lambda: _shakes(ALERT, control=GOOD),
    tls__no_tls=lambda: _shakes(RUBBISH),
    tls__reset_at_some_addresses=lambda: _by_address(CUT),
    tls__silent_at_some_addresses=lambda: _by_address(MUTE),
    tls__partly_reset=lambda: _rounds(True, *[False] * 11),
    tls__partly_silent=lambda: _rounds(True, *[False] * 11, fails=MUTE),
    tls__mostly_ok=lambda: _shakes(GOOD, CUT, GOOD),
    tls__unclear=lambda: _shakes(GOOD, CUT),
)


# --- HTTP -----------------------------------------------------------------------------------------


def _answers(
    *pages: dict[str, object],
    target: object = None,
    control: dict[str, object] | None = None,
    c2: dict[str, object] | None = None,
) -> Story:
    """Answers at A1 (over verified TLS unless the endpoint is cleartext), and to a neutral Host."""
    told = Story(target)  # type: ignore[arg-type]
    told.honest_dns(A1)
    secure = told.target.url.startswith("https")
    for values in pages:
        if secure:
            told.tls(A1)
        else:
            told.tcp(A1, port=80)
            told.tcp(A1, port=80)
        told.http(A1, **values)  # type: ignore[arg-type]
    if control is not None:
        told.http(A1, arm=Arm.C1, **control)  # type: ignore[arg-type]
    if c2 is not None:
        told.http(OTHER, arm=Arm.C2, name=NEUTRAL)
        told.http(OTHER, arm=Arm.C2, name=HOST, **c2)  # type: ignore[arg-type]
    return told


def _elsewhere_http(told: Story, **values: object) -> Story:
    told.http(A1, **values)  # type: ignore[arg-type]
    told.elsewhere("h/DE", last(told))
    return told


NO_ANSWER = {"status": None, "fails": TIMEOUT}
CONTENT = endpoint(
    role=Role.CONTENT, expect=Expectation(withheld_marks=("withheld in your country",))
)
BLOCK_PAGE = {"body": "<h1>Доступ ограничен</h1>"}

cases(
    http__not_tried=lambda: story_of(reached, lambda s: s.tls(A1)),
    http__withheld=lambda: _withheld(),
    http__legal_refusal=lambda: _answers({"status": 451}),
    http__geofence=lambda: _answers({"status": 403, "body": "error 1009: banned"}),
    http__challenge=lambda: _answers(
        {"status": 403, "headers": [("server", "cloudflare"), ("cf-mitigated", "challenge")]}
    ),
    http__rate_limit=lambda: _answers({"status": 429}),
    http__refusal_page=lambda: _answers(BLOCK_PAGE),
    http__withheld_by_login=lambda: _answers(
        {"status": 302, "location": f"https://{HOST}/accounts/login/"}, target=CONTENT
    ),
    http__ok_login=lambda: _answers({"status": 302, "location": f"https://{HOST}/accounts/login/"}),
    http__ok_consent=lambda: _answers(
        {"status": 302, "location": "https://consent.instagram.com/m"}
    ),
    http__ok_expected=lambda: _expected(),
    http__denied=lambda: _answers({"status": 403}),
    http__server_error=lambda: _answers({"status": 503}),
    http__cut_short_inside_tls=lambda: _answers({"status": 200, "fails": EOF}),
    http__down_elsewhere_too=lambda: _elsewhere_http(_answers(NO_ANSWER), **NO_ANSWER),
    http__reset_by_host=lambda: _answers({"status": None, "fails": RESET}, target=HTTP),
    http__closed_by_host=lambda: _answers({"status": None, "fails": EOF}, target=HTTP),
    http__silent_by_host=lambda: _answers(NO_ANSWER, target=HTTP, control=GOOD),
    http__reset_inside_tls=lambda: _answers(
        {"status": None, "fails": RESET}, c2={"status": None, "fails": RESET}
    ),
    http__silent_inside_tls=lambda: _answers(NO_ANSWER, c2=NO_ANSWER),
    http__rubbish_inside_tls=lambda: _answers(
        {"status": None, "fails": failure(FailureWord.HTTP_REQUEST_FAILED)}
    ),
    http__failed=lambda: _answers(NO_ANSWER),
    http__truncated=lambda: _answers({"status": 200, "fails": EOF}, target=HTTP),
    http__block_page_redirect=lambda: _answers(
        {"status": 302, "location": STRANGE, **BLOCK_PAGE}, target=HTTP
    ),
    http__block_page=lambda: _answers(BLOCK_PAGE, target=HTTP),
    http__strange_redirect=lambda: _answers(
        {"status": 302, "location": STRANGE}, target=HTTP, control={"status": 404}
    ),
    http__page_too_soon=lambda: _answers({"first_byte": 0.01}, target=HTTP),
    http__refusal_without_origin=lambda: _answers(
        {"status": 403, "body": "no"}, target=HTTP, control={"status": 404}
    ),
    http__unexplained_page=lambda: _answers({"status": 302, "location": STRANGE}, target=HTTP),
    http__refusal_in_cleartext=lambda: _answers({"status": 429}, target=HTTP),
    http__error_in_cleartext=lambda: _answers({"status": 502}, target=HTTP),
    http__ok=lambda: story_of(reached, page),
)


def _withheld() -> Story:
    told = _answers({"body": "This item is withheld in your country"}, target=CONTENT)
    _marked(told, CONTENT)
    return told


def _expected() -> Story:
    target = endpoint(expect=Expectation(status=(404,)))
    told = _answers({"status": 404}, target=target)
    _marked(told, target)
    return told


def _marked(told: Story, target: object) -> None:
    """Let the catalogue know the endpoint: marks compare with what it says."""
    base = knowledge()
    service = base.catalogue.services[0].model_copy(update={"endpoints": (target,)})
    told.knowledge = knowledge(catalogue=base.catalogue.model_copy(update={"services": (service,)}))


# --- pace -----------------------------------------------------------------------------------------


def flow(bps: float, size: int = 131_072, *, uneven: bool = False) -> tuple[tuple[float, int], ...]:
    """Progress of a download: 64 reads at a steady pace, or in ever longer gaps."""
    steps = 64
    span = size * 8 / bps
    return tuple(
        (span * ((i / steps) ** (3 if uneven else 1)), size * i // steps)
        for i in range(1, steps + 1)
    )


def _paired(own: float, other: float, *, uneven: bool = False, queue: bool = False) -> Story:
    told = _answers({"progress": flow(own, uneven=uneven)})
    info = TcpInfo(rtt_us=400_000 if queue else 50_000, min_rtt_us=50_000)
    for number in range(1, 9):
        progress = flow(own * (1 + number / 100), uneven=uneven)
        told.http(A1, progress=progress, attempt=number, tcp_info=info)
        told.http(A1, progress=flow(other), attempt=number, arm=Arm.C1)
    return told


def _frozen(*sizes: int) -> Story:
    told = Story()
    told.honest_dns(A1)
    told.tls(A1)
    for number, size in enumerate(sizes):
        told.http(
            A1,
            fails=TIMEOUT,
            progress=((0.1, size // 2), (0.2, size)),
            duration=20.2,
            attempt=number,
        )
    return told


def _stalls_elsewhere() -> Story:
    told = _frozen(33_000, 33_000)
    told.elsewhere("h/DE", last(told))
    return told


def _late(seconds: float, *, abroad: bool) -> Story:
    told = Story()
    told.honest_dns(A1)
    told.tls(A1)
    late = told.observations[-1].model_copy(update={"first_byte_s": seconds})
    told.observations[-1] = late
    told.http(A1)
    told.tls(A1, arm=Arm.C1)
    if abroad:
        told.tls(OTHER, arm=Arm.C2, name=NEUTRAL)
        told.tls(OTHER, arm=Arm.C2, name=HOST)
        told.observations[-1] = told.observations[-1].model_copy(update={"first_byte_s": seconds})
    return told


def _creeping() -> Story:
    told = Story()
    told.honest_dns(A1)
    told.tls(A1, duration=6.0)
    told.http(A1, fails=TIMEOUT, progress=flow(5_000, 32_768), duration=53.0)
    told.tls(A1, arm=Arm.C1, duration=0.1)
    return told


cases(
    pace__throttled_shape=lambda: _paired(150_000, 8e6, queue=True),
    pace__throttled_sni_police=lambda: _paired(150_000, 8e6),
    pace__throttled=lambda: _paired(150_000, 8e6, uneven=True),
    pace__stalls_elsewhere_too=lambda: _stalls_elsewhere(),
    pace__frozen=lambda: _frozen(16_000, 16_200, 16_100, 16_000),
    pace__extreme_by_name=_creeping,
    pace__stalled=lambda: _frozen(16_000),
    pace__delayed_by_name=lambda: _late(4.0, abroad=True),
    pace__slow_whatever_name=lambda: _slow_everywhere(),
    pace__slow_here=lambda: _answers({"progress": flow(150_000)}),
    pace__trickle=lambda: _answers(
        {"fails": TIMEOUT, "progress": ((1.0, 20), (59.0, 60)), "duration": 60.0}
    ),
    pace__slow_to_answer=lambda: _late(4.0, abroad=False),
    pace__ok=lambda: story_of(reached, page),
)


def _slow_everywhere() -> Story:
    told = _answers({"progress": flow(150_000)})
    told.http(A1, arm=Arm.C1, progress=flow(160_000))
    return told


# --- QUIC -----------------------------------------------------------------------------------------


def _quic(
    *target: dict[str, object],
    control: dict[str, object] | None = None,
    offered: bool = True,
    gate: str = "pass",
    tcp: object = None,
) -> Story:
    told = Story()
    told.vantage = online(gates={"udp443": gate})
    told.honest_dns(A1)
    if tcp is None:
        told.tls(A1)
        told.http(A1, headers=[("alt-svc", 'h3=":443"')] if offered else ())
    else:
        told.tcp(A1, tcp, duration=0.05)  # type: ignore[arg-type]
        told.tcp(A1, tcp, duration=0.05)  # type: ignore[arg-type]
    for values in target:
        told.quic(A1, **values)  # type: ignore[arg-type]
    if control is not None:
        told.quic(A1, arm=Arm.C1, **control)  # type: ignore[arg-type]
    return told


DONE = {"done": True}
NEGOTIATED = {"version": "negotiation", "datagrams": 1}
UNANSWERED = {"version": "negotiation"}


def _quic_pace(**values: object) -> Story:
    told = _quic(DONE)
    told.observations[-1] = told.observations[-1].model_copy(update=values)
    return told


cases(
    quic__not_tried=lambda: _quic(NEGOTIATED),
    quic__stalled=lambda: _quic_pace(
        failure=TIMEOUT, progress=((0.1, 8000), (0.2, 16_000)), duration_s=20.2
    ),
    quic__slow_here=lambda: _quic_pace(progress=flow(150_000)),
    quic__ok=lambda: _quic(DONE),
    quic__unproved=lambda: _quic_pace(chain=()),
    quic__down_elsewhere_too=lambda: _quic_elsewhere(),
    quic__closed_too_soon=lambda: _closed_too_soon(),
    quic__blocked_by_name=lambda: _quic(GOOD, control=DONE),
    quic__blocked_by_version=lambda: _quic(GOOD, NEGOTIATED, control=GOOD),
    quic__closed_for_all=lambda: _quic(GOOD, gate="fail"),
    quic__blocked_with_tcp=lambda: _quic(GOOD, tcp=TIMEOUT),
    quic__unreachable_with_tcp=lambda: _quic(GOOD, tcp=UNREACHABLE),
    quic__blocked_by_address=lambda: _quic(GOOD, UNANSWERED, control=GOOD),
    quic__uncontrolled=lambda: _quic(GOOD),
    quic__unclear=lambda: _quic(GOOD, offered=False),
)


def _quic_elsewhere() -> Story:
    told = _quic(GOOD)
    told.quic(A1)
    told.elsewhere("h/DE", last(told))
    return told


def _closed_too_soon() -> Story:
    told = _quic({"datagrams": 1})
    told.tcp(A1)
    told.observations[-2] = told.observations[-2].model_copy(
        update={"close_code": 0x128, "first_byte_s": 0.01}
    )
    return told


# --- whole stories -------------------------------------------------------------------------------


def blocked_by_name(rounds: int = 12, *, after: float = 0.05, acked: int = 1) -> Story:
    """The name fails every time and a neutral one passes, with the first look before."""
    story = Story()
    story.honest_dns(A1)
    for number in range(rounds + 1):
        story.tls(A1, RESET, after=after, acked=acked, attempt=number)
        story.tls(A1, arm=Arm.C1, attempt=number)
    return story


def abroad(story: Story, fails: object, times: int = 2) -> None:
    """C2: the name at a neutral host, after a neutral name there."""
    story.tls(OTHER, arm=Arm.C2, name=NEUTRAL)
    for number in range(times):
        story.tls(OTHER, fails, arm=Arm.C2, name=HOST, after=0.05, acked=1, attempt=number)  # type: ignore[arg-type]
