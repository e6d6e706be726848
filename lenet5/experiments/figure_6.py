"""Figure 6: smaller training sets, and distorted images beside the 60,000."""

from lenet5.experiments.experiment import CHOSEN, Experiment
from lenet5.settings import Settings

_RANGES = " The ranges of the distortions: from Figure 7."

EXPERIMENTS = [
    Experiment(
        "figure6-15000",
        "LeNet-5 on the first 15,000 images, 20 passes",
        claims={
            "figure6-test-15000": "error@20",
            "figure6-training-15000": "training_error@20",
        },
        seeds=10,
        images=15_000,
    ),
    Experiment(
        "figure6-30000",
        "LeNet-5 on the first 30,000 images, 20 passes",
        claims={
            "figure6-test-30000": "error@20",
            "figure6-training-30000": "training_error@20",
        },
        seeds=10,
        images=30_000,
    ),
    Experiment(
        "figure6-distorted",
        "LeNet-5 on 60,000 images and 540,000 distorted ones, 20 passes of 60,000",
        Settings(distortion="fixed"),
        claims={
            "figure6-test-distorted": "error@20",
            "figure9-dist-lenet-5": "error@20",
            "figure8-first-half": "missed_of_first_5000",
        },
        seeds=20,
        baseline="figure5",
        chosen=CHOSEN + _RANGES,
    ),
    Experiment(
        "figure6-gentle",
        "LeNet-5 with distortions gentler than those of Figure 7, 20 passes of 60,000",
        Settings(distortion="fixed", ranges="gentle"),
        baseline="figure6-distorted",
        chosen="Ranges: not chosen by any error; a second point beside those of Figure 7.",
    ),
]
