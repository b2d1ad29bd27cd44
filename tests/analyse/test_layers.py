from probe.analyse.layers import LAYERS, rows
from probe.model.verdict import Finding
from probe.model.words import Category, Layer, Protocol, State
from tests.analyse.samples import bad, good, restricted, unclear


def said(verdict):
    return {
        row.layer: (row.finding.state if row.finding else None, row.reached)
        for row in rows(verdict)
    }


def test_a_failure_leaves_the_layers_above_unreached():
    assert said(bad(layer=Layer.TLS)) == {
        Layer.DNS: (None, True),
        Layer.TCP: (None, True),
        Layer.TLS: (State.BLOCKED, True),
        Layer.HTTP: (None, False),
    }


def test_what_only_slows_leaves_the_layers_above_reached():
    slowed = bad(state=State.IMPAIRED, category=Category.THROTTLE, subtype=None, layer=Layer.TLS)

    assert said(slowed)[Layer.HTTP] == (None, True)


def test_what_was_seen_besides_has_a_row_of_its_own():
    lie = Finding(
        state=State.BLOCKED, category=Category.DNS_LIE, layer=Layer.DNS, rule_id="dns.nxdomain"
    )

    assert said(bad(layer=Layer.TLS, also=(lie,)))[Layer.DNS] == (State.BLOCKED, True)


def test_an_address_block_shows_at_tcp_and_a_page_at_http():
    assert said(bad(layer=Layer.IP))[Layer.TCP] == (State.BLOCKED, True)
    assert said(restricted(layer=Layer.CONTENT))[Layer.HTTP] == (State.RESTRICTED, True)


def test_without_a_verdict_no_layer_was_reached():
    assert {reached for _, reached in said(unclear()).values()} == {False}


def test_a_failure_at_a_foreign_layer_shows_in_the_top_row():
    assert said(bad(protocol=Protocol.QUIC, layer=Layer.DNS)) == {Layer.QUIC: (State.BLOCKED, True)}


def test_every_protocol_has_layers_and_one_of_them_decides():
    for protocol in Protocol:
        found = rows(good(protocol=protocol))
        assert [row.layer for row in found] == list(LAYERS[protocol])
        assert sum(row.decides for row in found) == 1
