"""The four archives (Section III-A): fetched, verified, read; every fault is one sentence."""

import errno
import functools
import gc
import gzip
import os
import shutil
import socket
import struct
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from lenet5 import idx
from lenet5.errors import LeNet5Error

SIBLING = Path(__file__).resolve().parent.parent.parent / "shared" / "mnist"


@pytest.fixture(scope="session")
def raw(mnist_directory: Path) -> Path:
    return mnist_directory / "MNIST" / "raw"


@pytest.fixture
def mirror(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror on this disk, to be spoilt."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name in idx.ARCHIVES:
        shutil.copyfile(raw / name, folder / name)
    monkeypatch.setenv(idx.MIRROR, folder.as_uri())
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def served(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The same mirror over HTTP, so that torchvision's downloader runs."""
    handler = functools.partial(Quiet, directory=str(mirror))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setenv(idx.MIRROR, f"http://127.0.0.1:{server.server_port}")
        yield mirror
        server.shutdown()
        thread.join()


# Fetching


def test_iii_a_a_mirror_over_http_gives_the_four_files(
    served: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "data" / "MNIST" / "raw"
    idx.fetch(target)
    for name in idx.DIGESTS:
        idx.verify(target / name)
    assert [path.name for path in target.parent.iterdir()] == ["raw"], "no litter"
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1 and said.err.startswith("Downloading MNIST (11 MB) from http")


def test_iii_a_archives_that_are_there_are_not_fetched_again(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(idx.MIRROR, "http://127.0.0.1:9/")
    target = tmp_path / "data" / "MNIST" / "raw"
    target.mkdir(parents=True)
    for name in idx.ARCHIVES:
        shutil.copyfile(raw / name, target / name)
    idx.fetch(target)
    for name in idx.DIGESTS:
        idx.verify(target / name)


@pytest.mark.parametrize("fault", ["cut short", "another file", "not gzip"])
@pytest.mark.parametrize("way", ["mirror", "served"])
def test_iii_a_a_named_mirror_with_a_wrong_archive_is_an_error(
    fault: str, way: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    name = "t10k-images-idx3-ubyte.gz"
    archive = request.getfixturevalue(way) / name
    whole = archive.read_bytes()
    archive.write_bytes(
        {
            "cut short": whole[:-1000],
            "another file": gzip.compress(b"another file"),
            "not gzip": b"<html>Please sign in</html>",
        }[fault]
    )
    target = tmp_path / "data" / "MNIST" / "raw"
    target.mkdir(parents=True)
    (target / "notes.txt").write_text("mine")
    with pytest.raises(LeNet5Error, match=rf"{name} is not the archive of MNIST.*{idx.MIRROR}"):
        idx.fetch(target)
    assert contents(tmp_path / "data") == {"MNIST/raw/notes.txt": b"mine"}


def test_iii_a_a_named_mirror_without_an_archive_does_not_answer(
    mirror: Path, tmp_path: Path
) -> None:
    (mirror / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(idx.NoMirrorAnswers, match=r"t10k-labels-idx1-ubyte.gz does not exist"):
        idx.fetch(tmp_path / "data" / "MNIST" / "raw")


def test_iii_a_a_mirror_that_answers_404_does_not_answer(served: Path, tmp_path: Path) -> None:
    (served / "train-images-idx3-ubyte.gz").unlink()
    with pytest.raises(idx.NoMirrorAnswers, match="404"):
        idx.fetch(tmp_path / "data" / "MNIST" / "raw")


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # urllib leaves a silent socket open
def test_iii_a_a_silent_mirror_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        monkeypatch.setenv(idx.MIRROR, f"http://127.0.0.1:{silent.getsockname()[1]}/")
        monkeypatch.setattr(idx, "TIMEOUT", 0.2)
        with pytest.raises(idx.NoMirrorAnswers, match="timed out"):
            idx.fetch(tmp_path / "MNIST" / "raw")
    assert socket.getdefaulttimeout() is None
    gc.collect()  # here, where its warning is awaited


@pytest.mark.parametrize("address", ["/srv/mnist", "mnist", "ftp://mnist/"])
def test_iii_a_a_mirror_that_is_no_url_is_an_error(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(idx.MIRROR, address)
    with pytest.raises(LeNet5Error, match="is no URL: write http://"):
        idx.fetch(tmp_path / "MNIST" / "raw")


def test_iii_a_a_mirror_gets_its_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    for written, read in {
        "http://a/b": "http://a/b/",
        "file:///a/": "file:///a/",
        "  ": None,
    }.items():
        monkeypatch.setenv(idx.MIRROR, written)
        assert idx.named_mirror() == read


def test_iii_a_a_folder_that_cannot_be_made_is_named(mirror: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(LeNet5Error, match=r"cannot be stored in .*file.*LENET5_DATA"):
        idx.fetch(tmp_path / "file" / "MNIST" / "raw")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("step", ["copyfile", "extract"])
def test_iii_a_a_full_disk_leaves_what_was_there(
    step: str, mirror: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    place = "shutil.copyfile" if step == "copyfile" else "torchvision.datasets.utils._decompress"
    monkeypatch.setattr(place, full)
    target = tmp_path / "data" / "MNIST" / "raw"
    target.mkdir(parents=True)
    (target / "train-labels-idx1-ubyte").write_text("mine")
    with pytest.raises(LeNet5Error, match=r"No space left on device.*nothing there was changed"):
        idx.fetch(target)
    assert contents(tmp_path / "data") == {"MNIST/raw/train-labels-idx1-ubyte": b"mine"}


# Reading


def images_file(n: int = 3, magic: int = 2051, rows: int = 28, body: int | None = None) -> bytes:
    body = n * rows * 28 if body is None else body
    return struct.pack(">4I", magic, n, rows, 28) + bytes(i % 256 for i in range(body))


def labels_file(labels: list[int], magic: int = 2049, n: int | None = None) -> bytes:
    return struct.pack(">2I", magic, len(labels) if n is None else n) + bytes(labels)


def test_iii_a_well_formed_files_are_read_byte_for_byte(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(images_file(3))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels_file([0, 9, 5]))
    images, labels = idx.read_pair(tmp_path, "train")
    assert images.shape == (3, 28, 28) and images.dtype == torch.uint8
    assert torch.equal(images.flatten(), (torch.arange(3 * 784) % 256).byte())
    assert labels.tolist() == [0, 9, 5]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "ends after 0 bytes, inside its header"),
        (images_file()[:15], "ends after 15 bytes, inside its header"),
        (images_file(magic=2049), "starts with 2049, not the magic number 2051"),
        (images_file(body=3 * 784 - 1), "has 2,367 bytes where its header announces 2,368"),
        (images_file(body=3 * 784 + 1), "has 2,369 bytes where its header announces 2,368"),
        (images_file(rows=27), "holds 27x28 images"),
        (images_file(n=0), "bytes where its header"),
    ],
)
def test_iii_a_a_damaged_images_file_is_named_with_the_cure(
    data: bytes, fault: str, tmp_path: Path
) -> None:
    path = tmp_path / "images"
    path.write_bytes(data)
    with pytest.raises(LeNet5Error, match=f"images .*{fault}.*: delete it and run again"):
        idx.read_images(path)
    assert path.read_bytes() == data


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (labels_file([1, 2, 10]), "the label 10, above 9"),
        (labels_file([1, 2], n=3), "has 10 bytes where its header announces 11"),
        (labels_file([1], magic=2051), "starts with 2051"),
    ],
)
def test_iii_a_a_damaged_labels_file_is_named_with_the_cure(
    data: bytes, fault: str, tmp_path: Path
) -> None:
    path = tmp_path / "labels"
    path.write_bytes(data)
    with pytest.raises(LeNet5Error, match=f"labels .*{fault}.*: delete it and run again"):
        idx.read_labels(path)


def test_iii_a_a_file_that_is_missing_or_a_folder_is_named(tmp_path: Path) -> None:
    for path in tmp_path / "none", tmp_path:
        with pytest.raises(LeNet5Error, match="cannot be read"):
            idx.read_images(path)
        with pytest.raises(LeNet5Error, match="cannot be read"):
            idx.verify(path)


def test_iii_a_as_many_labels_as_images(tmp_path: Path) -> None:
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(images_file(3))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(labels_file([1, 2]))
    with pytest.raises(LeNet5Error, match=r"holds 3 images and .* 2 labels: delete both"):
        idx.read_pair(tmp_path, "t10k")
