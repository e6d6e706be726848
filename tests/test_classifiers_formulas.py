"""The scores of Section III-C's classifiers against their formulas, written out in loops."""

import itertools

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from lenet5.classifiers import Linear, NearestNeighbours, PairwiseLinear, PCAQuadratic, RBFNetwork
from lenet5.classifiers.gaussian_units import GaussianUnits

CLASSES = 4


@pytest.fixture
def some():
    """Sixty images of nine pixels, of four classes, and ten others."""
    draw = np.random.default_rng(3)
    y = np.arange(60) % CLASSES
    means = draw.normal(size=(CLASSES, 9))
    return means[y] + 0.7 * draw.normal(size=(60, 9)), y, draw.normal(size=(10, 9))


def least_squares(X, targets, alpha):
    """Weights and bias by the normal equations; the bias is not held down."""
    ones = np.column_stack([X, np.ones(len(X))])
    ridge = alpha * np.eye(ones.shape[1])
    ridge[-1, -1] = 0
    return np.linalg.solve(ones.T @ ones + ridge, ones.T @ targets)


def apply(weights, X):
    return X @ weights[:-1] + weights[-1]


def plus_minus(y):
    return 2.0 * (y[:, None] == np.arange(CLASSES)) - 1


def test_linear_is_least_squares_to_plus_and_minus_1(some):
    X, y, others = some
    expected = apply(least_squares(X, plus_minus(y), 2.0), others)
    np.testing.assert_allclose(Linear(2.0).fit(X, y).decision_function(others), expected)


@pytest.mark.parametrize(
    ("units", "output"),
    [("linear", lambda a: a), ("squashed", lambda a: 1.7159 * np.tanh(2 / 3 * a)),
     ("threshold", np.sign)],
)  # fmt: skip
def test_pairwise_sums_the_outputs_of_i_x_less_those_of_y_i(some, units, output):
    X, y, others = some
    expected = np.zeros((10, CLASSES))
    for i, j in itertools.combinations(range(CLASSES), 2):
        those = (y == i) | (y == j)
        target = np.where(y[those] == i, 1.0, -1.0)
        o = output(apply(least_squares(X[those], target, 2.0), others))
        expected[:, i] += o
        expected[:, j] -= o
    model = PairwiseLinear(2.0, units).fit(X, y)
    np.testing.assert_allclose(model.decision_function(others), expected)


def test_pairwise_linear_units_make_a_linear_classifier(some):
    """Their scores add as the images do: why the units must not be linear."""
    X, y, others = some
    scores = PairwiseLinear(2.0, "linear").fit(X, y).decision_function
    middle = scores((others[:5] + others[5:]) / 2)
    np.testing.assert_allclose(middle, (scores(others[:5]) + scores(others[5:])) / 2)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_neighbours_vote_until_a_class_has_the_majority_of_k(some, k):
    X, y, _ = some
    others = np.random.default_rng(4).normal(size=(200, 9))
    answers = NearestNeighbours(k).fit(X, y).predict(others)
    for image, answer in zip(others, answers, strict=True):
        votes = np.zeros(CLASSES)
        for nearest in ((X - image) ** 2).sum(1).argsort():
            votes[y[nearest]] += 1
            if votes.max() > k / 2:
                break
        assert answer == votes.argmax()


def test_neighbours_with_a_majority_answer_as_scikit_learns_do(some):
    X, y, _ = some
    others = np.random.default_rng(4).normal(size=(200, 9))
    theirs = KNeighborsClassifier(3).fit(X, y)
    clear = theirs.predict_proba(others).max(1) > 0.5
    assert 100 < clear.sum() < 200
    ours = NearestNeighbours(3).fit(X, y).predict(others)
    assert (ours == theirs.predict(others))[clear].all()


def test_the_score_of_neighbours_is_minus_a_distance(some):
    X, y, others = some
    distances = np.sqrt(((others[:, None] - X) ** 2).sum(2))
    second = [np.sort(distances[:, y == c], axis=1)[:, 1] for c in range(CLASSES)]
    scores = NearestNeighbours(3).fit(X, y).decision_function(others)
    np.testing.assert_allclose(scores, -np.transpose(second))


@pytest.mark.parametrize("beside", ["components", "squares"])
def test_quadratic_takes_all_products_of_two_components(some, beside):
    X, y, others = some
    mean = X.mean(0)
    _, vectors = np.linalg.eigh(np.cov((X - mean).T))
    largest = vectors[:, :-4:-1]  # three, whose signs make no difference

    def features(images):
        z = (images - mean) @ largest
        products = [z[:, i] * z[:, j] for i, j in itertools.combinations(range(3), 2)]
        rest = z if beside == "components" else z**2
        return np.column_stack([*products, rest])

    expected = apply(least_squares(features(X), plus_minus(y), 2.0), features(others))
    model = PCAQuadratic(3, beside, 2.0).fit(X, y)
    np.testing.assert_allclose(model.decision_function(others), expected)


def test_rbf_states_are_gaussians_around_the_centres(some):
    X, y, others = some
    units = GaussianUnits(5, width=1.5, random_state=1).fit(X, y)
    assert units.groups_.tolist() == [c for c in range(CLASSES) for _ in range(5)]
    squared = ((others[:, None] - units.centres_) ** 2).sum(2)
    np.testing.assert_allclose(units.transform(others), np.exp(-squared / (2 * 1.5**2)))


def test_rbf_scores_are_least_squares_of_the_states(some):
    X, y, others = some
    model = RBFNetwork(5, width=1.5, alpha=0.5, random_state=1).fit(X, y)
    state = model.model_[0].transform
    expected = apply(least_squares(state(X), plus_minus(y), 0.5), state(others))
    np.testing.assert_allclose(model.decision_function(others), expected)


def test_each_group_lies_among_the_images_of_its_class():
    """Two classes of two far heaps each: a centre in each heap, whatever the seed."""
    heaps = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0], [9.0, 9.0]])
    draw = np.random.default_rng(1)
    X = np.repeat(heaps, 50, axis=0) + 0.1 * draw.normal(size=(200, 2))
    y = np.repeat([0, 0, 1, 1], 50)
    for seed in range(3):
        centres = GaussianUnits(2, random_state=seed).fit(X, y).centres_
        for group, places in ((centres[:2], heaps[:2]), (centres[2:], heaps[2:])):
            found = group[group[:, 0].argsort()]
            np.testing.assert_allclose(found, places, atol=0.2)


def test_a_seed_places_the_units_and_another_places_them_elsewhere(some):
    X, y, _ = some
    first, again, other = (
        GaussianUnits(5, random_state=seed).fit(X, y).centres_ for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()
