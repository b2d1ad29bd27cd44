"""What must not be accused, and how little may be said of what looks like it.

A false accusation is the worst error: each story here has an innocent cause.
"""

from probe.lab.pki import Certificate
from probe.model.observation import TcpInfo, TlsObservation
from probe.model.target import Expectation
from probe.model.verdict import Verdict
from probe.model.words import (
    Arm,
    Category,
    Flag,
    Grade,
    RivalStatus,
    Role,
    State,
    Trigger,
    VantageState,
)
from tests.classify.build import (
    A1,
    EOF,
    HOST,
    NEUTRAL,
    OTHER,
    RESET,
    TIMEOUT,
    Story,
    endpoint,
    last,
    online,
)
from tests.classify.cases_http import _marked
from tests.classify.cases_tls import ALERT
from tests.classify.cases_whole import abroad, blocked_by_name

ACCUSING = {State.BLOCKED, State.IMPAIRED}


def accusations(story: Story, *, above: Grade | None = Grade.SUSPECTED) -> list[Verdict]:
    """Verdicts that call something blocked or impaired, at a grade above this one (None: any)."""
    order = [None, Grade.SUSPECTED, Grade.PROBABLE, Grade.STRONG, Grade.CONFIRMED]
    return [
        v
        for v in story.verdicts()
        if v.state in ACCUSING and v.grade and order.index(v.grade) > order.index(above)
    ]


# --- names --------------------------------------------------------------------------------


# --- servers --------------------------------------------------------------------------------


def test_broken_backend_behind_an_edge_stays_suspected() -> None:
    """It gives the very pattern of a filter, every time; the name elsewhere is served (0.2)."""
    story = blocked_by_name()
    abroad(story, None)

    verdict = story.verdict()

    assert verdict.p_value is not None
    assert verdict.p_value < 1e-4
    assert not accusations(story)


def test_pattern_alone_is_at_most_suspected() -> None:
    """Techniques 0.2: a broken backend of this one name gives it every time."""
    story = blocked_by_name()

    assert story.verdict().grade is Grade.SUSPECTED


def test_name_that_passes_at_a_strangers_host_is_its_own_servers_trouble() -> None:
    story = blocked_by_name()
    abroad(story, None)

    assert story.verdict().state is State.INSUFFICIENT


def test_filters_memory_of_another_name_at_the_shared_host_is_no_proof() -> None:
    """Every endpoint's name is tried there, and one that is blocked may leave residue (1.9)."""
    after, nothing_after = blocked_by_name(), blocked_by_name()
    for story in (after, nothing_after):
        story.tls(OTHER, arm=Arm.C2, name=NEUTRAL)
        story.tls(OTHER, RESET, arm=Arm.C2, after=0.05, acked=1)
    after.tls(OTHER, RESET, arm=Arm.C2, name=NEUTRAL, after=0.05, acked=1)

    assert after.verdict().grade is Grade.SUSPECTED
    assert nothing_after.verdict().grade is Grade.SUSPECTED


def test_another_end_at_the_strangers_host_is_no_proof() -> None:
    """The server took the hello and reset; at the other host somebody cut it off at once."""
    story = blocked_by_name(acked=518)
    abroad(story, RESET)
    story.observations = [
        o.model_copy(update={"failed_after_s": 0.003})
        if isinstance(o, TlsObservation) and o.arm is Arm.C2 and o.failure
        else o
        for o in story.observations
    ]

    assert story.verdict().state is State.INSUFFICIENT


def test_name_that_fails_at_a_strangers_host_too_is_confirmed() -> None:
    story = blocked_by_name()
    abroad(story, RESET)

    verdict = story.verdict()

    assert verdict.grade is Grade.CONFIRMED
    assert verdict.trigger is Trigger.NAME
    assert (verdict.n_target, verdict.n_control) == (12, 12)


def test_first_look_is_never_counted_among_the_attempts() -> None:
    assert blocked_by_name(3).verdict().n_target == 3


def test_vantage_abroad_alone_lifts_no_grade() -> None:
    """An origin that refuses our country is served abroad just as well."""
    story = blocked_by_name()
    story.tls(A1, connect=False)
    story.elsewhere("helper:a/DE", last(story))

    assert story.verdict().grade is Grade.SUSPECTED


