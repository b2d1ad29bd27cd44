"""Every format of a check, read back by a parser that is not ours."""

import json
import re

import junitparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from prometheus_client.parser import text_string_to_metric_families

from probe.exchange.checks import FORMATS, written
from probe.exchange.checks.github import annotations, github, outputs
from probe.exchange.checks.json_text import CheckLine
from probe.exchange.checks.markdown import SUMMARY_MAX_BYTES, cut, markdown
from probe.exchange.checks.nagios import nagios_code, nagios_trouble
from probe.model.check import CheckReport
from tests.exchange.check_samples import NASTY, REPORTS, many, mixed, offline, passing

every_report = pytest.mark.parametrize("name", REPORTS)


@pytest.mark.parametrize("form", FORMATS)
@every_report
def test_every_format_writes_the_same_text_twice_and_ends_its_last_line(form, name):
    def without_fence(text):
        return re.sub(r"roadblock-[0-9a-f]{32}", "roadblock-…", text)

    first = without_fence(written(REPORTS[name](), form))

    assert first == without_fence(written(REPORTS[name](), form))
    assert first.endswith("\n")
    assert not first.endswith("\n\n\n")


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_that_a_terminal_obeys_is_written(form):
    text = written(mixed(NASTY), form)

    assert not set(text) & set("\x1b\x00\r\u202e\u2028\x9b")


# --- JSON


@every_report
def test_json_keeps_to_its_schema_and_is_read_back_as_it_was(name):
    schema = CheckReport.model_json_schema(mode="serialization")
    text = written(REPORTS[name](), "json")

    Draft202012Validator(schema).validate(json.loads(text))
    assert written(CheckReport.model_validate_json(text), "json") == text


@every_report
def test_json_lines_keep_to_their_schema_one_by_one(name):
    validator = Draft202012Validator(CheckLine.model_json_schema(mode="serialization"))
    report = REPORTS[name]()
    lines = [json.loads(line) for line in written(report, "jsonl").splitlines()]

    for line in lines:
        validator.validate(line)
    assert [list(line) for line in lines] == [["check"], *[["result"]] * len(report.results)]


# --- JUnit


def metrics_of(report):
    text = written(report, "prom")
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def sample(metrics, name, **labels):
    wanted = {"vantage": "DE/AS64501", **labels}
    return metrics.get((name, *sorted(wanted.items())))


@every_report
def test_prometheus_text_is_read_and_every_metric_has_help_and_type(name):
    families = list(text_string_to_metric_families(written(REPORTS[name](), "prom")))

    assert all(family.type == "gauge" and family.documentation for family in families)
    assert all(family.name.startswith("roadblock_") for family in families)
    assert not any(each.timestamp for family in families for each in family.samples)


def test_success_and_state_tell_a_failing_layer_from_a_good_one():
    metrics = metrics_of(mixed())

    def success(layer):
        return sample(metrics, "roadblock_check_success", service="instagram", layer=layer)

    def state(word):
        return sample(
            metrics, "roadblock_check_state", service="instagram", layer="tls", state=word
        )

    assert (success("dns"), success("tls")) == (1, 0)
    assert (state("blocked"), state("ok")) == (1, 0)


def test_the_cause_is_a_label():
    metrics = metrics_of(mixed())

    assert (
        sample(
            metrics,
            "roadblock_check_cause_info",
            service="instagram",
            layer="tls",
            cause="tls_sni_reset.injected",
        )
        == 1
    )


def test_a_whole_check_has_its_numbers():
    metrics = metrics_of(mixed())

    assert sample(metrics, "roadblock_baseline_unexpected") == 3
    assert sample(metrics, "roadblock_run_bytes") == 2 * (1200 + 34000)
    assert sample(metrics, "roadblock_last_run_timestamp_seconds") == 1795435200
    assert sample(metrics, "roadblock_attempts", service="instagram") == 2
    assert sample(metrics, "roadblock_attempts", service="rt") == 1
    assert (
        sample(metrics, "roadblock_phase_duration_seconds", service="instagram", phase="tls")
        == 0.05
    )


def test_an_offline_vantage_point_shows_no_success_at_all():
    """No data must neither look like ok nor like a failure of the service."""
    names = {name for name, *_ in metrics_of(offline())}

    assert "roadblock_check_success" not in names
    assert sample(metrics_of(offline()), "roadblock_vantage_online") == 0
    assert sample(metrics_of(offline()), "roadblock_check_conclusive") == 0


def test_labels_are_bounded():
    values = {
        value
        for name, *labels in metrics_of(mixed(NASTY))
        for label, value in labels
        if label not in {"service", "vantage"}
    }

    assert all(re.fullmatch(r"[a-z_.0-9]+", value) for value in values)


# --- GitHub: what the runner does with a log, after actions/runner's ActionCommand.cs


