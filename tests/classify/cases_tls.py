"""One story per TLS rule."""

from datetime import timedelta

from probe.lab.pki import LAB_ANCHOR, Certificate, authority
from probe.model.words import Arm, FailureWord, VantageState
from tests.classify.build import (
    A1,
    A2,
    EOF,
    HOST,
    NEUTRAL,
    OTHER,
    RESET,
    TIMEOUT,
    Story,
    failure,
    knowledge,
    last,
    online,
)
from tests.classify.cases_http import in_a_black_hole
from tests.classify.filing import cases, page, reached, story_of


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
        told.tls(OTHER, arm=Arm.C2, name=NEUTRAL)
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


def _expired_here() -> Story:
    told = _elsewhere_tls(_certificate(Certificate.EXPIRED))
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


def _refused_elsewhere() -> Story:
    """A helper that says that it refused what it was shown, and not what that was."""
    told = _certificate(Certificate.SELF_SIGNED)
    told.tls(A1, connect=False, fails=failure(FailureWord.SSL_UNKNOWN_AUTHORITY))
    told.elsewhere("h/DE", last(told))
    return told


def _local_root() -> Story:
    state = authority(LAB_ANCHOR).issue(HOST, kind=Certificate.STATE_CA)
    return _without_fingerprints(
        _certificate(Certificate.STATE_CA, certificate_for=NEUTRAL), local_roots=(state.chain[1],)
    )


def _local_product() -> Story:
    shield = authority(LAB_ANCHOR).issue(HOST, kind=Certificate.ANTIVIRUS)
    return _without_fingerprints(
        _certificate(Certificate.ANTIVIRUS, certificate_for=NEUTRAL),
        local_roots=(shield.chain[1],),
    )


def _one_certificate() -> Story:
    told = _shakes({"kind": Certificate.SELF_SIGNED})
    told.tls(A1, arm=Arm.C1, kind=Certificate.SELF_SIGNED, certificate_for=HOST)
    return told


def _far_end(received: int, acked: int) -> Story:
    """Silence at the name, at our own responder as well, which tells what reached it."""
    told = {"far_received_bytes": received, "far_acked_bytes": acked}
    return _shakes(TAKEN, control=GOOD, c2=TAKEN | told)


def _elsewhere_tls(
    told: Story, *, vantage: str = "h/DE", connect_to: str = A1, **values: object
) -> Story:
    told.tls(connect_to, connect=False, **values)  # type: ignore[arg-type]
    told.elsewhere(vantage, last(told))
    return told


def _forgotten_edge() -> Story:
    told = _shakes({"kind": Certificate.EXPIRED}, honest=(A1, A2))
    told.good_page(A2)
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
    for number in range(3):
        told.tls(A1, attempt=number, **fails)  # type: ignore[arg-type]
        told.tls(A1, arm=Arm.C1, attempt=number)
    told.tls(A2)
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
    tls__expired_here_only=lambda: _expired_here(),
    tls__certificate_early=lambda: _certificate(Certificate.NOT_YET_VALID),
    tls__certificate_not_yet_valid=lambda: _early(),
    tls__one_wrong_certificate=lambda: _one_wrong(),
    tls__certificate_bad_elsewhere_too=_bad_elsewhere,
    tls__certificate_refused_elsewhere_too=_refused_elsewhere,
    tls__expired_at_some_addresses=lambda: _forgotten_edge(),
    tls__certificate_refused_at_this_address=lambda: _elsewhere_tls(
        _refused_elsewhere(), connect_to=A2
    ),
    tls__mitm_forges_any_name=lambda: _without_fingerprints(
        _certificate(Certificate.PRIVATE_CA, kind=Certificate.PRIVATE_CA)
    ),
    tls__mitm_local_root=_local_root,
    tls__local_product=lambda: _local_product(),
    tls__own_certificate=_one_certificate,
    tls__mitm_self_signed=lambda: _certificate(
        Certificate.SELF_SIGNED, certificate_for="edge.example"
    ),
    tls__mitm_unknown_ca=lambda: _without_fingerprints(
        _certificate(Certificate.PRIVATE_CA, certificate_for="edge.example")
    ),
    tls__strange_certificate=lambda: _without_fingerprints(_certificate(Certificate.SELF_SIGNED)),
    tls__mitm_wrong_name=lambda: _certificate(
        Certificate.WRONG_NAME, certificate_for="edge.example"
    ),
    tls__wrong_name=lambda: _certificate(Certificate.WRONG_NAME),
    tls__down_elsewhere_too=lambda: _elsewhere_tls(_shakes(CUT), **CUT),
    tls__trickle_by_name=lambda: _shakes(CREEP, control=GOOD),
    tls__trickle=lambda: _shakes(CREEP),
    tls__version_matters=lambda: _elsewhere_tls(_shakes(CUT, {"hello": "tls13"})),
    tls__hello_matters=lambda: _elsewhere_tls(_shakes(CUT, {"hello": "chrome"})),
    tls__shape_matters=lambda: _shakes(CUT, {"hello": "tls12"}),
    tls__cut_like_servers_do=lambda: _shakes(OWN, control=GOOD),
    tls__reset_injected=lambda: _shakes(SOON, control=GOOD),
    tls__reset_rewritten=lambda: _shakes(CUT, control=GOOD),
    tls__reset_by_name=lambda: _shakes({"fails": RESET, "acked": None}, control=GOOD),
    tls__reset_any_name_too_soon=_rechecked,
    tls__reset_injected_residual=lambda: _shakes(SOON, control=SOON),
    tls__reset_any_name=lambda: _shakes(CUT, control=CUT),
    tls__closed_by_name=lambda: _shakes(SHUT, control=GOOD),
    tls__silent_unacked=lambda: _shakes(MUTE, control=GOOD),
    tls__silent_after_ack=lambda: _shakes(TAKEN, control=GOOD),
    tls__large_packets_lost=lambda: in_a_black_hole(_shakes(TAKEN, control=TAKEN)),
    tls__silent_answers_lost=lambda: _far_end(received=517, acked=0),
    tls__silent_after_some=lambda: _far_end(received=517, acked=1400),
    tls__silent_by_name=lambda: _shakes(UNTOLD, control=GOOD),
    tls__silent_any_first_data=lambda: _elsewhere_tls(
        _elsewhere_tls(_shakes(MUTE, control=MUTE)), vantage="h/US"
    ),
    tls__silent_any_name=lambda: _shakes(TAKEN, control=TAKEN),
    tls__cut_here_only=lambda: _elsewhere_tls(_shakes(CUT)),
    tls__silent_here_only=lambda: _elsewhere_tls(_shakes(MUTE)),
    tls__ends_untested=lambda: _shakes(MUTE),
    tls__fails_at_its_own_addresses=lambda: _shakes(CUT, control=GOOD, c2=GOOD),
    tls__alert_here_only=lambda: _shakes(ALERT, control=GOOD, c2=ALERT),
    tls__alert=lambda: _shakes(ALERT, control=GOOD),
    tls__no_tls=lambda: _shakes(RUBBISH),
    tls__reset_at_some_addresses=lambda: _by_address(CUT),
    tls__silent_at_some_addresses=lambda: _by_address(MUTE),
    tls__partly_injected=lambda: _rounds(True, *[False] * 11, fails=SOON),
    tls__partly_reset=lambda: _rounds(True, *[False] * 11),
    tls__partly_silent=lambda: _rounds(True, *[False] * 11, fails=MUTE),
    tls__mostly_ok=lambda: _shakes(GOOD, CUT, GOOD),
    tls__unclear=lambda: _shakes(GOOD, CUT),
)