def test_vantage_at_home_makes_it_strong_not_confirmed() -> None:
    """The server may refuse this client alone."""
    story = blocked_by_name()
    story.vantage = online(country="RU")
    story.tls(A1, connect=False)
    story.elsewhere("helper:a/RU", last(story))

    assert story.verdict().grade is Grade.STRONG


def test_both_fail_is_down_only_when_both_fail_the_same_way() -> None:
    same, other = blocked_by_name(0), blocked_by_name(0)
    same.tls(A1, RESET, connect=False)
    same.elsewhere("helper:a/DE", last(same))
    other.tls(A1, TIMEOUT, connect=False)
    other.elsewhere("helper:a/DE", last(other))

    assert same.verdict().state is State.DOWN
    assert other.verdict().state is State.BLOCKED


def test_reset_after_the_hello_was_taken_looks_like_the_servers_own() -> None:
    story = blocked_by_name(3, acked=518)

    assert story.verdict().state is State.INSUFFICIENT


def test_reset_sooner_than_the_server_could_is_nobody_elses() -> None:
    story = blocked_by_name(12, after=0.015, acked=1)

    verdict = story.verdict()

    assert (verdict.subtype, verdict.grade) == ("injected", Grade.STRONG)


def test_memory_of_another_name_at_the_same_address_is_not_this_ones_block() -> None:
    """Names share addresses; one that is blocked has all of them cut for minutes (1.9)."""
    story = Story()
    story.honest_dns(A1)
    for number in range(4):
        story.tls(A1, RESET, after=0.015, acked=1, attempt=number)
        story.tls(A1, RESET if number % 2 else None, arm=Arm.C1, after=0.015, attempt=number)

    assert not accusations(story)


def test_lost_syn_does_not_make_a_reset_look_too_soon() -> None:
    """One connection time may hold a repeated SYN: a second sample is needed."""
    story = Story()
    story.honest_dns(A1)
    story.tcp(A1, rtt=1.05)
    story.tls(A1, RESET, after=0.05, acked=1, connect=False)

    assert story.verdict().subtype is None


def test_forged_acknowledgement_does_not_shorten_the_round_trip() -> None:
    story = Story()
    story.honest_dns(A1)
    story.tls(A1, EOF, after=0.018)
    info = TcpInfo(min_rtt_us=18_000, bytes_acked=518)
    story.observations[-1] = story.observations[-1].model_copy(update={"tcp_info": info})
    story.tls(A1, arm=Arm.C1)

    assert story.verdict().rule_id == "tls.closed_by_name"


def test_alert_of_a_server_accuses_nobody() -> None:
    story = Story()
    story.honest_dns(A1)
    for number in range(4):
        story.tls(A1, attempt=number, **ALERT)  # type: ignore[arg-type]
        story.tls(A1, arm=Arm.C1, attempt=number)

    assert story.verdict().state is State.INSUFFICIENT


def test_silence_with_a_small_answer_to_the_control_leaves_the_mtu() -> None:
    """A black hole for large packets passes an alert and eats a certificate."""
    small, large = Story(), Story()
    for story, received in ((small, 7), (large, 4000)):
        story.honest_dns(A1)
        for number in range(4):
            story.tls(A1, TIMEOUT, after=10.0, attempt=number)
            story.tls(
                A1,
                EOF if story is small else None,
                arm=Arm.C1,
                attempt=number,
                received=received,
            )

        story.vantage = online(country="RU")
        story.tls(A1, connect=False)
        story.elsewhere("helper:a/RU", last(story))

    assert small.verdict().grade is Grade.SUSPECTED
    assert large.verdict().grade is Grade.PROBABLE


def test_a_chain_that_fits_into_one_packet_leaves_the_mtu() -> None:
    """Short chains on elliptic curves do: the handshakes complete, and the page never comes."""
    story = Story()
    story.honest_dns(A1)
    story.tls(A1, received=1072)
    story.tls(A1, arm=Arm.C1, received=1072)
    story.http(A1, None, TIMEOUT, progress=((0.1, 40),), duration=20.1)
    story.http(A1, 200, TIMEOUT, progress=((0.1, 160),), duration=20.1)

    verdict = story.verdict()

    assert verdict.rule_id == "pace.stalled"
    assert [r.status for r in verdict.rivals if r.id == "mtu"] != [RivalStatus.RULED_OUT]


