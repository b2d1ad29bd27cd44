"""The flat tables that leave the project: each column once, with its type and its meaning.

CSV, Parquet, the data package and the data dictionary are all made from here. A column is never
renamed and never changes its type; new ones are added at the end, and EXPORT_SCHEMA counts up when
one must go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic_core import to_json

from probe.model.words import (
    Arm,
    Category,
    FailureWord,
    Family,
    Grade,
    Layer,
    Locus,
    Operation,
    Protocol,
    State,
    Step,
    Transport,
    Trigger,
    VantageState,
)

EXPORT_SCHEMA = 1


class Table(StrEnum):
    """What can be exported."""

    RUNS = "runs"
    OBSERVATIONS = "observations"
    VERDICTS = "verdicts"
    SERVICES = "services"


class Kind(StrEnum):
    """Type of a column, in the words of Frictionless' Table Schema."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    OBJECT = "object"  # JSON text


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    kind: Kind
    about: str
    path: tuple[str | int, ...] = ()
    """Where its value stands in the table's JSON; empty: under its own name."""
    words: tuple[str, ...] = ()
    """The closed list that its values are taken from."""
    required: bool = False

    def values(self, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return the column's values in rows of JSON objects; None where it was not observed."""
        name, path = self.name, self.path
        found = [_walk(row, path) for row in rows] if path else [row.get(name) for row in rows]
        if self.kind is Kind.OBJECT:
            return [None if v is None else _json(v) for v in found]
        if self.kind is Kind.STRING:
            # A seed may be larger than any integer of a table.
            return [v if v is None or type(v) is str else str(v) for v in found]
        return found


def _json(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    return value if type(value) is str else to_json(value).decode()


def _walk(fields: Mapping[str, Any], path: tuple[str | int, ...]) -> Any:  # noqa: ANN401
    found: Any = fields
    for key in path:
        if isinstance(found, dict):
            found = found.get(key)
        elif isinstance(found, list) and isinstance(key, int) and key < len(found):
            found = found[key]
        else:
            return None
    return found


def _words(words: type[StrEnum]) -> tuple[str, ...]:
    return tuple(word.value for word in words)


TEXT, WHOLE, REAL, FLAG, TIME, JSON = (
    Kind.STRING, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.DATETIME, Kind.OBJECT,
)  # fmt: skip

RUN_COLUMN = Column("run", TEXT, "The run that the row belongs to: runs.id.", required=True)

RUNS = (
    Column("id", TEXT, "The run's id.", required=True),
    Column("schema_version", WHOLE, "Version of this format.", required=True),
    Column("world", TEXT, "`internet`, or `lab:<world>`: measured in the lab.", required=True),
    Column("started_at", TIME, "Start, UTC.", required=True),
    Column("ended_at", TIME, "End, UTC; empty when the run was killed."),
    Column("status", TEXT, "How it ended: complete, interrupted, offline, budget, invalid, failed; "
           "running while it goes on or when it was killed.", required=True),
    Column("profile", TEXT, "How thoroughly: look, quick, standard, deep.", required=True),
    Column("country", TEXT, "Where the vantage point is, ISO 3166.", ("vantage", "country")),
    Column("label", TEXT, "What the person calls the vantage point.", ("vantage", "label")),
    Column("resolver_kind", TEXT, "Whose resolver the system uses: access, public, local, unknown.",
           ("vantage", "resolver_kind")),
    Column("vantage", JSON, "Network and country per address family."),
    Column("services", JSON, "Services that were asked for."),
    Column("seed", TEXT, "Seed of every order that was drawn."),
    Column("version", TEXT, "Roadblock's version.", ("versions", "roadblock")),
    Column("versions", JSON, "Versions of everything that matters."),
    Column("catalogue_sha256", TEXT, "Hash of the targets."),
    Column("fingerprints_sha256", TEXT, "Hash of the block page fingerprints."),
    Column("roots_sha256", TEXT, "Hash of the certificates that verify."),
    Column("consent_sha256", TEXT, "Hash of the text that was agreed to."),
    Column("bytes_sent", WHOLE, "Bytes sent in the run."),
    Column("bytes_received", WHOLE, "Bytes received in the run."),
    Column("notes", JSON, "What the run had to say."),
)  # fmt: skip

OBSERVATIONS = (
    RUN_COLUMN,
    Column("id", TEXT, "Unique within the run: experiment/attempt/step.", required=True),
    Column("experiment", TEXT, "Id of the experiment: one question to the network.", required=True),
    Column("attempt", WHOLE, "Which repetition; 0 is the first look."),
    Column("endpoint", TEXT, "What it was asked for: an endpoint of a service, or a control.",
           required=True),
    Column("arm", TEXT, "Target, or which control.", words=_words(Arm), required=True),
    Column("step", TEXT, "Which wire operation.", words=_words(Step), required=True),
    Column("vantage", TEXT, "Empty: this machine; else the control vantage that saw it."),
    Column("family", TEXT, "Address family.", words=_words(Family)),
    Column("address", TEXT, "The peer's address; empty when private."),
    Column("port", WHOLE, "The peer's port."),
    Column("started_at", TIME, "Start, UTC.", required=True),
    Column("duration_s", REAL, "Duration in seconds.", required=True),
    Column("bytes_sent", WHOLE, "Bytes sent in the step."),
    Column("bytes_received", WHOLE, "Bytes received in the step."),
    Column("failure", TEXT, "The failure in OONI's words (df-007); empty when it succeeded.",
           ("failure", "word"), _words(FailureWord)),
    Column("operation", TEXT, "Which call at the socket failed.", ("failure", "operation"),
           _words(Operation)),
    Column("errno", WHOLE, "The system's error number.", ("failure", "errno")),
    Column("failure_raw", TEXT, "Raw code: errno's name, alert, rcode.", ("failure", "raw")),
    Column("name", TEXT, "The name asked for in DNS."),
    Column("query_type", TEXT, "DNS record type."),
    Column("resolver", TEXT, "Catalogue id of the resolver, or `system`."),
    Column("transport", TEXT, "How the question travelled.", words=_words(Transport)),
    Column("rcode", WHOLE, "DNS response code of the first answer.", ("answers", 0, "rcode")),
    Column("addresses", JSON, "Addresses in the first answer.", ("answers", 0, "addresses")),
    Column("answers", JSON, "Every answer that arrived within the window."),
    Column("server_name", TEXT, "Server name that the hello carried; empty: none."),
    Column("version", TEXT, "TLS or QUIC version."),
    Column("cipher", TEXT, "Cipher suite."),
    Column("alpn", TEXT, "Protocol that was agreed on."),
    Column("alert", WHOLE, "Number of the fatal TLS alert from the peer."),
    Column("url", TEXT, "What was requested."),
    Column("host", TEXT, "Host that was requested."),
    Column("over_tls", FLAG, "Whether the page came over TLS."),
    Column("http_version", TEXT, "HTTP version."),
    Column("status", WHOLE, "HTTP status."),
    Column("headers", JSON, "Response headers without secrets."),
    Column("location", TEXT, "Where a redirect leads."),
    Column("title", TEXT, "The page's title."),
    Column("marks", JSON, "Ids of page marks that were found."),
    Column("body_bytes", WHOLE, "Decoded bytes of body that were read."),
    Column("body_sha256", TEXT, "Hash of the body, after scrubbing."),
    Column("ended", TEXT, "How the body ended: complete, limit, truncated, failed, none."),
    Column("first_byte_s", REAL, "Seconds until the first byte came back."),
    Column("failed_after_s", REAL, "Seconds from the trigger to the failure."),
    Column("rtt_us", WHOLE, "Round-trip time of the connection, microseconds.",
           ("tcp_info", "rtt_us")),
    Column("loop_lag_s", REAL, "How late our own event loop was."),
    Column("progress", JSON, "Pairs of seconds and bytes received so far."),
    Column("details", JSON, "All fields of the observation."),
)  # fmt: skip

_FINDING = (
    Column("state", TEXT, "What became of it.", words=_words(State), required=True),
    Column("category", TEXT, "The mechanism.", words=_words(Category), required=True),
    Column("subtype", TEXT, "The mechanism more closely."),
    Column("grade", TEXT, "How far the evidence carries; empty for ok and insufficient.",
           words=_words(Grade)),
)  # fmt: skip

VERDICTS = (
    RUN_COLUMN,
    Column("endpoint", TEXT, "Catalogue id of the endpoint.", required=True),
    Column("service", TEXT, "Catalogue id of the service.", required=True),
    Column("protocol", TEXT, "What the verdict is about.", words=_words(Protocol), required=True),
    Column("family", TEXT, "Address family; empty when no address was learnt.",
           words=_words(Family)),
    *_FINDING,
    Column("layer", TEXT, "Where it showed.", words=_words(Layer)),
    Column("trigger", TEXT, "What, when changed, makes it work.", words=_words(Trigger)),
    Column("locus", TEXT, "Whose equipment did it.", words=_words(Locus)),
    Column("rule_id", TEXT, "The rule that spoke.", required=True),
    Column("p_value", REAL, "How likely a pattern this lopsided is if the trigger made no "
           "difference; empty where nothing was randomised."),
    Column("n_target", WHOLE, "Attempts with the trigger."),
    Column("n_control", WHOLE, "Attempts without it."),
    Column("hop", WHOLE, "Hop at which the box sits."),
    Column("flags", JSON, "Things worth knowing besides."),
    Column("rivals", JSON, "Other explanations, and what became of each."),
    Column("also", JSON, "What was seen at other layers."),
    Column("not_asked", JSON, "Experiments that would say more."),
    Column("evidence", JSON, "Ids of the observations that carry it."),
    Column("detail", TEXT, "One line of plain facts."),
    Column("ruleset_version", TEXT, "Version of the rules."),
    Column("fingerprints_sha256", TEXT, "Hash of the block page fingerprints."),
    Column("catalogue_sha256", TEXT, "Hash of the targets."),
)  # fmt: skip

SERVICES = (
    RUN_COLUMN,
    Column("service", TEXT, "Catalogue id of the service.", required=True),
    *_FINDING,
    Column("witness", TEXT, "The endpoint that bears witness."),
    Column("endpoints", WHOLE, "How many endpoints were judged."),
    Column("counts", JSON, "How many endpoint verdicts of each state."),
    Column("sentence", TEXT, "The verdict in words."),
)

COLUMNS: Mapping[Table, tuple[Column, ...]] = {
    Table.RUNS: RUNS,
    Table.OBSERVATIONS: OBSERVATIONS,
    Table.VERDICTS: VERDICTS,
    Table.SERVICES: SERVICES,
}
KEYS: Mapping[Table, tuple[str, ...]] = {
    Table.RUNS: ("id",),
    Table.OBSERVATIONS: ("run", "id"),
    Table.VERDICTS: ("run", "endpoint", "protocol", "family"),
    Table.SERVICES: ("run", "service"),
}
"""What makes a row unique."""

VANTAGE_STATES = _words(VantageState)
