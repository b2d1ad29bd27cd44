"""A large database and an archive of OONI's documents, and what the command costs over them.

Each figure is of a process of its own: its peak memory, and its CPU time, which others on the same
machine do not lengthen.
"""

import base64
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from probe.lab.pki import LAB_ANCHOR, authority
from probe.model.target import Pacing
from probe.report.status import read_status
from probe.store import open_reader

# The database, two exports, the page.
_ROOM_BYTES = 4_000_000_000
COPIES = 1_150
"""Of a demo's run, some 90 verdicts and 1,200 steps: 100,000 verdicts, more than a gigabyte."""
FEW_DAYS, MANY_DAYS = 10, 40
"""Days that are exported, of four runs each: memory must not grow with them."""
DOCUMENTS = 3_000
_HOSTS = 200
_BODY_BYTES = 40_000
_TABLES = {
    "run": ("seq",),
    "experiment": ("run",),
    "observation": ("seq", "run"),
    "observation_blob": ("observation",),
    "verdict_set": ("seq", "run"),
    "verdict": ("seq", "verdict_set"),
    "verdict_evidence": ("verdict",),
    "service_verdict": ("verdict_set",),
    "vantage_verdict": ("verdict_set",),
    "gate_verdict": ("verdict_set",),
}
"""Each table's columns that number rows, its own and others'."""
# More than a run has rows of any kind.
_STEP = 100_000


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process cost."""

    cpu_s: float
    peak_mb: float


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Lend a folder on a disk; /tmp may be memory, and holds less."""
    base = Path("build")
    base.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=base) as name:
        yield Path(name)


# A child's `ru_maxrss` begins with what its parent had; VmHWM is its own.
_CHILD = """
import sys
from probe.cli.main import main
code = main()
sys.stdout.flush()
told = open("/proc/self/status").read()
print(told[told.index("VmHWM:"):].split()[1], file=sys.stderr)
sys.exit(code)
"""


def command(*arguments: str) -> Spent:
    """Run the command, its output thrown away."""
    with subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-c", _CHILD, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr is not None
        told = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"roadblock {arguments[0]} failed: {told[-500:]}")
    return Spent(usage.ru_utime + usage.ru_stime, int(told.split()[-1]) / 1024)


# --- a database -----------------------------------------------------------------------------------


def database(path: Path, copies: int = COPIES, services: Sequence[str] = ()) -> None:
    """Play one run in the lab, and store it so many times as if measured every six hours."""
    command("demo", "--virtual", "--db", str(path), *services)
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA foreign_keys = ON")
        ((run_id, details),) = database.execute("SELECT id, details FROM run")
        for number in range(copies):
            started = LAB_ANCHOR - timedelta(hours=6 * number)
            name = f"{number:032x}"
            said = json.loads(details) | {"id": name, "started_at": started.isoformat()}
            for table, numbers in _TABLES.items():
                columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
                chosen = [f"{c} + {_STEP * (number + 1)}" if c in numbers else c for c in columns]
                values: list[str] = []
                if table == "run":
                    changed = {
                        "id": name,
                        "world": "internet",
                        "started_at": f"{started:%Y-%m-%dT%H:%M:%S.%fZ}",
                        "details": json.dumps(said | {"world": "internet"}),
                    }
                    chosen = [
                        "?" if c in changed else e for c, e in zip(columns, chosen, strict=True)
                    ]
                    values = [changed[c] for c in columns if c in changed]
                first = f"{numbers[0]} < {_STEP}"
                database.execute(
                    f"INSERT INTO {table} SELECT {', '.join(chosen)} FROM {table} WHERE {first}",  # noqa: S608
                    values,
                )
        database.execute("DELETE FROM run WHERE id = ?", [run_id])
        database.commit()


