"""ONNX files: what a runtime makes of them is what PyTorch makes of the network."""

import json
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from lenet5 import mnist
from lenet5.errors import LeNet5Error
from lenet5.export import to_onnx
from lenet5.files import ROOT
from lenet5.inputs import inputs
from lenet5.run import make_network
from lenet5.settings import Settings
from lenet5.tensors import PRETRAINED
from lenet5.weights import digest_of, load_network


@pytest.fixture(scope="module")
def pretrained():
    network, settings = load_network(PRETRAINED)
    return network, settings, to_onnx(network, settings)


def assert_same(content, network, images):
    session = onnxruntime.InferenceSession(content)
    (penalties,) = session.run(["penalties"], {"image": images.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(penalties, network(images).numpy(), rtol=1e-5)


@pytest.mark.parametrize("size", [1, 7])
def test_penalties_of_random_images(pretrained, size):
    network, _, content = pretrained
    images = torch.randn(size, 1, 32, 32, generator=torch.Generator().manual_seed(size))
    assert_same(content, network, images)


@pytest.mark.parametrize("size", [1, 7])
def test_penalties_of_digits(pretrained, size, mnist_directory):
    network, _, content = pretrained
    assert_same(content, network, inputs(mnist.load(mnist_directory).test.first(size)).images)


@pytest.mark.parametrize(
    "settings",
    [
        Settings(codes="one_of_ten", c3="full", squash_subsampling=False, penalty="sum"),
        Settings(trainable_codes=True, coefficient_curvature="each"),
        Settings(network="lenet4"),
        Settings(network="lenet1"),
        Settings(network="300-100"),
    ],
    ids=["open choices", "codes", "lenet4", "lenet1", "300-100"],
)
def test_other_networks(settings):
    network = make_network(settings)
    draw = torch.Generator().manual_seed(0)
    for parameter in network.parameters():  # biases too
        parameter.data += 0.1 * torch.randn(parameter.shape, generator=draw)
    content = to_onnx(network, settings)
    for size in (1, 7):
        assert_same(content, network, torch.randn(size, *network.input_shape, generator=draw))


def test_the_network_is_left_as_it_is(pretrained):
    network, settings, content = pretrained
    expected = load_network(PRETRAINED)[0]
    assert digest_of(network) == digest_of(expected)
    assert network.training == expected.training
    assert to_onnx(network, settings) == content  # the same again, to the byte


def test_names_shapes_and_metadata_say_what_it_is(pretrained):
    network, settings, content = pretrained
    session = onnxruntime.InferenceSession(content)
    (image,), (penalties,) = session.get_inputs(), session.get_outputs()
    assert (image.name, image.shape) == ("image", ["batch", 1, 32, 32])
    assert (penalties.name, penalties.shape) == ("penalties", ["batch", 10])
    said = session.get_modelmeta().custom_metadata_map
    assert "lenet5" in said["what"]
    assert "background -0.1 and ink 1.175" in said["image"]
    assert "the smallest wins" in said["penalties"]
    assert Settings(**json.loads(said["settings"])) == settings
    assert said["weights_sha256"] == digest_of(network)


def test_the_file_names_no_place_on_this_machine(pretrained):
    assert str(ROOT).encode() not in pretrained[2]


def test_kernels_are_constants_as_many_runtimes_want_them(pretrained):
    graph = onnx.load_from_string(pretrained[2]).graph
    constants = {tensor.name for tensor in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    assert len(convolutions) == 3
    assert all(node.input[1] in constants for node in convolutions)


def test_a_missing_package_names_the_extra(monkeypatch, pretrained):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(LeNet5Error, match=r"extra `onnx` brings .*pip install"):
        to_onnx(*pretrained[:2])
