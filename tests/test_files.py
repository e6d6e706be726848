"""Files are written whole or not at all."""

import pytest

from lenet5.errors import LeNet5Error
from lenet5.files import write_atomically


def test_it_writes_and_replaces(tmp_path):
    path = tmp_path / "new" / "file"
    write_atomically(path, b"one")
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert [file.name for file in path.parent.iterdir()] == ["file"]


def test_a_cut_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"before")

    def cut(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("lenet5.files.os.replace", cut)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"after")
    assert path.read_bytes() == b"before"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_place_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LeNet5Error, match=r"file/below cannot be written"):
        write_atomically(tmp_path / "file" / "below", b"")
