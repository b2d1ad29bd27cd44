"""The TLS table: what is fine, then certificates, then handshakes that fail, then mixtures."""

from probe.classify import constants as k
from probe.classify.look_tls import TlsLook
from probe.classify.outcomes import Ending
from probe.classify.rules import Rule, always, unclear
from probe.classify.rules_certificates import RULES_CERTIFICATES
from probe.classify.rules_handshakes import NAME_RIVALS, RULES_HANDSHAKES, grade_by_name
from probe.model.words import Category, Layer, Locus, State, Trigger


def _is_partly(look: TlsLook, *kinds: Ending) -> bool:
    """Whether the name fails too often for chance, neutral names never, and no server explains."""
    return (
        bool(look.failures)
        and all(h.is_alive for h in look.controls)
        and not look.is_excused
        and look.kind in kinds
        and look.p_value is not None
        and look.p_value < k.P_STRONG
    )


_FIRST: tuple[Rule[TlsLook], ...] = (
    unclear(
        "tls.not_tried",
        lambda look: not look.tries,
        Layer.TLS,
        ("not_measured",),
        "No handshake was tried at an address that may be the endpoint's.",
    ),
    Rule[TlsLook](
        id="tls.ok",
        when=lambda look: len(look.verified) == len(look.tries),
        state=State.OK,
        category=Category.OK,
        layer=Layer.TLS,
        why="Every handshake proved the name.",
    ),
    Rule[TlsLook](
        id="tls.one_wrong_certificate",
        when=lambda look: bool(look.verified) and not look.failures and look.shows_one_certificate,
        state=State.OK,
        category=Category.OK,
        layer=Layer.TLS,
        why="Some addresses prove the name; others show neutral names the same wrong certificate.",
    ),
    Rule[TlsLook](
        id="tls.recovered",
        when=lambda look: bool(look.verified) and look.has_recovered,
        state=State.OK,
        category=Category.OK,
        layer=Layer.TLS,
        why="Only first tries failed, and all later ones proved the name: trouble, no block.",
    ),
)

_LAST: tuple[Rule[TlsLook], ...] = (
    Rule[TlsLook](
        id="tls.partly_injected",
        when=lambda look: _is_partly(look, Ending.RESET) and look.is_injected and look.is_physical,
        state=State.BLOCKED,
        category=Category.TLS_SNI_RESET,
        subtype="injected",
        layer=Layer.TLS,
        trigger=Trigger.NAME,
        locus=Locus.PATH,
        grade=grade_by_name,
        rivals=NAME_RIVALS,
        why="S20, T13: cut often with the name, sooner than the server could, and never without"
        " it: a box that misses some, or stands on some of the paths.",
    ),
    Rule[TlsLook](
        id="tls.partly_reset",
        when=lambda look: _is_partly(look, Ending.RESET, Ending.CLOSED),
        state=State.BLOCKED,
        category=Category.TLS_SNI_RESET,
        layer=Layer.TLS,
        trigger=Trigger.NAME,
        locus=Locus.UNKNOWN,
        grade=grade_by_name,
        rivals=NAME_RIVALS,
        why="S20: cut often with the name and never without it: a box that misses some.",
    ),
    Rule[TlsLook](
        id="tls.partly_silent",
        when=lambda look: _is_partly(look, Ending.SILENT),
        state=State.BLOCKED,
        category=Category.TLS_SNI_DROP,
        layer=Layer.TLS,
        trigger=Trigger.NAME,
        locus=Locus.UNKNOWN,
        grade=grade_by_name,
        rivals=(*NAME_RIVALS, "mtu"),
        why="S20: silent often with the name and never without it: a box that misses some.",
    ),
    Rule[TlsLook](
        id="tls.mostly_ok",
        when=lambda look: len(look.verified) > len(look.tries) / 2 and not look.is_by_address,
        state=State.OK,
        category=Category.OK,
        layer=Layer.TLS,
        why="Most handshakes proved the name, and failures do not follow it: a lossy path.",
    ),
    unclear(
        "tls.unclear",
        always,
        Layer.TLS,
        ("loss", "one_bad_address", "server_down", "site_down"),
        "Failures of several kinds, or mixed with successes: nothing follows.",
    ),
)

RULES_TLS: tuple[Rule[TlsLook], ...] = (*_FIRST, *RULES_CERTIFICATES, *RULES_HANDSHAKES, *_LAST)
