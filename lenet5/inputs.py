"""Which version of the database each network sees (Sections II-B, III-C)."""

from torch.nn.functional import pad

from lenet5 import mnist
from lenet5.mnist import BACKGROUND, Digits
from lenet5.run import Samples
from lenet5.settings import NetworkName


def inputs(digits: Digits, network: NetworkName = "lenet5") -> Samples:
    """The digits as a network takes them.

    LeNet-5 and LeNet-4 see 28x28 in a field of 32x32; LeNet-1 sees the 16x16 version in
    the middle of 28x28 (C.7); the perceptrons see 28x28.
    """
    match network:
        case "lenet5" | "lenet4":
            images = mnist.regular(digits.images)
        case "lenet1":
            images = pad(mnist.reduced(digits.images), (6, 6, 6, 6), value=BACKGROUND)
        case _:
            images = mnist.regular(digits.images)[:, :, 2:-2, 2:-2]
    return Samples(images, digits.labels)
