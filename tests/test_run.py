"""What goes into a run: orders, subsets and digests that depend on the seed alone."""

import collections

import pytest
import torch

from lenet5.run import (
    Samples,
    curvature_subset,
    generator,
    make_loss,
    make_network,
    order_of_pass,
    presentations,
)
from lenet5.settings import Settings


def test_section_iii_b_the_random_order_is_constant():
    settings = Settings(seed=4)
    first = order_of_pass(settings, 1, 1000)
    assert torch.equal(first, order_of_pass(settings, 7, 1000))
    assert sorted(first.tolist()) == list(range(1000))
    assert not torch.equal(first, order_of_pass(Settings(seed=5), 1, 1000))


def test_a_reshuffled_order_differs_each_pass():
    settings = Settings(order="reshuffled")
    assert not torch.equal(order_of_pass(settings, 1, 1000), order_of_pass(settings, 2, 1000))


def test_appendix_c_500_samples_drawn_anew_each_pass():
    drawn = curvature_subset(Settings(), 1, 60_000)
    assert len(drawn.unique()) == 500
    assert not torch.equal(drawn, curvature_subset(Settings(), 2, 60_000))
    assert len(curvature_subset(Settings(), 1, 120)) == 120


def test_streams_differ_by_seed_purpose_and_pass():
    streams = [(0, "a", 0), (1, "a", 0), (0, "b", 0), (0, "a", 1)]
    draws = {torch.rand(1, generator=generator(*stream)).item() for stream in streams}
    assert len(draws) == 4


def test_settings_reach_the_network_and_the_loss():
    assert make_network(Settings(penalty="half")).output.scale == 0.5
    assert make_network(Settings(penalty="mean")).output.scale == 1 / 84
    assert make_network(Settings(trainable_codes=True)).output.trainable
    assert type(make_loss(Settings(loss="mse"))).__name__ == "MeanSquaredError"
    assert make_loss(Settings(j=3.5)).j == 3.5


def test_the_digest_sees_one_pixel_and_one_label(random_samples):
    images, labels = random_samples
    before = random_samples.digest()
    other = images.clone()
    other[7, 0, 3, 3] += 1
    assert Samples(other, labels).digest() != before
    assert Samples(images, labels.flip(0)).digest() != before
    assert Samples(images.clone(), labels.clone()).digest() == before


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("lenet1", 2578), ("lenet4", 51_098), ("300", 238_510), ("500-150", 469_160)],
)
def test_section_iii_c_networks_by_name(name, parameters):
    network = make_network(Settings(network=name, penalty="mean"))
    assert sum(p.numel() for p in network.parameters()) == parameters
    assert network.output.scale == 0.1  # ten units


def test_section_iii_b_undistorted_passes_have_no_maps(random_samples):
    order, maps = presentations(Settings(), 1, random_samples)
    assert sorted(order.tolist()) == list(range(40))
    assert maps is None


def test_fresh_distortions_differ_each_pass_and_repeat_with_the_seed(random_samples):
    settings = Settings(distortion="fresh")
    first, second = (presentations(settings, number, random_samples) for number in (1, 2))
    again = presentations(settings, 1, random_samples)
    assert torch.equal(first.order, second.order)
    assert torch.equal(first.maps, again.maps)
    assert not torch.equal(first.maps, second.maps)


def test_section_iii_b_twenty_passes_present_each_of_the_enlarged_set_twice(random_samples):
    """ "60,000 originals + 540,000 distorted", in passes of 60,000."""
    settings = Settings(distortion="fixed")
    passes = [presentations(settings, number, random_samples) for number in range(1, 21)]
    seen = collections.Counter()
    for order, maps in passes:
        assert len(order) == len(maps) == 40
        seen.update(
            (index, tuple(line)) for index, line in zip(order.tolist(), maps.tolist(), strict=True)
        )
    assert len(seen) == 40 * 10
    assert set(seen.values()) == {2}
    undistorted = [index for index, line in seen if line == (1, 0, 0, 1, 0)]
    assert sorted(undistorted) == list(range(40))
