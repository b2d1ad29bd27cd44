import pytest

from probe.errors import UsageError
from probe.serve.keys import KeyRing, add_key, read_keys


def test_a_key_is_known_by_its_hash_alone(tmp_path):
    file = tmp_path / "keys"

    key = add_key(file, "anna")

    assert key not in file.read_text()
    assert read_keys(file).name_of(key) == "anna"


def test_each_client_has_a_key_of_its_own(tmp_path):
    file = tmp_path / "keys"

    anna, boris = add_key(file, "anna"), add_key(file, "boris")

    assert [read_keys(file).name_of(key) for key in (anna, boris)] == ["anna", "boris"]


@pytest.mark.parametrize("key", ["", "rb_", "\ud800", "anna"])
def test_a_key_that_is_nobodys_opens_nothing(tmp_path, key):
    add_key(tmp_path / "keys", "anna")

    assert read_keys(tmp_path / "keys").name_of(key) is None


def test_an_empty_ring_opens_nothing():
    assert KeyRing({}).name_of("rb_x") is None


def test_the_file_is_its_owners(tmp_path):
    add_key(tmp_path / "keys", "anna")

    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600


def test_comments_and_empty_lines_are_left_out(tmp_path):
    file = tmp_path / "keys"
    file.write_text("# clients\n\nanna " + "a" * 64 + "  # at home\n")

    assert dict(read_keys(file).hashes) == {"anna": "a" * 64}


def test_every_mistake_is_told_at_once(tmp_path):
    file = tmp_path / "keys"
    hash_ = "a" * 64
    file.write_text(f"anna {hash_}\nanna {hash_}\nboris\nrb_secret\n../x {hash_}\n")

    with pytest.raises(UsageError) as told:
        read_keys(file)

    assert [line.split(":")[1] for line in str(told.value).splitlines()] == ["2", "3", "4", "5"]


@pytest.mark.parametrize("text", ["", "# nobody yet\n"])
def test_a_file_without_keys_says_how_to_make_one(tmp_path, text):
    (tmp_path / "keys").write_text(text)

    with pytest.raises(UsageError, match="roadblock control key NAME"):
        read_keys(tmp_path / "keys")


def test_a_client_has_one_key(tmp_path):
    add_key(tmp_path / "keys", "anna")

    with pytest.raises(UsageError, match="delete its line"):
        add_key(tmp_path / "keys", "anna")