def count(path: Path, table: str) -> int:
    """Return how many rows a table has."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        (found,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
    return int(found)


# --- an archive -----------------------------------------------------------------------------------


def archive(path: Path, root: Path, documents: int = DOCUMENTS) -> None:
    """Write documents in the form and size of OONI's 0.5, of some hundred hosts, none alike."""
    made = authority(LAB_ANCHOR)
    root.write_bytes(made.root_pem)
    hosts = [f"www.site{number}.example" for number in range(_HOSTS)]
    chains = {host: [_wrapped(der) for der in made.issue(host).chain] for host in hosts}
    with path.open("w", encoding="utf-8") as file:
        for number in range(documents):
            host = hosts[number % _HOSTS]
            file.write(json.dumps(_document(number, host, chains[host])) + "\n")


def _wrapped(data: bytes) -> dict[str, str]:
    return {"format": "base64", "data": base64.b64encode(data).decode()}


def _document(number: int, host: str, chain: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Return one: every seventh is cut after the name, every eleventh denied by the resolver."""
    addresses = [f"93.184.{number % 250}.{end}" for end in (34, 35, 36)]
    is_cut, is_denied = number % 7 == 0, number % 11 == 0
    failure = "connection_reset" if is_cut else None
    step = {"t0": 0.1, "t": 0.2, "tags": ["depth=0"]}
    where = [f"{a}:443" for a in addresses]
    asked = [
        ("getaddrinfo", "ANY", ""), ("udp", "A", "8.8.8.8:53"), ("udp", "AAAA", "8.8.8.8:53"),
        ("doh", "A", "https://dns.google/dns-query"),
    ]  # fmt: skip
    page = "".join(f"<p>{host} {number} {line}</p>" for line in range(_BODY_BYTES // 35))
    return {
        "data_format_version": "0.2.0",
        "input": f"https://{host}/",
        "measurement_start_time": "2026-11-20 12:00:00",
        "probe_asn": "AS137",
        "probe_cc": "IT",
        "resolver_asn": "AS137",
        "software_name": "ooniprobe",
        "test_helpers": {"backend": {"address": "https://0.th.ooni.org/", "type": "https"}},
        "test_name": "web_connectivity",
        "test_version": "0.5.28",
        "test_keys": {
            "accessible": not (is_cut or is_denied),
            "blocking": "http-failure" if is_cut else "dns" if is_denied else False,
            "control": {
                "dns": {"failure": None, "addrs": addresses},
                "tcp_connect": {w: {"status": True, "failure": None} for w in where},
                "tls_handshake": {w: {"server_name": host, "failure": None} for w in where},
                "http_request": {
                    "failure": None, "status_code": 200, "body_length": len(page), "title": host,
                    "headers": {"Server": "nginx"},
                },
            },
            "control_failure": None,
            "queries": [
                step | {
                    "engine": engine, "hostname": host, "query_type": kind, "resolver_address": at,
                    "failure": "dns_nxdomain_error" if is_denied and engine != "doh" else None,
                    "answers": [{"answer_type": "A", "ipv4": a, "ttl": 60} for a in addresses],
                    "transaction_id": 10_000 + n,
                }
                for n, (engine, kind, at) in enumerate(asked)
            ],
            "tcp_connect": [
                step | {
                    "ip": a, "port": 443, "status": {"failure": None, "success": True},
                    "transaction_id": 50_000 + n,
                }
                for n, a in enumerate(addresses)
            ],
            "tls_handshakes": [
                step | {
                    "network": "tcp", "address": w, "server_name": host, "failure": failure,
                    "no_tls_verify": False, "tls_version": "TLSv1.3", "negotiated_protocol": "h2",
                    "peer_certificates": [] if is_cut else list(chain),
                    "transaction_id": 50_000 + n,
                }
                for n, w in enumerate(where)
            ],
            "network_events": [
                {
                    "address": w, "operation": operation, "failure": None, "num_bytes": 517,
                    "proto": "tcp", "t": 0.1 + n / 100, "transaction_id": 50_000 + n,
                }
                for n, w in enumerate(where)
                for operation in ("connect", "tls_handshake_start", "write", "read", "read",
                                  "tls_handshake_done", "write", "read", "read", "read")
            ],
            "requests": [] if is_cut else [
                step | {
                    "address": where[0], "network": "tcp", "failure": None,
                    "request": {"method": "GET", "url": f"https://{host}/"},
                    "response": {
                        "code": 200, "body": page, "body_is_truncated": False,
                        "headers_list": [["Server", "nginx"], ["Content-Type", "text/html"]],
                    },
                }
            ],
        },
    }  # fmt: skip


# --- figures --------------------------------------------------------------------------------------


def stored_figures() -> Iterator[tuple[str, str]]:
    """Yield what reading and exporting a gigabyte of results costs."""
    with folder() as at:
        if shutil.disk_usage(at).free < _ROOM_BYTES:
            yield "stored", "not measured: needs 4 GB of free disk"
            return
        path = at / "roadblock.db"
        database(path)
        size = f"{path.stat().st_size / 1e9:.1f} GB"
        spent = min((command("status", "--db", str(path)) for _ in range(5)), key=lambda s: s.cpu_s)
        yield (
            f"roadblock status, {size}",
            f"{1000 * spent.cpu_s:.0f} ms, of which {1000 * _status_s(path):.0f} ms reading;"
            " aim 150 ms",
        )
        page = at / "report.html"
        spent = command("report", "--html", str(page), "--db", str(path))
        yield (
            f"HTML report of {count(path, 'verdict'):,} verdicts",
            f"{spent.cpu_s:.1f} s, {page.stat().st_size / 1e6:.1f} MB; aim 3 s, 3 MB",
        )
        for form in ("jsonl", "parquet"):
            yield _export_figure(path, at, form)


def _export_figure(path: Path, at: Path, form: str) -> tuple[str, str]:
    rows = count(path, "observation") // COPIES
    spent = {}
    for days in (FEW_DAYS, MANY_DAYS):
        since = LAB_ANCHOR - timedelta(days=days)
        spent[days] = command(
            "export", "--to", form, "--table", "observations", "--db", str(path),
            "--since", f"{since:%Y-%m-%d}", "-o", str(at / f"rows.{form}"),
        )  # fmt: skip
    few, many = (4 * days * rows for days in (FEW_DAYS, MANY_DAYS))
    rate = (many - few) / (spent[MANY_DAYS].cpu_s - spent[FEW_DAYS].cpu_s)
    return (
        f"Export of {many:,} observations as {form}",
        f"{rate:,.0f} a second once started, peak RSS {spent[MANY_DAYS].peak_mb:.0f} MB"
        f" ({spent[FEW_DAYS].peak_mb:.0f} MB for {few:,}); aim 20,000, flat",
    )


def _status_s(path: Path) -> float:
    """Return the CPU time of the reading alone, in a process that has started."""
    with open_reader(path) as reader:
        began = time.process_time()
        read_status(reader, Pacing(), now=LAB_ANCHOR, database_bytes=0, free_bytes=0)
        return time.process_time() - began


def ooni_figures() -> Iterator[tuple[str, str]]:
    """Yield how fast OONI's documents are judged, with the shipped fingerprints."""
    with folder() as at:
        path, few, root = at / "ooni.jsonl", at / "few.jsonl", at / "root.pem"
        archive(path, root)
        size_kb = path.stat().st_size / 1000 / DOCUMENTS
        with path.open("rb") as whole:
            few.write_bytes(b"".join(islice(whole, DOCUMENTS // 10)))
        begun, spent = (
            command("import", "ooni", "--json", "--jobs", "1", "--ca-file", str(root), str(file))
            for file in (few, path)
        )
    rate = (DOCUMENTS - DOCUMENTS // 10) / (spent.cpu_s - begun.cpu_s)
    yield (
        f"Import of {DOCUMENTS:,} OONI documents of {size_kb:.0f} KB",
        f"{rate:.0f} a second on one processor once started, peak RSS {spent.peak_mb:.0f} MB;"
        " aim 500",
    )
