"""What goes into a run: orders, subsets and digests that depend on the seed alone."""

import torch

from lenet5.run import (
    Samples,
    curvature_subset,
    generator,
    make_loss,
    make_network,
    order_of_pass,
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
