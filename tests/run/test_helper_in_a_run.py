"""Whole runs with a helper, on the virtual clock."""

import trio

from probe.lab.net import listen_tcp
from probe.lab.opened import virtual_world
from probe.lab.pki import authority
from probe.lab.worlds import build_world
from probe.model.elsewhere import digest_of
from probe.model.experiment import Kind
from probe.model.words import Arm
from probe.reference import load_knowledge
from probe.run import RunRequest, measure
from probe.run.helper_line import HelperPlace
from probe.run.memory import MemorySink
from probe.run.setup import make_tools
from probe.trial.play import knowledge_in
from tests.run.helpers import SEEN, Helper, answer


async def run_with(knowledge, helper, *, listening=True):
    """Run in Russia in March 2022, with a helper abroad (a world has servers where hosts are)."""
    world = build_world("march-2022", knowledge.catalogue)
    known = knowledge_in(world, knowledge)
    instagram = next(e for e in known.catalogue.endpoints if e.id == "instagram.web")
    sink = MemorySink()
    async with virtual_world(world) as net, trio.open_nursery() as nursery:
        address = world.hosts["example.com"][0]
        helper.context = authority(world.farm.at).context(address, alpn=("http/1.1",))
        seen = SEEN.model_copy(update={"endpoint": instagram.id, "started_at": world.at})
        helper.looks = [
            answer(
                seen,
                endpoint=instagram.id,
                endpoint_sha256=digest_of(instagram),
                answered_at=world.at.isoformat(),
            )
        ]
        if listening:
            listener = await listen_tcp(net, address, 8443)
            nursery.start_soon(trio.serve_listeners, helper, [listener])
        result = await measure(
            RunRequest(endpoints=(instagram,), profile="quick", again=True, govern=False),
            known,
            make_tools(known, world.client.machine, utc=net.utc_now()),
            sink,
            run_id="r",
            helpers=[HelperPlace(f"https://{address}:8443", "rb_secret")],
        )
        nursery.cancel_scope.cancel()
    return result, sink


async def test_a_run_asks_its_helper_for_what_fails(autojump_clock):
    helper = Helper()

    result, sink = await run_with(load_knowledge(), helper)

    theirs = [o for o in sink.observations if o.vantage is not None]
    assert {(o.vantage[-8:], o.arm) for o in theirs} == {(":8443/DE", Arm.C6)}
    assert Kind.REMOTE in {e.kind for e in sink.performed.values()}
    assert result.run.notes == ()


async def test_a_run_without_its_helper_goes_on_and_says_so(autojump_clock):
    result, sink = await run_with(load_knowledge(), Helper(), listening=False)

    assert result.run.status == "complete"
    assert result.verdicts
    assert ["no connection" in note for note in result.run.notes] == [True]
    assert Kind.REMOTE not in {e.kind for e in sink.performed.values()}
