"""Section III-B: the published schedule, and settings that make no sense."""

import pytest

from lenet5.errors import LeNet5Error
from lenet5.settings import Settings, published_eta


def test_section_iii_b_global_rates_of_the_20_passes():
    expected = [5e-4] * 2 + [2e-4] * 3 + [1e-4] * 3 + [5e-5] * 4 + [1e-5] * 8
    assert [published_eta(number) for number in range(1, 21)] == expected


def test_the_rate_stays_after_the_20th_pass():
    assert published_eta(21) == 1e-5


def test_appendix_c_defaults():
    settings = Settings()
    assert (settings.passes, settings.mu, settings.curvature_samples) == (20, 0.02, 500)
    assert settings.order == "constant"


@pytest.mark.parametrize(
    "wrong",
    [{"passes": 0}, {"mu": -1.0}, {"j": 0.0}, {"j": float("inf")}, {"seed": -1}],
)
def test_a_value_out_of_range_is_named(wrong):
    with pytest.raises(LeNet5Error, match=next(iter(wrong))):
        Settings(**wrong)


def test_only_lenet5_has_codes_to_train():
    with pytest.raises(LeNet5Error, match="lenet5"):
        Settings(network="lenet1", trainable_codes=True)
