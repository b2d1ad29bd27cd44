"""Taking a snapshot, on the virtual clock."""

from probe.lab.opened import virtual_world
from probe.lab.worlds import build_world
from probe.model.elsewhere import Snapshot, digest_of
from probe.run.setup import make_tools
from probe.run.snapshot import as_seen_elsewhere, load_or_make_key, read_snapshot, write_snapshot
from probe.serve.survey import survey
from probe.serve.vantage import Closed, ControlVantage
from probe.trial.play import knowledge_in


async def surveyed(knowledge, world_id, *endpoints, on_seen=lambda _: None):
    world = build_world(world_id, knowledge.catalogue)
    known = knowledge_in(world, knowledge)
    async with virtual_world(world) as net:
        tools = make_tools(known, world.client.machine, utc=net.utc_now())
        return await survey(ControlVantage(known, tools), endpoints, on_seen=on_seen)


async def test_what_was_seen_survives_its_file(autojump_clock, knowledge, endpoint, tmp_path):
    bbc, dw = endpoint("bbc.web"), endpoint("dw.web")
    seen_now = []

    snapshot = await surveyed(knowledge, "open", bbc, dw, on_seen=seen_now.append)
    assert isinstance(snapshot, Snapshot)
    write_snapshot(tmp_path / "s.json.gz", snapshot, load_or_make_key(tmp_path / "key.pem"))
    signed = read_snapshot(tmp_path / "s.json.gz")
    remote = as_seen_elsewhere(signed, knowledge.catalogue, now=snapshot.ended_at, trusted=True)

    assert sorted(e.id for e in seen_now) == ["bbc.web", "dw.web"]
    assert [entry.endpoint_sha256 for entry in snapshot.seen] == [digest_of(bbc), digest_of(dw)]
    assert remote.id == f"snapshot:{snapshot.started_at:%Y-%m-%d}/DE"
    kept = await remote.look(bbc)
    assert [o.step for o in kept] == [o.step for o in snapshot.seen[0].observations]
    assert {o.step for o in kept} >= {"dns", "tcp", "tls", "http"}


async def test_a_line_whose_gates_fail_makes_no_snapshot(autojump_clock, knowledge, endpoint):
    found = await surveyed(knowledge, "offline", endpoint("bbc.web"))

    assert isinstance(found, Closed)
    assert found.error == "gates"
