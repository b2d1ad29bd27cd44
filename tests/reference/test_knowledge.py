import trustme

from probe.reference import load_knowledge, load_roots, without_local_roots


def test_everything_the_judge_is_told_comes_from_what_is_shipped():
    knowledge = load_knowledge()

    assert knowledge.catalogue.source == "shipped"
    assert knowledge.roots == load_roots()
    assert len(knowledge.fingerprints_sha256) == 64
    assert knowledge.geo.source.startswith("iptoasn")


def test_a_persons_own_files_stand_instead(folder, tmp_path):
    pem = tmp_path / "lab.pem"
    pem.write_bytes(trustme.CA().cert_pem.bytes())

    knowledge = load_knowledge(targets=folder, ca_file=pem)

    assert [s.id for s in knowledge.catalogue.services] == ["blog"]
    assert len(knowledge.roots) == 1


def test_a_lab_client_has_no_local_roots():
    assert without_local_roots(load_knowledge()).local_roots == ()
