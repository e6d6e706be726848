"""Figure 5: LeNet-5, 60,000 images, 20 passes."""

from lenet5.experiments.experiment import Experiment
from lenet5.settings import Settings

EXPERIMENTS = [
    Experiment(
        "figure5",
        "LeNet-5 on 60,000 images, 20 passes, equation (9)",
        claims={
            "figure5-test-error": "error@20",
            "figure5-training-error": "training_error@19",
            "figure5-test-pass-1": "error@1",
            "figure5-training-pass-1": "training_error@1",
            "figure5-test-pass-5": "error@5",
            "figure5-test-pass-10": "error@10",
            "figure5-settled": "settled_after",
            "figure6-test-60000": "error@20",
            "figure6-training-60000": "training_error@20",
            "figure9-lenet-5": "error@20",
            "smallest-rate": "smallest_rate",
            "largest-rate": "largest_rate",
        },
        seeds=20,
    ),
    Experiment(
        "figure5-mse",
        "LeNet-5 on 60,000 images, 20 passes, equation (8)",
        Settings(loss="mse"),
        claims={
            "figure5-test-error": "error@20",
            "figure5-training-error": "training_error@19",
        },
        seeds=10,
        baseline="figure5",
    ),
]
