"""Rows on handshakes that do not complete: by the name, by the hello's shape, by nobody's fault.

techniques S01-S08, S12-S18, T06-T08; rows 14-21 and 23 of 6.3. Of S02, 0.5: C1 and C2 alone tell.
"""

from probe.classify.grades import Case, name_grade
from probe.classify.look_tls import TlsLook
from probe.classify.outcomes import Ending
from probe.classify.rules import Rule, large_packets_lost, suspected, unclear, weaker
from probe.classify.rules_certificates import When, down_grade
from probe.model.words import Category, Grade, Layer, Locus, State, Trigger

NAME_RIVALS = (
    *("server_down", "server_refuses_name", "site_down", "loss"),
    *("hello_shape", "one_bad_address", "home_router"),
)


def grade_by_name(look: TlsLook) -> Grade:
    """The ladder, fed from handshakes."""
    grade = name_grade(
        Case(
            c1_alive=look.c1 == "alive",
            c2=look.c2,
            elsewhere_home=look.elsewhere.passing_at_home("tls"),
            too_soon=len(look.too_soon),
            too_soon_p=look.too_soon_p,
            p_value=look.p_value,
            discordant=look.is_discordant,
            failures=len(look.failures),
            controls=len(look.controls),
            residual=look.residual,
        )
    )
    # Some addresses work: one bad edge is a rival that only C2 or timing rules out.
    if look.is_by_address and look.c2 != "dead" and not look.is_physical:
        return weaker(grade, Grade.SUSPECTED)
    return grade


def _silent_grade(look: TlsLook) -> Grade:
    """A small answer to the control leaves an MTU black hole that eats the large one."""
    grade = grade_by_name(look)
    if look.acked and not look.c1_large and look.c2 != "dead":
        return weaker(grade, Grade.SUSPECTED)
    return grade


def _is_down(look: TlsLook) -> bool:
    return look.all_fail and look.kind is not None and look.elsewhere.is_down("tls", {look.kind})


def _timing_grade(look: TlsLook) -> Grade:
    return Grade.PROBABLE if look.is_physical else Grade.SUSPECTED


def _failing(look: TlsLook, *kinds: Ending) -> bool:
    return look.all_fail and look.kind in kinds


def _is_taken(look: TlsLook) -> bool:
    """Whether the hello with the name was acknowledged, and then nothing came."""
    return _failing(look, Ending.SILENT) and look.is_name and look.acked is True


def _is_shape(look: TlsLook) -> bool:
    """Whether our hello fails here alone: no answer was lost, and nobody cuts by the name.

    Who took the hello has it: large answers may be lost. Where forged ends spare a neutral name's
    hello, another shape passed by chance.
    """
    is_lost = look.kind is Ending.SILENT and look.acked is True
    is_cut = look.is_name and look.is_physical
    return look.all_fail and not is_lost and not is_cut and bool(look.elsewhere.passing("tls"))


def _reset(id_: str, when: When, subtype: str | None, locus: Locus, why: str) -> Rule[TlsLook]:
    return Rule[TlsLook](
        id=id_,
        when=when,
        state=State.BLOCKED,
        category=Category.TLS_SNI_RESET,
        subtype=subtype,
        layer=Layer.TLS,
        trigger=Trigger.NAME,
        locus=locus,
        grade=grade_by_name,
        rivals=NAME_RIVALS,
        why=why,
    )


def _silent(id_: str, when: When, subtype: str | None, why: str) -> Rule[TlsLook]:
    return Rule[TlsLook](
        id=id_,
        when=when,
        state=State.BLOCKED,
        category=Category.TLS_SNI_DROP,
        subtype=subtype,
        layer=Layer.TLS,
        trigger=Trigger.NAME,
        locus=Locus.PATH,
        grade=_silent_grade,
        rivals=(*NAME_RIVALS, "mtu", "slow_server"),
        why=why,
    )


