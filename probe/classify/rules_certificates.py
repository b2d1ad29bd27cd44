"""Rows about certificates that prove nothing: forged ones, and the server's own sorry ones.

techniques S09-S11; row 22 of 6.3. A chain that a public root signed cannot be forged on the way,
however expired it is.
"""

from collections.abc import Callable
from dataclasses import replace

from probe.classify import constants as k
from probe.classify.grades_dns import artefact_grade
from probe.classify.look_tls import TlsLook
from probe.classify.rules import Rule, suspected, unclear
from probe.model.words import Category, Grade, Layer, Locus, State, Trigger, VantageState

When = Callable[[TlsLook], bool]
_CERTIFICATE_RIVALS = (
    "default_certificate",
    "origin_certificate",
    "local_interception",
    "stale_roots",
    "clock",
    "once_only",
)


def down_grade(look: TlsLook) -> Grade:
    """Return how sure "it fails elsewhere too" is."""
    return Grade.PROBABLE if len(look.elsewhere.of("tls")) >= 2 else Grade.SUSPECTED


def _mitm_grade(look: TlsLook) -> Grade:
    sightings = look.certificate_artefacts + look.page_artefacts
    if sightings:
        return artefact_grade(sightings)
    many = len(look.foreign) >= k.ARTEFACT_SIGHTINGS
    if look.c1 != "alive" or not look.controls_are_genuine or not many:
        return Grade.SUSPECTED
    if look.reason == "wrong_name" or any(chain.has_scts for _, chain in look.foreign):
        return Grade.SUSPECTED
    if not look.elsewhere.passing("tls") or look.same_leaf_elsewhere:
        return Grade.SUSPECTED
    # A program or an office that opens some sites only shows certificates of an authority of its
    # own, never a lone one that signed itself.
    return Grade.STRONG if look.reason == "self_signed" else Grade.PROBABLE


def _mitm(id_: str, when: When, subtype: str | None, why: str) -> Rule[TlsLook]:
    return Rule[TlsLook](
        id=id_,
        when=when,
        state=State.BLOCKED,
        category=Category.TLS_MITM,
        subtype=subtype,
        layer=Layer.TLS,
        trigger=Trigger.NAME,
        locus=Locus.PATH,
        grade=_mitm_grade,
        rivals=_CERTIFICATE_RIVALS,
        why=why,
    )


