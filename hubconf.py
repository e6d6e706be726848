"""The entry point of torch.hub."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lenet5.networks import LeNet5

dependencies = ["torch", "numpy", "pandas", "jaxtyping", "safetensors"]


def lenet5(pretrained: bool = True) -> "LeNet5":
    """LeNet-5 as published in 1998: 32x32 pixels in, the penalties of the ten digits out.

    Background is -0.1 and ink 1.175, digits are those of MNIST; the smallest penalty wins.

    Args:
        pretrained: with the weights that come with the book (data/weights/README.md), or
            with first weights that `torch.manual_seed` decides.
    """
    import torch

    from lenet5.networks import LeNet5
    from lenet5.settings import Settings

    if pretrained:
        return LeNet5.from_pretrained()
    settings = Settings()
    network = LeNet5.from_settings(settings)
    network.initialise(settings.init, torch.default_generator)
    return network
