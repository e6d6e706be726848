"""`python -m lenet5 train`."""

import argparse
import json
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args, get_type_hints

from lenet5.cli.options import DIRECTORY
from lenet5.errors import LeNet5Error
from lenet5.settings import Settings

if TYPE_CHECKING:
    from lenet5.run import Samples
    from lenet5.workers import Trainer

_SETTINGS_HELP = {
    "network": "which of Section III's; numbers are the hidden units of a perceptron",
    "seed": "of the weights, the order and the curvature samples",
    "passes": "times through the training set",
    "loss": "equation (9), maximum a posteriori, or equation (8), mean squared error",
    "j": "penalty of the rubbish class in equation (9); the paper gives none",
    "init": "first weights in ±1/√F, or Appendix A's ±2.4/F",
    "penalty": "factor before the sum of equation (7): 1 as printed, 1/2 or 1/84",
    "codes": "what F6 is compared with: Figure 3's pictures, or +1 for the class and -1 for others",
    "trainable_codes": "let the output codes adapt",
    "c3": "which maps of S2 feed which of C3",
    "squash_subsampling": "squash the sums of S2 and S4, as printed",
    "order": "one random order, as printed, or another before each pass",
    "distortion": "none, nine fixed copies of each image as in the paper, or fresh ones",
    "ranges": "how far distortions go: as in Figure 7, or less than half as far",
    "rates": "rates from second derivatives before each pass, before the first, or one for all",
    "mu": "μ of equation (21)",
    "curvature_seed": "where second derivatives start at F6",
    "curvature_samples": "images over which second derivatives are averaged",
    "coefficient_curvature": "inputs of a sub-sampling coefficient: their sum, or each of the four",
}


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "train",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        help="train LeNet-5, one sample at a time",
        description="Trains LeNet-5 as Section III-B does. A checkpoint is written after each "
        "pass; the same command goes on from it.",
    )
    command.add_argument("--trainer", choices=("engine", "pytorch"), default="engine",
                         help="the fused loop, or the readable one, far slower")  # fmt: skip
    command.add_argument("--seeds", type=int, default=1, metavar="N",
                         help="train N networks, from seed, seed + 1, ..., each in a folder of "
                         "its own")  # fmt: skip
    command.add_argument("--jobs", type=int, metavar="J",
                         help="how many to train at once; one a core unless told")  # fmt: skip
    command.add_argument("--cluster", metavar="URL",
                         help="train on the Dask cluster whose scheduler is at tcp://host:port "
                         "(needs the extra `cluster`)")  # fmt: skip
    command.add_argument("--out", type=Path, default=DIRECTORY, metavar="DIR",
                         help="where checkpoint, history and weights go")  # fmt: skip
    command.add_argument("--images", type=int, metavar="N",
                         help="train on the first N images only")  # fmt: skip
    command.add_argument("--hold-out", action="store_true",
                         help="keep the last 10,000 training images for evaluation and leave the "
                         "test set alone: what any choice of settings must use")  # fmt: skip
    default = Settings()
    for name, text in _SETTINGS_HELP.items():
        value, flag = getattr(default, name), "--" + name.replace("_", "-")
        if isinstance(value, bool):
            kind = argparse.BooleanOptionalAction
            command.add_argument(flag, action=kind, default=value, help=text)
        else:
            choices = get_args(get_type_hints(Settings)[name]) or None
            command.add_argument(flag, type=type(value), default=value, choices=choices, help=text)
    command.set_defaults(
        command=_train,
        after_interrupt="The same command goes on after the last pass that was finished.",
    )


def _train(options: argparse.Namespace) -> None:
    from lenet5 import engine, mnist, training
    from lenet5.files import write_atomically
    from lenet5.inputs import inputs
    from lenet5.weights import save_network

    given = vars(options)
    settings = Settings(**{f.name: given[f.name] for f in fields(Settings) if f.name in given})
    database = mnist.load()
    digits = database.fitting if options.hold_out else database.training
    judged = database.held_out if options.hold_out else database.test
    if options.images is not None:
        digits = digits.first(options.images)
    name = "held-out" if options.hold_out else "test"
    print(f"Training on {len(digits):,} images of {database.source}; "
          f"evaluation on the {len(judged):,} {name} images.")  # fmt: skip
    trainer: Trainer = engine.train if options.trainer == "engine" else training.train
    samples = inputs(digits, settings.network), inputs(judged, settings.network)
    if options.seeds != 1 or options.cluster:
        _train_seeds(options, settings, trainer, *samples)
        return
    run = trainer(
        settings,
        *samples,
        checkpoint=options.out / "checkpoint.safetensors",
    )
    history = {
        "settings": settings.as_dict(),
        "trainer": options.trainer,
        "source": database.source,
        "digests": database.digests,
        "training_images": len(digits),
        "evaluated_on": name,
        "history": [asdict(line) for line in run.history],
    }
    write_atomically(options.out / "history.json", json.dumps(history, indent=1).encode() + b"\n")
    save_network(run.network, settings, options.out / "weights.safetensors")
    print(f"{name} error after pass {run.history[-1].number}: "
          f"{run.history[-1].evaluation_error:.2f} %")  # fmt: skip
    print(f"Weights: {options.out / 'weights.safetensors'}")


def _train_seeds(
    options: argparse.Namespace,
    settings: Settings,
    trainer: "Trainer",
    training: "Samples",
    judged: "Samples",
) -> None:
    from lenet5.many import table, train_many

    if options.seeds < 1:
        raise LeNet5Error(f"The number of seeds must be 1 or more, not {options.seeds}.")
    each = [replace(settings, seed=settings.seed + k) for k in range(options.seeds)]
    runs = train_many(each, training, judged, options.out, jobs=options.jobs,
                      cluster=options.cluster, trainer=trainer)  # fmt: skip
    print(table(runs))
    print(f"Weights: {options.out / 'seed-*' / 'weights.safetensors'}")
