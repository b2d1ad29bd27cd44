"""One story per HTTP rule."""

from probe.model.target import Expectation
from probe.model.words import Arm, FailureWord, Role, VantageState
from tests.classify.build import (
    A1,
    EOF,
    HOST,
    NEUTRAL,
    OTHER,
    RESET,
    TIMEOUT,
    Atlas,
    Story,
    endpoint,
    failure,
    knowledge,
    last,
    online,
)
from tests.classify.filing import HTTP, STRANGE, cases, page, reached, story_of


def in_a_black_hole(told: Story) -> Story:
    """The same on a line that loses large packets, as its gates found."""
    told.vantage = online(VantageState.DEGRADED, gates={"mtu": "fail"})
    return told


def led(
    *, into_own_network: bool = True, compared: bool = True, title: str = "Access restricted"
) -> Story:
    """The resolver alone names a host in the clear; verified ones name another."""
    told = Story(HTTP)
    told.vantage = online(asns=(12389,))
    told.knowledge = knowledge(geo=Atlas({"188.254.": 12389 if into_own_network else 64500}))
    told.dns(["188.254.2.66"])
    told.encrypted_dns(A1)
    told.tcp("188.254.2.66", port=80)
    told.http("188.254.2.66", body="x" * 100, title=title)
    if compared:
        told.http(A1, body="y" * 9_000, title="Instagram", arm=Arm.C3)
    return told


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
        told.http(OTHER, 404, arm=Arm.C2, name=NEUTRAL)
        told.http(OTHER, arm=Arm.C2, name=HOST, **c2)  # type: ignore[arg-type]
        told.http(OTHER, 404, arm=Arm.C2, name=NEUTRAL)
    return told


def _elsewhere_http(told: Story, **values: object) -> Story:
    told.http(A1, **values)  # type: ignore[arg-type]
    told.elsewhere("h/DE", last(told))
    return told


NO_ANSWER = {"status": None, "fails": TIMEOUT}
CONTENT = endpoint(
    role=Role.CONTENT, expect=Expectation(withheld_marks=("withheld in your country",))
)
PAGE: dict[str, object] = {"status": 200, "body": "<title>Access restricted</title>"}
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
    http__error_here_only=lambda: _elsewhere_http(_answers({"status": 503})),
    http__server_error=lambda: _answers({"status": 503}),
    http__cut_short_inside_tls=lambda: _answers({"status": 200, "fails": EOF}),
    http__down_elsewhere_too=lambda: _elsewhere_http(_answers(NO_ANSWER), **NO_ANSWER),
    http__reset_by_host=lambda: _answers(
        {"status": None, "fails": RESET}, target=HTTP, c2={"status": None, "fails": RESET}
    ),
    http__closed_by_host=lambda: _answers(
        {"status": None, "fails": EOF}, target=HTTP, c2={"status": None, "fails": EOF}
    ),
    http__silent_by_host=lambda: _answers(NO_ANSWER, target=HTTP, c2=NO_ANSWER),
    http__reset_here_only=lambda: _elsewhere_http(
        _answers({"status": None, "fails": RESET}, target=HTTP)
    ),
    http__closed_here_only=lambda: _elsewhere_http(
        _answers({"status": None, "fails": EOF}, target=HTTP)
    ),
    http__silent_here_only=lambda: _elsewhere_http(_answers(NO_ANSWER, target=HTTP)),
    http__reset_inside_tls=lambda: _answers(
        {"status": None, "fails": RESET}, c2={"status": None, "fails": RESET}
    ),
    http__silent_inside_tls=lambda: _answers(NO_ANSWER, c2=NO_ANSWER),
    http__rubbish_inside_tls=lambda: _answers(
        {"status": None, "fails": failure(FailureWord.HTTP_REQUEST_FAILED)}
    ),
    http__failed=lambda: _answers(NO_ANSWER),
    http__large_packets_lost=lambda: in_a_black_hole(
        _answers({"status": None, "fails": TIMEOUT, "duration": 20.1})
    ),
    http__truncated=lambda: _answers({"status": 200, "fails": EOF}, target=HTTP),
    http__block_page_redirect=lambda: _answers(
        {"status": 302, "location": STRANGE, **BLOCK_PAGE}, target=HTTP
    ),
    http__block_page=lambda: _answers(BLOCK_PAGE, target=HTTP),
    http__strange_redirect=lambda: _answers(
        {"status": 302, "location": STRANGE},
        target=HTTP,
        c2={"status": 302, "location": STRANGE},
    ),
    http__page_too_soon=lambda: _answers(*[{"first_byte": 0.01}] * 3, target=HTTP),
    http__page_soon=lambda: _answers({"first_byte": 0.01}, target=HTTP),
    http__refusal_without_origin=lambda: _answers({"status": 403}, target=HTTP, c2={"status": 403}),
    http__unexplained_page=lambda: _answers({"status": 302, "location": STRANGE}, target=HTTP),
    http__strange_page=lambda: _unlike_known(c2=PAGE),
    http__unexpected_page=lambda: _unlike_known(),
    http__refusal_in_cleartext=lambda: _answers({"status": 429}, target=HTTP),
    http__unlike_elsewhere=lambda: _elsewhere_http(
        _answers(PAGE, target=HTTP), body="<title>Instagram</title>" * 40, title="Instagram"
    ),
    http__missing_here_only=lambda: _elsewhere_http(_answers({"status": 404}, target=HTTP)),
    http__error_in_cleartext=lambda: _answers({"status": 502}, target=HTTP),
    http__another_page_here=lambda: led(into_own_network=True),
    http__another_page_there=lambda: led(into_own_network=False),
    http__page_unvouched=lambda: led(compared=False),
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


def _unlike_known(c2: dict[str, object] | None = None) -> Story:
    """A page in the clear where a redirect was observed before."""
    target = endpoint(f"http://{HOST}/", expect=Expectation(status=(301,), sureness="observed"))
    told = _answers(PAGE, target=target, c2=c2)
    _marked(told, target)
    return told


def _marked(told: Story, target: object) -> None:
    """Let the catalogue know the endpoint: marks compare with what it says."""
    base = knowledge()
    service = base.catalogue.services[0].model_copy(update={"endpoints": (target,)})
    told.knowledge = knowledge(catalogue=base.catalogue.model_copy(update={"services": (service,)}))
