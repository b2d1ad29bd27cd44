"""The table of verbs: what `roadblock --help` shows without importing a single one of them."""

from dataclasses import dataclass
from enum import StrEnum


class Section(StrEnum):
    """The headings of the help, in order."""

    MEASURE = "Measure"
    READ = "Read"
    SHARE = "Share"
    SET_UP = "Set up"
    LAB = "Lab"


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its module in this package defines `command`."""

    name: str
    section: Section
    help: str
    module: str = ""
    """Where its name is none that a module may have."""


VERBS = (
    Verb("run", Section.MEASURE, "Measure services from here and say what stands in the way."),
    Verb("check", Section.MEASURE, "Check that services are as expected; made for CI."),
    Verb("watch", Section.MEASURE, "Measure again and again, politely, until stopped."),
    Verb("plan", Section.MEASURE, "Show what a run would send, before anything is sent."),
    Verb("status", Section.READ, "Show the last run, the next one, traffic, disk and network."),
    Verb("report", Section.READ, "Show a stored run in words and tables."),
    Verb("explain", Section.READ, "Explain a word, or the evidence behind a verdict."),
    Verb("explore", Section.READ, "Open stored results in Datasette: browse, filter, ask in SQL."),
    Verb("changes", Section.READ, "Show when verdicts changed, with known events beside."),
    Verb("rates", Section.READ, "Show how often something was found, with intervals and n."),
    Verb("classify", Section.READ, "Judge stored evidence anew, without the network."),
    Verb("export", Section.SHARE, "Write stored measurements in formats that other programs read."),
    Verb(
        "import", Section.SHARE, "Judge OONI's measurements anew, beside its verdicts.", "importing"
    ),
    Verb(
        "publish-kit",
        Section.SHARE,
        "Make a folder to publish, with citation and description.",
        "publishing",
    ),
    Verb("consent", Section.SET_UP, "Read, give or withdraw the consent to measure from here."),
    Verb("doctor", Section.SET_UP, "Check this machine: clock, resolver, IPv6, disk, rights."),
    Verb("service", Section.SET_UP, "Let systemd start a run by a timer."),
    Verb("forget", Section.SET_UP, "Delete stored measurements for good."),
    Verb("baseline", Section.SET_UP, "Look over what check expects, or bring it up to date."),
    Verb("targets", Section.SET_UP, "List and check what is measured."),
    Verb("fingerprints", Section.SET_UP, "List, add and try what block pages are known by."),
    Verb("control", Section.SET_UP, "Tell other probes what is seen from here (control C6)."),
    Verb("demo", Section.LAB, "Run against a censored internet in a box and compare with it."),
    Verb("lab", Section.LAB, "List the lab's worlds, or run any command inside one."),
)
