"""The kernel's lab: real stacks, real commands. Each world runs in a process of its own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from probe.errors import LabError, NamespacesRefusedError
from probe.lab.kernel import kernel_available, namespaces, syscalls
from probe.lab.kernel.netlink import families
from tests.lab.test_worlds import FIRST_HALF

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
REASON = kernel_available()
kernel = [
    pytest.mark.kernel,
    pytest.mark.skipif(REASON is not None, reason=f"no kernel lab here: {REASON}"),
]
# glibc asks two resolvers twice, 2 s each; 100 KB at 140 kbit/s take six seconds.
SLOW = ("d12", "r01")
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@dataclass
class Played:
    exit_code: int
    fired: list[str]
    truth: dict[str, str]
    output: str
    errors: str


def play(folder, worlds, *argv, options=(), env=None):
    """Play a command in one world, or in several (given by commas); return what each told."""
    done = subprocess.run(
        [PYTHON, "-m", "tests.lab.kernel_play", *options, str(folder), worlds, *argv],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    told = {}
    for world_id in worlds.split(","):
        result = json.loads((folder / f"{world_id}.json").read_text())
        output = (folder / f"{world_id}.out").read_text()
        told[world_id] = Played(**result, output=output, errors=done.stderr)
    return told if "," in worlds else told[worlds]


@pytest.fixture(scope="module")
def looks(tmp_path_factory):
    """What each first-half world looks like to a real stack."""
    argv = (PYTHON, "-m", "tests.lab.kernel_look", "www.instagram.com", "example.com")
    quick = ",".join(row[0] for row in FIRST_HALF if row[0] not in SLOW)
    slow = ",".join(SLOW)
    with ThreadPoolExecutor(2) as pool:
        patient = pool.submit(
            play, tmp_path_factory.mktemp("slow"), slow, *argv, env={"LOOK_PATIENCE_S": "20"}
        )
        return play(tmp_path_factory.mktemp("quick"), quick, *argv) | patient.result()


class TestWorlds:
    pytestmark = kernel

    @pytest.mark.parametrize("family", ["ipv4", "ipv6"])
    @pytest.mark.parametrize(
        ("world_id", "https", "http"), [row[:3] for row in FIRST_HALF], ids=lambda v: str(v)
    )
    def test_a_real_stack_sees_what_the_virtual_one_sees(
        self, looks, world_id, https, http, family
    ):
        if family == "ipv6" and world_id == "t04":
            https = http = "PermissionError"

        played = looks[world_id]
        seen = json.loads(played.output)

        assert seen[f"www.instagram.com 443 {family}"] == https
        assert seen[f"www.instagram.com 80 {family}"] == http
        assert seen[f"example.com 443 {family}"] == "200"

    @pytest.mark.parametrize("world_id", [row[0] for row in FIRST_HALF])
    def test_the_log_tells_the_same_truth(self, looks, world_id):
        assert world_id.upper() in looks[world_id].truth.values()

    @needs_curl
    @pytest.mark.parametrize(
        "options",
        [
            pytest.param((), id="as we are"),
            pytest.param(("--veth",), id="without TUN"),
            pytest.param(("--user",), id="ordinary user"),
        ],
    )
    def test_curl_gets_a_page_that_it_verifies(self, tmp_path, options):
        tmp_path.chmod(0o777)
        script = "for v in 4 6; do curl -$v -sS -o /dev/null -w '%{http_code} ' $1; done"

        played = play(
            tmp_path,
            "open",
            *("sh", "-c", script, "sh", "https://www.instagram.com/"),
            options=options,
        )

        assert (played.output, played.exit_code) == ("200 200 ", 0), played.errors
        assert played.fired == []

    def test_the_client_reads_the_worlds_own_files(self, tmp_path):
        script = (
            "import socket; print(open('/etc/resolv.conf').read());"
            "print(socket.getaddrinfo('www.instagram.com', 443)[0][4][0])"
        )

        played = play(tmp_path, "hosts-file", PYTHON, "-c", script)

        assert "nameserver 217.237.148.70" in played.output
        assert played.output.split()[-1] == "127.0.0.1"

    def test_the_client_sees_nothing_of_the_machines_network(self, tmp_path):
        script = "import socket; print([name for _, name in socket.if_nameindex()])"

        played = play(tmp_path, "open", PYTHON, "-c", script)

        assert "'lo'" in played.output
        assert "'lab0'" in played.output
        assert "eth" not in played.output

    def test_a_world_without_ipv6_has_no_route(self, tmp_path):
        script = (
            "import socket; s = socket.socket(socket.AF_INET6);"
            "print(s.connect_ex(('2a03:2880:f27b:1e4:face:b00c:0:4420', 443)))"
        )

        played = play(tmp_path, "no-ipv6", PYTHON, "-c", script)

        assert played.output.strip() == "101"  # ENETUNREACH

    def test_http_3_passes_as_well(self, tmp_path):
        script = (
            "import trio; from tests.lab.test_quic_server import get;"
            "print(trio.run(get, None, 'www.instagram.com', '157.240.31.174'))"
        )

        played = play(tmp_path, "open", PYTHON, "-c", script)

        assert played.output.startswith("(True, 200,")

    @pytest.mark.parametrize(
        ("script", "exit_code"),
        [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 15)", 143)],
        ids=["status", "signal"],
    )
    def test_the_commands_end_is_ours(self, tmp_path, script, exit_code):
        assert play(tmp_path, "open", PYTHON, "-c", script).exit_code == exit_code

    def test_the_environment_is_the_callers_but_for_proxies(self, tmp_path):
        script = (
            "import os; print([os.environ.get(n) for n in"
            " ('ROADBLOCK_X', 'https_proxy', 'LAB_CA_FILE')])"
        )

        played = play(
            tmp_path,
            "open",
            *(PYTHON, "-c", script),
            env={"ROADBLOCK_X": "1", "https_proxy": "http://192.0.2.1/"},
        )

        assert played.output.startswith("['1', None, '/tmp")

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_signals_are_passed_on_and_the_lab_ends_with_the_command(self, number):
        """A volunteer's Ctrl-C must reach the probe, which then writes what it has."""
        script = (
            "import signal, sys, time;"
            "signal.signal(signal.SIGINT, lambda *_: sys.exit(5));"
            "signal.signal(signal.SIGTERM, lambda *_: sys.exit(6));"
            "print('ready', flush=True); time.sleep(30)"
        )
        lab_script = (
            "import sys; from probe.lab.kernel import run_command;"
            "from probe.lab.worlds import build_world; from tests.lab.support import CATALOGUE;"
            "sys.exit(run_command(build_world('open', CATALOGUE), sys.argv[1:]))"
        )
        with subprocess.Popen(
            [PYTHON, "-c", lab_script, PYTHON, "-c", script],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            start_new_session=True,
        ) as lab:
            assert lab.stdout.readline() == b"ready\n"
            lab.send_signal(number)

        assert lab.returncode == {2: 5, 15: 6}[number]

    def test_a_command_that_cannot_start_is_a_usage_error(self, tmp_path):
        script = (
            "from probe.lab.kernel import run_command; from probe.lab.worlds import build_world;"
            "from tests.lab.support import CATALOGUE;"
            f"run_command(build_world('open', CATALOGUE), ['{tmp_path}/no-program'])"
        )
        (tmp_path / "no-program").write_text("no program")
        (tmp_path / "no-program").chmod(0o755)

        done = subprocess.run([PYTHON, "-c", script], cwd=ROOT, capture_output=True, text=True)

        assert "UsageError" in done.stderr
        assert "Exec format error" in done.stderr

    def test_nothing_is_left_of_a_lab(self, tmp_path):
        before = set(Path("/tmp").glob("roadblock-lab-*"))

        play(tmp_path, "open", PYTHON, "-c", "pass")

        assert set(Path("/tmp").glob("roadblock-lab-*")) <= before


def test_a_refusal_says_what_to_do(monkeypatch):
    def refuse(flags):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(syscalls, "unshare", refuse)

    with pytest.raises(NamespacesRefusedError, match="run as root, or allow user namespaces"):
        namespaces.isolate()


def test_servers_never_stand_in_the_machines_network():
    with pytest.raises(LabError, match=r"isolate\(\) comes first"):
        namespaces.make_sides(("192.0.2.2",), ())


def test_families_come_once_and_ipv4_first():
    assert families(["::1", "127.0.0.1", "::2"]) == (socket.AF_INET, socket.AF_INET6)