def commands_in(log):
    """Return the commands that a runner would obey: {name, properties, data}."""
    stopped = None
    found = []
    for line in log.splitlines():
        match = re.match(r"\s*::([^\s:]+)(?: ([^:]*(?:%3A[^:]*)*))?::(.*)", line)
        if stopped is not None:
            if line.strip() == f"::{stopped}::":
                stopped = None
            continue
        if match is None:
            assert "##[" not in line
            continue
        name, given, data = match.groups()
        if name == "stop-commands":
            stopped = data
            continue
        properties = dict(pair.split("=", 1) for pair in (given or "").split(",") if pair)
        found.append((name, properties, data))
    assert stopped is None
    return found


@every_report
def test_a_runner_obeys_our_annotations_and_nothing_else(name):
    for command, properties, data in commands_in(written(REPORTS[name](), "github")):
        assert command in {"error", "warning", "notice"}
        assert properties["title"]
        assert data


def test_annotations_say_where_from_and_point_at_the_baseline():
    found = commands_in(written(mixed(), "github"))

    assert (
        "error",
        {"title": "Bbc%3A exception has run out", "file": "roadblock.toml", "line": "3"},
        "this exception ran out on 2026-01-31: court order",
    ) in found
    assert (
        "error",
        {"title": "Instagram blocked from DE/AS64501"},
        "expected ok, got blocked: tls_sni_reset/injected (probable), 2 of 2 attempts "
        "[tls www.instagram.example]",
    ) in found


@pytest.mark.parametrize(("failures", "shown", "last"), [(10, 10, "more"), (9, 9, "expected")])
def test_annotations_keep_to_ten_of_a_kind_and_say_how_many_more(failures, shown, last):
    errors = [line for line in annotations(many(failures)) if line.startswith("::error")]

    assert len(errors) == shown
    assert last in errors[-1]


def test_a_token_fences_each_report_anew():
    fences = {github(mixed()).splitlines()[0] for _ in range(3)}

    assert len(fences) == 3


def test_outputs_are_one_line_each():
    lines = outputs(mixed(), report_path="a\nresult=passed").splitlines()

    assert lines == [
        "result=failed",
        "exit_code=1",
        "unexpected=3",
        "report_path=a result=passed",
    ]


# --- Markdown


def rendered(text):
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


def test_the_summary_is_a_table_of_services_and_layers():
    html = rendered(markdown(mixed()))

    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    cells = [re.findall(r"<t[dh].*?>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]
    table = {row[0]: row[1:] for row in cells}
    assert table["Service"] == ["State", "dns", "tcp", "tls", "http", "quic", "Fails"]
    assert table["Instagram"][0] == "❌ blocked"
    assert table["Instagram"][2:4] == ["✅ ok", "❌ blocked"]
    assert table["Tiktok"][1:5] == ["· no data", "· no data", "· no data", "❔ insufficient"]


def test_text_from_the_network_is_text_in_the_summary():
    html = rendered(written(mixed(NASTY), "markdown"))

    assert "<script>" not in html
    assert "alert(1)" in html
    assert re.findall(r"<(\w+)", html) == re.findall(r"<(\w+)", rendered(markdown(mixed("x"))))


def test_a_summary_fits_into_what_github_takes():
    text = markdown(many(4000))

    assert len(text.encode()) <= SUMMARY_MAX_BYTES
    assert "did not fit here" in text
    assert text.count("<details>") == text.count("</details>")


def test_what_is_cut_is_cut_between_parts():
    text = cut(iter(["a" * 60, "b" * 60, "c"]), 150)

    assert text == "a" * 60 + "\n_2 further parts did not fit here._\n"


# --- Nagios


@every_report
def test_nagios_prints_one_line_with_performance_data(name):
    first = written(REPORTS[name](), "nagios").splitlines()[0]
    # monitoring-plugins.org, guidelines: 'label'=value[UOM];[warn];[crit];[min];[max]
    number = r"-?[0-9.]+"
    words = "OK|WARNING|CRITICAL|UNKNOWN"
    one = rf"('[^'=]+'|[^\s'=]+)={number}(s|B|%)?(;({number})?){{0,4}}"

    assert re.fullmatch(rf"ROADBLOCK ({words}) - [^|]+ \| {one}( {one})*", first)


@pytest.mark.parametrize(
    ("report", "code"),
    [
        pytest.param(passing, 0, id="ok"),
        pytest.param(lambda: REPORTS["many"](), 2, id="critical"),
        pytest.param(offline, 3, id="unknown"),
    ],
)
def test_nagios_has_codes_of_its_own(report, code):
    assert nagios_code(report()) == code


def test_a_check_that_could_not_be_made_is_unknown():
    assert nagios_trouble("no such\nfile | x") == "ROADBLOCK UNKNOWN - no such file / x\n"


# --- Any text at all


@settings(max_examples=60)
@given(st.text(max_size=60))
def test_no_text_breaks_a_format(detail):
    report = mixed(detail)

    junitparser.JUnitXml.fromstring(written(report, "junit").encode())
    list(text_string_to_metric_families(written(report, "prom")))
    json.loads(written(report, "json"))
    assert all(
        name in {"error", "warning", "notice"}
        for name, *_ in commands_in(written(report, "github"))
    )
