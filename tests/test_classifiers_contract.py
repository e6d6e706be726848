"""The classifiers of Section III-C keep scikit-learn's contract, and cost what the paper counts."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from lenet5 import mnist
from lenet5.classifiers import Linear, NearestNeighbours, PairwiseLinear, PCAQuadratic, RBFNetwork
from lenet5.classifiers.gaussian_units import GaussianUnits
from lenet5.experiments.figure_9 import samples

CHECKED = [
    Linear(),
    PairwiseLinear(),
    PairwiseLinear(units="squashed"),
    PairwiseLinear(units="linear"),
    NearestNeighbours(),
    PCAQuadratic(),
    PCAQuadratic(beside="squares"),
    RBFNetwork(),
    GaussianUnits(),
]


def not_applicable(estimator):
    checks = {
        "check_do_not_raise_errors_in_init_or_set_params": "gives None, -1 and the like to every "
        "parameter, which beartype refuses while the tests run"
    }
    if getattr(estimator, "beside", "") == "squares":
        checks["check_classifiers_train"] = "squares and products are the same for x and -x"
    return checks


@parametrize_with_checks(CHECKED, expected_failed_checks=not_applicable)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def digits():
    """600 digits, and 400 others."""
    training = mnist._subset().training
    return training[:600], training[600:1000]


def fitted(classifier, digits, version="regular"):
    return classifier.fit(*samples(digits, version))


CLASSIFIERS = [Linear(10.0), PairwiseLinear(10.0), NearestNeighbours(), PCAQuadratic(alpha=100.0),
               RBFNetwork(units=20, alpha=0.1, random_state=1)]  # fmt: skip


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda one: type(one).__name__)
def test_digits_are_learned_and_the_largest_score_is_the_answer(classifier, digits):
    model = fitted(clone(classifier), digits[0])
    X, y = samples(digits[1], "regular")
    scores = model.decision_function(X)
    assert scores.shape == (400, 10)
    assert (model.predict(X) == model.classes_[scores.argmax(1)]).all()
    assert model.score(X, y) > 0.75


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda one: type(one).__name__)
def test_what_is_stored_has_one_digest(classifier, digits):
    once, again = (fitted(clone(classifier), digits[0]) for _ in range(2))
    other = fitted(clone(classifier), digits[1])
    assert once.digest() == again.digest() != other.digest()


def costs(classifier):
    return classifier.multiply_accumulates(), classifier.variables()


def test_a_linear_classifier_has_the_parameters_of_section_iii_c_1(digits):
    assert costs(fitted(Linear(), digits[0])) == (7_850, 7_850)
    assert costs(fitted(Linear(), digits[0], "deslanted")) == (4_010, 4_010)


def test_the_pairwise_classifier_has_45_units_of_785_weights(digits):
    model = fitted(PairwiseLinear(), digits[0])
    assert costs(model) == (45 * 785, 45 * 785)
    assert len(model.arrays()["biases"]) == 45


def test_neighbours_cost_every_pixel_of_every_template(digits):
    model = fitted(NearestNeighbours(), digits[0], "deslanted")
    assert costs(model) == (600 * 400, 600 * 400 + 10)


@pytest.mark.parametrize(("beside", "products"), [("components", 780), ("squares", 820)])
def test_the_quadratic_classifier_has_821_inputs(digits, beside, products):
    model = fitted(PCAQuadratic(beside=beside), digits[0])
    learned = model.arrays()
    assert learned["weights"].shape == (10, 820)  # and a constant, whose weights are the biases
    assert learned["biases"].shape == (10,)
    linear, projection = 10 * 821, 40 * 784
    assert costs(model) == (projection + products + linear, projection + 784 + linear)


def test_the_rbf_network_has_100_units_a_class():
    model = fitted(RBFNetwork(random_state=1), mnist._subset().training)
    assert costs(model) == (1000 * 784 + 10 * 1001, 1000 * 784 + 10 * 1001 + 1)
    assert np.bincount(model.model_[0].groups_).tolist() == [100] * 10


@pytest.mark.parametrize(
    ("classifier", "name"), [(PairwiseLinear(), "units"), (PCAQuadratic(), "beside")]
)
def test_what_there_is_not_is_refused(classifier, name, digits):
    wrong = clone(classifier).set_params(**{name: "cubes"})
    with pytest.raises(ValueError, match="not cubes"):
        fitted(wrong, digits[0])
