"""What the paper leaves open: one choice changed at a time, judged on held-out digits.

Each learns from the first 50,000 training images and is judged on the last 10,000, with
the same five seeds as the baseline, so that every difference is one of pairs.
"""

from typing import Any

from lenet5.experiments.experiment import Experiment
from lenet5.settings import Settings

BASELINE = "open-baseline"

_CHOSEN = "One choice changed at a time; this record is what a choice is made by."

_VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "init": ("First weights in ±2.4/F, as printed", {"init": "paper"}),
    "as-printed": (
        "First weights in ±2.4/F and equation (7) a sum, both as printed",
        {"init": "paper", "penalty": "sum"},
    ),
    "sum": ("Equation (7) a sum over F6, as printed", {"penalty": "sum"}),
    "half": ("Half the sum of equation (7)", {"penalty": "half"}),
    "mse": ("Equation (8)", {"loss": "mse"}),
    "j-03": ("j = 0.3", {"j": 0.3}),
    "j-3": ("j = 3", {"j": 3.0}),
    "j-10": ("j = 10", {"j": 10.0}),
    "half-j-10": ("Half the sum of equation (7), j = 10", {"penalty": "half", "j": 10.0}),
    "curvature-seed": (
        "Curvature started from the exact second derivative at F6",
        {"curvature_seed": "exact"},
    ),
    "coefficients": (
        "Curvature of S2 and S4: the four inputs as connections of their own",
        {"coefficient_curvature": "each"},
    ),
    "sdlm-once": ("Curvature estimated once, before the first pass", {"rates": "sdlm_once"}),
    "one-rate": ("One rate for all, the mean of the rates of SDLM", {"rates": "single"}),
    "reshuffled": ("A new random order before each pass", {"order": "reshuffled"}),
    "c3-full": ("C3 fully connected to S2", {"c3": "full"}),
    "one-of-ten": ("Ten units in F6, +1 for the class and -1 for the others",
                   {"codes": "one_of_ten"}),
    "codes": ("Output codes that adapt", {"trainable_codes": True}),
    "codes-mse": (
        "Output codes that adapt, with equation (8)",
        {"trainable_codes": True, "loss": "mse"},
    ),
    "linear-s": ("S2 and S4 without squashing", {"squash_subsampling": False}),
}  # fmt: skip

EXPERIMENTS = [
    Experiment(BASELINE, "The settings of Figure 5, on held-out digits", hold_out=True,
               chosen=_CHOSEN),
    *(
        Experiment(f"open-{name}", title, Settings(**changed), hold_out=True, baseline=BASELINE,
                   chosen=_CHOSEN)
        for name, (title, changed) in _VARIANTS.items()
    ),
]  # fmt: skip