RULES_HANDSHAKES: tuple[Rule[TlsLook], ...] = (
    Rule[TlsLook](
        id="tls.down_elsewhere_too",
        when=_is_down,
        state=State.DOWN,
        category=Category.DOWN,
        subtype="tls",
        layer=Layer.TLS,
        locus=Locus.SERVER,
        grade=down_grade,
        rivals=("blocked_there_too", "loss"),
        why="E10: other vantage points' handshakes fail in the same way.",
    ),
    Rule[TlsLook](
        id="tls.trickle_by_name",
        when=lambda look: _failing(look, Ending.TRICKLE) and look.is_name,
        state=State.IMPAIRED,
        category=Category.THROTTLE,
        subtype="sni_extreme",
        layer=Layer.TLS,
        trigger=Trigger.NAME,
        locus=Locus.PATH,
        grade=grade_by_name,
        rivals=(*NAME_RIVALS, "slow_server", "slow_line"),
        why="R02, row 26: bytes come, at less than 2 kB/s; a neutral name is answered at once.",
    ),
    unclear(
        "tls.trickle",
        lambda look: _failing(look, Ending.TRICKLE),
        Layer.TLS,
        ("slow_server", "slow_line", "server_down"),
        "Bytes come too slowly, with a neutral name too or none was tried.",
    ),
    Rule[TlsLook](
        id="tls.version_matters",
        when=lambda look: _is_shape(look) and look.some_version_passes,
        state=State.BLOCKED,
        category=Category.TLS_FINGERPRINT_BLOCK,
        subtype="version",
        layer=Layer.TLS,
        trigger=Trigger.FINGERPRINT,
        locus=Locus.PATH,
        grade=suspected,
        rivals=("library_defect", "loss", "site_down"),
        why="S12, S16, row 21: one version of the protocol passes, with the same name; elsewhere"
        " our own hello does.",
    ),
    Rule[TlsLook](
        id="tls.hello_matters",
        when=lambda look: _is_shape(look) and look.variant("chrome") == "alive",
        state=State.BLOCKED,
        category=Category.TLS_FINGERPRINT_BLOCK,
        subtype="hello",
        layer=Layer.TLS,
        trigger=Trigger.FINGERPRINT,
        locus=Locus.PATH,
        grade=suspected,
        rivals=("library_defect", "loss", "site_down"),
        why="S16, row 21: a browser's hello passes, with the same name; elsewhere ours does too.",
    ),
    unclear(
        "tls.shape_matters",
        lambda look: look.all_fail and look.is_shape_open,
        Layer.TLS,
        ("library_defect", "loss", "mtu", "site_down"),
        "Another hello passes with the same name: a server that our hello is too new or too large"
        " for looks like a filter of its shape, and so do lost large packets.",
    ),
    unclear(
        "tls.cut_like_servers_do",
        lambda look: _failing(look, Ending.RESET, Ending.CLOSED) and look.is_servers_own,
        Layer.TLS,
        ("server_down", "server_refuses_name", "site_down", "loss"),
        "The hello was taken and the end came a round trip later, as servers end connections.",
    ),
    unclear(
        "tls.fails_at_its_own_addresses",
        lambda look: (
            _failing(look, Ending.RESET, Ending.CLOSED, Ending.SILENT)
            and look.c1 == "alive"
            and look.is_excused
        ),
        Layer.TLS,
        ("server_refuses_name", "origin_geofence", "site_down", "loss", "one_bad_address"),
        "The name is answered at a neutral host, and other names are answered here: a broken or"
        " refusing server, or a filter of name and address together (S18).",
    ),
    _reset(
        "tls.reset_injected",
        lambda look: _failing(look, Ending.RESET) and look.is_name and look.is_injected,
        "injected",
        Locus.PATH,
        "S01: cut after the name, sooner than the server could; a neutral name is answered.",
    ),
    _reset(
        "tls.reset_rewritten",
        lambda look: _failing(look, Ending.RESET) and look.is_name and look.is_rewritten,
        "rewrite",
        Locus.PATH,
        "S02: cut with the server's own timing, the hello unacknowledged; neutral names pass.",
    ),
    _reset(
        "tls.reset_by_name",
        lambda look: _failing(look, Ending.RESET) and look.is_name,
        None,
        Locus.UNKNOWN,
        "S01, S02: cut after the name; a neutral name at the same address is answered.",
    ),
    Rule[TlsLook](
        id="tls.reset_any_name_too_soon",
        when=lambda look: (
            _failing(look, Ending.RESET, Ending.CLOSED)
            and look.c1_fails_alike
            and look.is_injected
            and look.was_rechecked
        ),
        state=State.BLOCKED,
        category=Category.PORT_BLOCK,
        subtype="rst_after_connect",
        layer=Layer.TLS,
        trigger=Trigger.ADDRESS,
        locus=Locus.PATH,
        grade=_timing_grade,
        rivals=("residual_state", "site_down"),
        why="T07: any first data is cut, sooner than the server could.",
    ),
    Rule[TlsLook](
        id="tls.reset_injected_residual",
        when=lambda look: _failing(look, Ending.RESET) and look.c1_is_hit and look.is_injected,
        state=State.BLOCKED,
        category=Category.TLS_SNI_RESET,
        subtype="injected",
        layer=Layer.TLS,
        trigger=Trigger.UNKNOWN,
        locus=Locus.PATH,
        grade=suspected,
        rivals=("residual_state", "server_refuses_name", "site_down"),
        why="S01: cut sooner than the server could, and so is a neutral name right afterwards: what"
        " such boxes remember for minutes (1.9), or a box that cuts everything (T07).",
    ),
    unclear(
        "tls.reset_any_name",
        lambda look: _failing(look, Ending.RESET, Ending.CLOSED) and look.c1 == "dead",
        Layer.TLS,
        ("residual_state", "server_refuses_neutral", "server_refuses_name", "site_down"),
        "Neutral names are cut as well: the server, or what a censor remembers of our name.",
    ),
    _reset(
        "tls.closed_by_name",
        lambda look: _failing(look, Ending.CLOSED) and look.is_name,
        "fin",
        Locus.UNKNOWN,
        "S07, row 20: closed after the name; a neutral name at the same address is answered.",
    ),
    _silent(
        "tls.silent_unacked",
        lambda look: _failing(look, Ending.SILENT) and look.is_name and look.acked is False,
        "unacked",
        "S04, row 17: nobody acknowledged the hello with the name; with another one they do.",
    ),
    large_packets_lost(
        "tls.large_packets_lost",
        lambda look: (
            _failing(look, Ending.SILENT)
            and look.acked is True
            and not (look.c1_large or look.c2 == "dead")
            and look.facts.gate_fails("mtu")
        ),
        "E07: most controls stall once packets grow large, and so does this certificate.",
        rivals=("hello_shape",),
    ),
    _silent(
        "tls.silent_answers_lost",
        lambda look: _is_taken(look) and look.far_end == "unanswered",
        "after_ack",
        "S05: our own responder has the hello with the name, and no answer of its gets through.",
    ),
    _silent(
        "tls.silent_after_some",
        lambda look: _is_taken(look) and look.far_end == "partly",
        "after_ack",
        "S03: our own responder has the hello with the name; some packets pass, then none.",
    ),
    _silent(
        "tls.silent_after_ack",
        _is_taken,
        "after_ack",
        "S03, S05, row 18: the hello was taken, then silence; a neutral name is answered.",
    ),
    _silent(
        "tls.silent_by_name",
        lambda look: _failing(look, Ending.SILENT) and look.is_name,
        None,
        "S03-S06: silence after the name; a neutral name at the same address is answered.",
    ),
    Rule[TlsLook](
        id="tls.silent_any_first_data",
        when=lambda look: (
            _failing(look, Ending.SILENT)
            and look.c1_fails_alike
            and look.acked is False
            and look.elsewhere.speaks_for_us("tls")
        ),
        state=State.BLOCKED,
        category=Category.IP_BLOCK,
        subtype="post_handshake",
        layer=Layer.TLS,
        trigger=Trigger.ADDRESS,
        locus=Locus.UNKNOWN,
        grade=suspected,
        rivals=("residual_state", "site_down", "mtu"),
        why="T06, row 19: connections are made and no first data is ever acknowledged.",
    ),
    unclear(
        "tls.silent_any_name",
        lambda look: _failing(look, Ending.SILENT) and look.c1 == "dead",
        Layer.TLS,
        ("residual_state", "server_refuses_neutral", "server_refuses_name", "mtu", "site_down"),
        "Neutral names are met with silence as well: an overloaded server does that.",
    ),
    _reset(
        "tls.cut_here_only",
        lambda look: _failing(look, Ending.RESET, Ending.CLOSED) and look.is_name_here_only,
        None,
        Locus.UNKNOWN,
        "S01, S02: cut after the name here, and not elsewhere; no neutral name was tried.",
    ),
    _silent(
        "tls.silent_here_only",
        lambda look: _failing(look, Ending.SILENT) and look.is_name_here_only,
        None,
        "S03-S06: silence after the name here, and not elsewhere; no neutral name was tried.",
    ),
    unclear(
        "tls.ends_untested",
        lambda look: _failing(look, Ending.RESET, Ending.CLOSED, Ending.SILENT),
        Layer.TLS,
        (*NAME_RIVALS, "mtu", "slow_server"),
        "Handshakes end or stay silent right after the name; no neutral name was tried yet.",
    ),
    Rule[TlsLook](
        id="tls.alert_here_only",
        when=lambda look: (
            _failing(look, Ending.ALERT)
            and look.c1 == "alive"
            and (look.is_injected or look.c2 == "dead" or look.elsewhere.passing_at_home("tls"))
        ),
        state=State.BLOCKED,
        category=Category.TLS_MITM,
        subtype="alert",
        layer=Layer.TLS,
        trigger=Trigger.NAME,
        locus=Locus.UNKNOWN,
        grade=_timing_grade,
        rivals=("server_refuses_name", "rate_limit"),
        why="S08, row 23: an alert for this name: sooner than the server could, at a stranger's"
        " host too, or in this network only.",
    ),
    unclear(
        "tls.alert",
        lambda look: _failing(look, Ending.ALERT),
        Layer.TLS,
        ("server_down", "server_refuses_name", "rate_limit", "site_down", "library_defect"),
        "S08: servers send alerts honestly; without another vantage nothing can be said.",
    ),
    unclear(
        "tls.no_tls",
        lambda look: _failing(look, Ending.GARBAGE),
        Layer.TLS,
        ("server_down", "site_down", "portal"),
        "What came back is not TLS.",
    ),
    _reset(
        "tls.reset_at_some_addresses",
        lambda look: (
            look.is_by_address
            and look.kind is Ending.RESET
            and look.is_name
            and look.is_steady
            and not look.is_excused
        ),
        None,
        Locus.UNKNOWN,
        "S18: cut after the name at some addresses, at which a neutral name is answered.",
    ),
    _silent(
        "tls.silent_at_some_addresses",
        lambda look: (
            look.is_by_address
            and look.kind is Ending.SILENT
            and look.is_name
            and look.is_steady
            and not look.is_excused
        ),
        None,
        "S18: silence after the name at some addresses, at which a neutral name is answered.",
    ),
)
