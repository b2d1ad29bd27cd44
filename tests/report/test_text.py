import io
from dataclasses import replace

from probe.model.verdict import GateVerdict, ServiceVerdict, VantageVerdict
from probe.model.words import VantageState
from probe.report.findings import findings
from probe.report.grid import show
from probe.report.text import report_blocks
from probe.report.words import wording
from tests.report.samples import verdict


def printed(found, language="en"):
    file = io.StringIO()
    show(report_blocks(found, wording(language)), file)
    return file.getvalue()


def test_the_report_says_it_in_words_before_it_shows_a_table(found):
    text = printed(found)

    sentence = "Instagram: could not be reached. The connection was cut right after we named"
    assert sentence in text
    assert text.index(sentence) < text.index("tls_sni_reset")
    assert "could also be: the server itself ends connections for this name (not asked)" in text
    assert "Next: " in text


def test_the_report_says_where_and_when_but_no_address(found):
    assert "Measured from DE, AS64500 EXAMPLE-NET, 2026-11-23 21:43 UTC." in printed(found)


def test_the_report_speaks_russian(found):
    text = printed(found, "ru")

    assert "Соединение оборвано сразу после того, как мы назвали сайт." in text
    assert "could not" not in text


def test_offline_says_nothing_about_services(found, catalogue):
    offline = VantageVerdict(
        state=VantageState.OFFLINE,
        gates=(GateVerdict(gate="offline", outcome="fail", rule_id="g", detail="0 of 12\x1b[2J"),),
    )
    nothing = findings(
        found.run.model_copy(update={"status": "offline"}), offline, (), (), catalogue
    )

    text = printed(nothing)

    assert "There is no internet here" in text
    assert "0 of 12\\x1b[2J" in text
    assert "Instagram" not in text


def test_a_lab_run_is_said_to_be_made_up(found, catalogue):
    run = found.run.model_copy(update={"world": "lab:march-2022"})
    lab = findings(run, found.vantage, found.services, found.verdicts, catalogue)

    assert printed(lab).startswith("Lab run in the world march-2022: made-up servers")


def test_an_interrupted_run_says_that_it_was(found, catalogue):
    run = found.run.model_copy(update={"status": "interrupted"})
    cut = findings(run, found.vantage, found.services, found.verdicts, catalogue)

    assert "The run was interrupted" in printed(cut)


def test_a_run_that_ended_before_its_gates_does_not_say_that_there_is_no_internet(found, catalogue):
    """Ctrl-C in the first seconds, or a power cut, said so."""
    unasked = VantageVerdict(state=VantageState.OFFLINE)
    stopped = findings(
        found.run.model_copy(update={"status": "interrupted"}), unasked, (), (), catalogue
    )

    for language in ("en", "ru"):
        words = wording(language)
        said = report_blocks(stopped, words)
        assert words.phrases["unasked"] in said
        assert words.vantage[VantageState.OFFLINE] not in said


def test_a_run_that_was_killed_says_that_it_has_no_end(found):
    killed = replace(found, run=found.run.model_copy(update={"status": "running"}))

    words = wording("en")
    assert words.phrases["running"] in report_blocks(killed, words)


def test_a_service_that_works_and_shows_another_page_is_said_to(found, catalogue):
    """Who wrote down what to expect wants to know, though nobody stands in the way."""
    other = {"flags": ("unexpected_content",), "detail": "HTTP 200 (For sale)"}
    verdicts = tuple(
        verdict("instagram.web", family=family, **other) for family in ("ipv4", "ipv6")
    )
    services = (ServiceVerdict(service="instagram", state="ok", category="ok", witness="x"),)

    text = printed(findings(found.run, found.vantage, services, verdicts, catalogue))

    assert text.count("the page does not look as expected: HTTP 200 (For sale)") == 1
