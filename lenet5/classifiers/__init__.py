"""Section III-C's classifiers that are no multilayer networks, with scikit-learn's contract.

Scikit-learn's own parts do the work. What stands here is how the paper puts them together,
what it leaves open and what was chosen, and what each costs: `multiply_accumulates` and
`variables`, as in Figures 11 and 12, counted from the arrays that a fit has learned.
"""

from lenet5.classifiers.classifier import Classifier
from lenet5.classifiers.linear import Linear
from lenet5.classifiers.nearest_neighbours import NearestNeighbours
from lenet5.classifiers.pairwise import PairwiseLinear
from lenet5.classifiers.quadratic import PCAQuadratic
from lenet5.classifiers.rbf import RBFNetwork

__all__ = [
    "Classifier",
    "Linear",
    "NearestNeighbours",
    "PCAQuadratic",
    "PairwiseLinear",
    "RBFNetwork",
]