def test_smaller_answers_that_pass_a_black_hole_are_no_filter_of_versions() -> None:
    """TLS 1.2's first answer may fit where 1.3's does not; elsewhere both arrive."""
    story = Story()
    story.honest_dns(A1)
    story.tls(A1, TIMEOUT, after=10.0, acked=518)
    story.tls(A1, TIMEOUT, arm=Arm.C1, after=10.0, acked=518)
    story.tls(A1, hello="tls12")
    story.tls(A1, connect=False)
    story.elsewhere("helper:a/DE", last(story))

    assert not accusations(story, above=None)


def test_overloaded_server_that_cuts_every_second_connection_is_not_accused() -> None:
    story = Story()
    story.honest_dns(A1)
    for number, name_first in enumerate((True, False, True), start=1):
        for is_name in (name_first, not name_first):
            fails = RESET if is_name is name_first else None
            if is_name:
                story.tls(A1, fails, after=0.05, attempt=number)
            else:
                story.tls(A1, fails, after=0.05, arm=Arm.C1, attempt=number)

    assert not accusations(story)


def test_own_certificate_for_every_name_is_the_servers_own() -> None:
    story = Story()
    story.honest_dns(A1)
    for number in range(3):
        story.tls(A1, kind=Certificate.SELF_SIGNED, attempt=number)
        story.tls(
            A1,
            arm=Arm.C1,
            kind=Certificate.SELF_SIGNED,
            certificate_for=HOST,
            attempt=number,
        )

    assert story.verdict().state is State.INSUFFICIENT


def test_expired_certificate_of_a_public_root_is_the_services_fault() -> None:
    story = Story()
    story.honest_dns(A1)
    story.tls(A1, kind=Certificate.EXPIRED)

    verdict = story.verdict()

    assert (verdict.state, verdict.subtype) == (State.DOWN, "certificate")
    assert Flag.CERTIFICATE_EXPIRED in verdict.flags


def test_corrected_clock_makes_an_expired_certificate_good() -> None:
    story = Story()
    story.vantage = online(clock_offset_s=40 * 86_400.0)
    story.honest_dns(A1)
    story.tls(A1, kind=Certificate.EXPIRED)
    story.http(A1)

    assert story.verdict().state is State.OK


def test_silent_page_inside_verified_tls_is_the_servers_until_shown_otherwise() -> None:
    story = Story()
    story.honest_dns(A1)
    for number in range(4):
        story.tls(A1, attempt=number)
        story.http(A1, None, TIMEOUT, attempt=number)
        story.http(A1, arm=Arm.C1, attempt=number)

    assert story.verdict().state is State.INSUFFICIENT


def test_block_page_over_verified_tls_is_the_servers_own_refusal() -> None:
    story = Story()
    story.honest_dns(A1)
    story.tls(A1)
    story.http(A1, body="<h1>Доступ ограничен</h1>")

    verdict = story.verdict()

    assert (verdict.state, verdict.category) == (State.RESTRICTED, Category.REACHABLE_BOTWALL)


def test_redirect_within_the_catalogue_is_canonical() -> None:
    """twitter.com sends its visitors to x.com; both are the service's."""
    story = Story(endpoint(f"http://{HOST}/"))
    story.honest_dns(A1)
    story.tcp(A1, port=80)
    story.http(A1, 301, location="https://about.instagram.com/")
    story.http(A1, 404, arm=Arm.C1)

    assert story.verdict().state is State.OK


def test_assumed_expectation_never_decides() -> None:
    target = endpoint(f"http://{HOST}/", expect=Expectation(status=(301,), body="nothing like it"))
    story = Story(target)
    _marked(story, target)
    story.honest_dns(A1)
    story.tcp(A1, port=80)
    story.http(A1, 200)

    assert story.verdict().state is State.OK
    assert story.verdict().flags == ()


def test_api_that_refuses_strangers_is_reached() -> None:
    story = Story(endpoint(role=Role.API))
    story.honest_dns(A1)
    story.tls(A1)
    story.http(A1, 401)

    assert story.verdict().state is State.OK


def test_interception_of_everything_says_nothing_of_the_service() -> None:
    story = Story()
    story.vantage = online(VantageState.INTERCEPTED)
    story.honest_dns(A1)
    story.tls(A1, kind=Certificate.STATE_CA)

    assert story.verdict().category is Category.LOCAL_INTERFERENCE