RULES_CERTIFICATES: tuple[Rule[TlsLook], ...] = (
    Rule[TlsLook](
        id="tls.intercepted_vantage",
        when=lambda look: (
            bool(look.foreign) and look.facts.vantage.state is VantageState.INTERCEPTED
        ),
        state=State.INSUFFICIENT,
        category=Category.LOCAL_INTERFERENCE,
        subtype="tls",
        layer=Layer.ENVIRONMENT,
        locus=Locus.LOCAL,
        why="E02: the controls' certificates are exchanged as well: nothing about this name.",
    ),
    _mitm(
        "tls.mitm_known_certificate",
        lambda look: bool(look.certificate_artefacts or look.page_artefacts),
        None,
        "S09, row 22: a certificate, or a page behind it, that is known to be a censor's.",
    ),
    unclear(
        "tls.expired_here_only",
        lambda look: (
            look.reason == "expired"
            and not look.is_clock_right
            and bool(look.elsewhere.passing("tls"))
            and not look.same_leaf_elsewhere
        ),
        Layer.TLS,
        ("clock", "once_only"),
        "Genuine, and out of date by our clock; elsewhere the name is proved now. A wrong clock"
        " looks like this, and one forgotten edge.",
    ),
    unclear(
        "tls.expired_at_some_addresses",
        lambda look: look.reason == "expired" and bool(look.verified),
        Layer.TLS,
        ("once_only", "one_bad_address"),
        "Genuine, and out of date; other addresses prove the name: one forgotten edge.",
    ),
    Rule[TlsLook](
        id="tls.certificate_expired",
        when=lambda look: look.reason == "expired",
        state=State.DOWN,
        category=Category.DOWN,
        subtype="certificate",
        layer=Layer.TLS,
        locus=Locus.SERVER,
        grade=suspected,
        rivals=("clock",),
        why="A public root signed it for this name: genuine, and out of date.",
    ),
    Rule[TlsLook](
        id="tls.certificate_early",
        when=lambda look: look.reason == "not_yet_valid" and look.is_clock_right,
        state=State.DOWN,
        category=Category.DOWN,
        subtype="certificate",
        layer=Layer.TLS,
        locus=Locus.SERVER,
        grade=suspected,
        rivals=("clock",),
        why="A public root signed it for this name; it is from the future, and our clock is right.",
    ),
    unclear(
        "tls.certificate_not_yet_valid",
        lambda look: look.reason == "not_yet_valid",
        Layer.TLS,
        ("clock",),
        "Genuine, but from the future: our clock is the nearer explanation.",
    ),
    Rule[TlsLook](
        id="tls.certificate_bad_elsewhere_too",
        when=lambda look: bool(look.foreign) and look.same_leaf_elsewhere,
        state=State.DOWN,
        category=Category.DOWN,
        subtype="certificate",
        layer=Layer.TLS,
        locus=Locus.SERVER,
        grade=down_grade,
        rivals=("blocked_there_too",),
        why="Other vantage points are shown the very same certificate.",
    ),
    Rule[TlsLook](
        id="tls.certificate_refused_elsewhere_too",
        when=lambda look: (
            bool(look.foreign) and not look.forges_neutral and look.elsewhere.refuses_certificate()
        ),
        state=State.DOWN,
        category=Category.DOWN,
        subtype="certificate",
        layer=Layer.TLS,
        locus=Locus.SERVER,
        grade=down_grade,
        rivals=("blocked_there_too",),
        why="Other vantage points refuse the certificate that they are shown as well.",
    ),
    unclear(
        "tls.certificate_refused_at_this_address",
        lambda look: (
            bool(look.foreign)
            and not look.forges_neutral
            and look.elsewhere.refuses_at(frozenset(h.seen.address or "" for h, _ in look.foreign))
        ),
        Layer.TLS,
        ("origin_certificate", "forged_for_address", "geo_dns"),
        "D07: others are shown no valid certificate at this address either, and one at another: a"
        " stranger's server, or a bad edge of the site's own; nobody on our way.",
    ),
    Rule[TlsLook](
        id="tls.local_product",
        when=lambda look: bool(look.foreign) and look.trust_local and look.is_local_product,
        state=State.INSUFFICIENT,
        category=Category.LOCAL_INTERFERENCE,
        subtype="tls",
        layer=Layer.ENVIRONMENT,
        locus=Locus.LOCAL,
        why="E02: a program that this machine trusts opens connections to some sites, and says so.",
    ),
    _mitm(
        "tls.mitm_forges_any_name",
        lambda look: bool(look.foreign) and look.forges_neutral,
        "unknown_ca",
        "S09: a certificate was made on the spot for a reserved name that nobody can own.",
    ),
    replace(
        _mitm(
            "tls.mitm_local_root",
            lambda look: bool(look.foreign) and look.trust_local,
            "state_ca",
            "S11: only a root that somebody added to this machine vouches; controls are untouched."
            " A program here that opens some sites only would look just so.",
        ),
        locus=Locus.UNKNOWN,
        grade=suspected,
        rivals=("local_program", *_CERTIFICATE_RIVALS),
    ),
    unclear(
        "tls.own_certificate",
        lambda look: bool(look.foreign) and look.shows_one_certificate,
        Layer.TLS,
        ("origin_certificate", "default_certificate", "stale_roots", "forged_for_address"),
        "Neutral names are shown the same certificate: it does not depend on the name.",
    ),
    _mitm(
        "tls.mitm_self_signed",
        lambda look: look.reason == "self_signed" and look.is_shown_otherwise,
        "self_signed",
        "S09: a self-signed certificate for this name only.",
    ),
    _mitm(
        "tls.mitm_unknown_ca",
        lambda look: look.reason in {"unknown_issuer", "malformed"} and look.is_shown_otherwise,
        "unknown_ca",
        "S09: a certificate of an unknown authority for this name only.",
    ),
    _mitm(
        "tls.mitm_wrong_name",
        lambda look: look.reason == "wrong_name" and look.c1 == "alive",
        "wrong_name",
        "S10: a public certificate for another name, which neutral names are not shown.",
    ),
    unclear(
        "tls.strange_certificate",
        lambda look: look.reason in {"self_signed", "unknown_issuer", "malformed"},
        Layer.TLS,
        _CERTIFICATE_RIVALS,
        "A certificate that nobody public vouches for; what else this server shows is not known.",
    ),
    unclear(
        "tls.wrong_name",
        lambda look: look.reason == "wrong_name",
        Layer.TLS,
        ("default_certificate", "origin_certificate"),
        "A public certificate for another name: most often an edge's default.",
    ),
)
