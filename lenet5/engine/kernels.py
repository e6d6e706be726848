"""The arithmetic of a pass: forward, back, update, sample after sample.

Nothing here knows which network it trains: each function is told by a row of
`program` (see `lenet5.engine.layout`) where in the flat arrays its layer lies.

    w       weights and biases          rate    η / (μ + h) of each of them
    x       the input and all states    d       dE/dx, then dE/da, in x's places
    g       gradients of the layers whose weights are shared

States lie as [row][column][map], the maps padded with zeros to a multiple of
eight, and weights as [row][column][source][map]: eight neighbours are the same
weight of eight maps, and one number of the source is multiplied by all of them.
A connection that is not there, for want of a map or of an entry in Table I, has
weight 0 and rate 0, and stays 0.
"""

# mypy: ignore-errors
# Numba infers the types of what follows.

import math

import numpy as np

from lenet5 import layers
from lenet5.distortion import BACKGROUND
from lenet5.engine.tiles import (
    LANES,
    add_outer,
    entry,
    kernel,
    load,
    pasted,
    store,
    total,
    transposed,
    zeros,
)

BUILT_ON = "df45daeaaf2e3a09"
"""Digest of tiles.py and of the constants below that come from elsewhere.

Numba keeps compiled kernels on disk until *this* file changes. A test asks for the new
digest when one of those does, and so changes it.
"""

CONVOLUTION, DENSE, SUBSAMPLING, SPLITTING, OUTPUT = range(5)
BLOCKS = (14, 10, 8, 1)
"""How many neighbouring columns a tile may hold; the widest that divides a row is taken."""

A, S, SLOPE = np.float32(layers.A), np.float32(layers.S), np.float32(layers.S / layers.A)
LIMIT = np.float32(8.3)  # of the argument of tanh
WHITE = np.float32(BACKGROUND)


@kernel
def vector(array, at):
    """A tile of one row: array[at : at + 8]."""
    return load(1, LANES, array, at, 0)


@kernel
def tanh(z):
    """A rational function fitted to tanh with the least maximal error, 5e-7 in float32.

    It stops at |z| = 8.3, where tanh is 1 - 1e-7. A NaN stays one.
    """
    z = LIMIT if z > LIMIT else z
    z = -LIMIT if z < -LIMIT else z
    u = z * z
    top = np.float32(2.90958222e-03) + u * np.float32(1.09999568e-05)
    top = np.float32(0.999999136) + u * (np.float32(0.128861546) + u * top)
    bottom = np.float32(2.32928949e-04) + u * np.float32(2.3258179e-07)
    bottom = np.float32(0.462191772) + u * (np.float32(2.36434602e-02) + u * bottom)
    return z * top / (np.float32(1) + u * bottom)


@kernel
def squash(x):
    """a becomes f(a), in place."""
    for i in range(len(x)):
        x[i] = A * tanh(S * x[i])


@kernel
def through_squash(x, d):
    """dE/dx becomes dE/da = f'(a) dE/dx, in place; f' is written in the state x."""
    for i in range(len(x)):
        d[i] *= SLOPE * (A - x[i]) * (A + x[i])


def _forward(block, lanes, fixed_stride):
    """The weighted sums of a convolution: a tile holds so many neighbours in so many maps.

    Args:
        block: neighbouring columns.
        lanes: maps.
        fixed_stride: known when compiling, it needs no registers; 0 takes the layer's.
    """

    @kernel
    def forward(layer, w, x):
        size, sources, maps = layer.size, layer.sources, layer.maps
        width, columns, runs, run = layer.width, layer.columns, layer.runs, layer.run
        stride = fixed_stride if fixed_stride else layer.stride
        for row in range(layer.rows):
            for column in range(0, columns, block):
                for m in range(0, maps, lanes):
                    tile = load(block, lanes, w, layer.biases + m, 0)
                    for i in range(size):
                        at = layer.x + ((row + i) * width + column) * stride
                        w_at = layer.weights + i * size * sources * maps + m
                        for _ in range(runs):
                            for s in range(run):
                                tile = add_outer(tile, x, at + s, stride, w, w_at)
                                w_at += maps
                            at += stride
                    store(tile, x, layer.y + (row * columns + column) * maps + m, maps)

    return forward


def _to_input(block, fixed_maps):
    """The way back through a convolution, to the sources; the arguments as before."""

    @kernel
    def to_input(layer, turned, d):
        """Adds dE/dx of the sources, the `turned` weights at [row][column][map][source]."""
        size, stride, width = layer.size, layer.stride, layer.width
        rows, columns = layer.rows, layer.columns
        maps = fixed_maps if fixed_maps else layer.maps
        for row in range(rows + size - 1):
            for column in range(0, columns, block):
                for j in range(size):
                    for s in range(0, stride, LANES):
                        tile = zeros(block, LANES)
                        for i in range(max(0, row - rows + 1), min(size, row + 1)):
                            at = layer.y + ((row - i) * columns + column) * maps
                            w_at = (i * size + j) * maps * stride + s
                            for m in range(maps):
                                tile = add_outer(tile, d, at + m, maps, turned, w_at)
                                w_at += stride
                        to = layer.x + (row * width + column + j) * stride + s
                        store(load(block, LANES, d, to, stride) + tile, d, to, stride)

    return to_input


forward_14_1, forward_8_1 = _forward(14, 8, 1), _forward(8, 8, 1)
forward_10_8, forward_8_8 = _forward(10, 16, 8), _forward(8, 16, 8)
forward_any = _forward(1, 8, 0)


@pasted
def convolve(layer, w, x):
    """The weighted sums. The shapes of the paper's networks have code of their own."""
    block, stride = layer.block, layer.stride
    if block == 14 and stride == 1:
        forward_14_1(layer, w, x)
    elif block == 8 and stride == 1:
        forward_8_1(layer, w, x)
    elif block == 10 and stride == 8 and layer.maps % 16 == 0:
        forward_10_8(layer, w, x)
    elif block == 8 and stride == 8 and layer.maps % 16 == 0:
        forward_8_8(layer, w, x)
    else:
        forward_any(layer, w, x)


@kernel
def turn(layer, w, turned):
    """The weights with sources and maps exchanged.

    What lies behind the last source is taken along to the places of padding, where
    whatever it gives is multiplied by rates of 0.
    """
    sources, maps, stride = layer.sources, layer.maps, layer.stride
    for tap in range(layer.size * layer.size):
        at, to = layer.weights + tap * sources * maps, tap * maps * stride
        for s in range(0, stride, LANES):
            for m in range(0, maps, LANES):
                square = transposed(w, at + s * maps + m, maps)
                store(square, turned, to + m * stride + s, stride)


to_input_10_16, to_input_8_16 = _to_input(10, 16), _to_input(8, 16)
to_input_any = _to_input(1, 0)


@pasted
def convolve_back(layer, w, turned, d):
    """dE/dx of the sources."""
    turn(layer, w, turned)
    block, maps = layer.block, layer.maps
    if block == 10 and maps == 16:
        to_input_10_16(layer, turned, d)
    elif block == 8 and maps == 16:
        to_input_8_16(layer, turned, d)
    else:
        to_input_any(layer, turned, d)


def _gradient(taps, lanes, at_once):
    """dE/dw of a shared kernel: a sum over positions, equation (19).

    Args:
        taps: neighbouring weights of a kernel's row that a tile holds.
        lanes: maps that it holds.
        at_once: columns whose terms are added up apart. One short sum would have to
            wait for itself; a long row has two.
    """

    @kernel
    def gradient(layer, x, d, g):
        size, sources, maps = layer.size, layer.sources, layer.maps
        stride, width, rows, columns = layer.stride, layer.width, layer.rows, layer.columns
        for i in range(size):
            for j in range(0, size, taps):
                for s in range(sources):
                    for m in range(0, maps, lanes):
                        tile, other = zeros(taps, lanes), zeros(taps, lanes)
                        for row in range(rows):
                            at = layer.x + ((row + i) * width + j) * stride + s
                            d_at = layer.y + row * columns * maps + m
                            for _ in range(0, columns, at_once):
                                tile = add_outer(tile, x, at, stride, d, d_at)
                                if at_once == 2:
                                    other = add_outer(other, x, at + stride, stride, d, d_at + maps)
                                at += at_once * stride
                                d_at += at_once * maps
                        to = layer.weights + ((i * size + j) * sources + s) * maps + m
                        store(tile + other, g, to, sources * maps)

    return gradient


gradient_5_8, gradient_5_16 = _gradient(5, 8, 2), _gradient(5, 16, 1)
gradient_any = _gradient(1, 8, 1)


@pasted
def convolution_gradient(layer, x, d, g):
    """dE/dw of kernels and biases: sums over all positions, equation (19)."""
    if layer.size == 5 and layer.maps % 16 == 0:
        gradient_5_16(layer, x, d, g)
    elif layer.size == 5 and layer.columns % 2 == 0:
        gradient_5_8(layer, x, d, g)
    else:
        gradient_any(layer, x, d, g)
    stop = layer.y + layer.rows * layer.columns * layer.maps
    for m in range(0, layer.maps, LANES):
        bias = zeros(1, LANES)
        for at in range(layer.y + m, stop, layer.maps):
            bias += vector(d, at)
        store(bias, g, layer.biases + m, 0)


@kernel
def update(w, rate, g):
    """Equation (18)."""
    for i in range(len(w)):
        w[i] -= rate[i] * g[i]


@kernel
def multiply(layer, w, x):
    """The weighted sums of units that see all of the layer below, four inputs at a time."""
    maps, y = layer.maps, layer.y
    for m in range(0, maps, LANES):
        store(vector(w, layer.biases + m), x, y + m, 0)
    at = layer.weights
    for s in range(layer.x, layer.x + layer.sources, 4):
        x0, x1, x2, x3 = x[s], x[s + 1], x[s + 2], x[s + 3]
        for m in range(0, maps, LANES):
            a = vector(x, y + m) + vector(w, at + m) * x0 + vector(w, at + maps + m) * x1
            b = vector(w, at + 2 * maps + m) * x2 + vector(w, at + 3 * maps + m) * x3
            store(a + b, x, y + m, 0)
        at += 4 * maps


@kernel
def multiply_back(layer, w, rate, x, d):
    """dE/dx below, and the update: each weight is read for the one before the other."""
    maps, y = layer.maps, layer.y
    for s in range(layer.sources):
        number, at = x[layer.x + s], layer.weights + s * maps
        slope = zeros(1, LANES)
        for m in range(0, maps, LANES):
            weight, above = vector(w, at + m), vector(d, y + m)
            slope += weight * above
            store(weight - vector(rate, at + m) * (above * number), w, at + m, 0)
        d[layer.x + s] = total(slope)
    for m in range(0, maps, LANES):
        at = layer.biases + m
        store(vector(w, at) - vector(rate, at) * vector(d, y + m), w, at, 0)


@kernel
def four(x, at, maps, below):
    """The sum of a unit's four inputs, eight maps at a time."""
    return (
        vector(x, at) + vector(x, at + maps) + vector(x, at + below) + vector(x, at + below + maps)
    )


@kernel
def subsample(layer, w, x):
    """The weighted sums of S2 and S4, eight maps at a time."""
    maps, columns, below = layer.maps, layer.columns, layer.width * layer.stride
    for m in range(0, maps, LANES):
        coefficient, bias = vector(w, layer.weights + m), vector(w, layer.biases + m)
        for row in range(layer.rows):
            at = layer.x + 2 * row * below + m
            to = layer.y + row * columns * maps + m
            for _ in range(columns):
                store(coefficient * four(x, at, maps, below) + bias, x, to, 0)
                at += 2 * maps
                to += maps


@kernel
def subsample_back(layer, w, x, d, g):
    """dE/dx below and the gradients of coefficients and biases."""
    maps, columns, below = layer.maps, layer.columns, layer.width * layer.stride
    for m in range(0, maps, LANES):
        weight = vector(w, layer.weights + m)
        coefficient, bias = zeros(1, LANES), zeros(1, LANES)
        for row in range(layer.rows):
            at = layer.x + 2 * row * below + m
            y = layer.y + row * columns * maps + m
            for _ in range(columns):
                slope = vector(d, y)
                coefficient += slope * four(x, at, maps, below)
                bias += slope
                slope = slope * weight
                store(slope, d, at, 0)
                store(slope, d, at + maps, 0)
                store(slope, d, at + below, 0)
                store(slope, d, at + below + maps, 0)
                at += 2 * maps
                y += maps
        store(coefficient, g, layer.weights + m, 0)
        store(bias, g, layer.biases + m, 0)


@kernel
def split(layer, w, x):
    """What `subsample` does, where a map below feeds several."""
    columns, stride, below = layer.columns, layer.stride, layer.width * layer.stride
    for row in range(layer.rows):
        for column in range(columns):
            at = layer.x + 2 * (row * below + column * stride)
            to = layer.y + (row * columns + column) * layer.maps
            for m in range(layer.sources * layer.copies):
                p = at + m // layer.copies
                four = x[p] + x[p + stride] + x[p + below] + x[p + below + stride]
                x[to + m] = w[layer.weights + m] * four + w[layer.biases + m]


@kernel
def split_back(layer, w, x, d, g):
    """What `subsample_back` does, where a map below feeds several."""
    columns, stride, below = layer.columns, layer.stride, layer.width * layer.stride
    g[layer.weights : layer.end] = 0
    d[layer.x : layer.y] = 0
    for row in range(layer.rows):
        for column in range(columns):
            at = layer.x + 2 * (row * below + column * stride)
            to = layer.y + (row * columns + column) * layer.maps
            for m in range(layer.sources * layer.copies):
                p, slope = at + m // layer.copies, d[to + m]
                four = x[p] + x[p + stride] + x[p + below] + x[p + below + stride]
                g[layer.weights + m] += slope * four
                g[layer.biases + m] += slope
                slope *= w[layer.weights + m]
                d[p] += slope
                d[p + stride] += slope
                d[p + below] += slope
                d[p + below + stride] += slope


@kernel
def take(image, x):
    """Puts an image of [map][row][column] at the start of x as [row][column][map]."""
    maps, rows, columns = image.shape
    for m in range(maps):
        for row in range(rows):
            to = x[row * columns * maps + m :]
            for column in range(columns):
                to[column * maps] = image[m, row, column]


@kernel
def take_distorted(image, affine, line, x):
    """The same for the image as the map `affine` shows it; see `lenet5.distortion`.

    Without rotation, a row of the result lies between two rows of the image: their
    mixture goes to `line`, between two pixels of white on either side.
    """
    maps, rows, columns = image.shape
    a, b, c, d, e = affine[0], affine[1], affine[2], affine[3], affine[4]
    line[:] = WHITE
    for m in range(maps):
        for row in range(rows):
            y = min(max(d * row + e, np.float32(-1)), np.float32(rows))
            above = math.floor(y)
            below_share = y - above
            line[2 : columns + 2] = WHITE
            for source, share in ((above, 1 - below_share), (above + 1, below_share)):
                if 0 <= source < rows:
                    for column in range(columns):
                        line[column + 2] += share * (image[m, source, column] - WHITE)
            to = x[row * columns * maps + m :]
            for column in range(columns):
                at = a * column + (b * row + c)
                at = min(max(at, np.float32(-2)), np.float32(columns)) + 2
                left = int(at)
                step = line[left + 1] - line[left]
                to[column * maps] = line[left] + (at - left) * step


@pasted
def forward(program, w, x, penalties):
    """From the image at the start of x to all states and penalties."""
    for n in range(len(program) - 1):
        layer = program[n]
        if layer.kind == CONVOLUTION:
            convolve(layer, w, x)
        elif layer.kind == SUBSAMPLING:
            subsample(layer, w, x)
        elif layer.kind == SPLITTING:
            split(layer, w, x)
        else:
            multiply(layer, w, x)
        if layer.squashes:
            squash(x[layer.y : layer.y + layer.rows * layer.columns * layer.maps])
    compare(program[-1], w, x, penalties)


@kernel
def compare(output, w, x, penalties):
    """Equation (7)."""
    for i in range(output.maps):
        distance, at = zeros(1, LANES), output.weights + i * output.stride
        for k in range(0, output.stride, LANES):
            difference = vector(x, output.x + k) - vector(w, at + k)
            distance += difference * difference
        penalties[i] = output.scale * total(distance)


@kernel
def loss(penalties, label, j, slopes):
    """E^p, equation (9) or, if j is NaN, (8); and dE/dy in `slopes`."""
    slopes[:] = 0
    error = penalties[label]
    if not math.isnan(j):
        least = j
        for y in penalties:
            least = min(least, y)
        so_far = math.exp(least - j)
        for i in range(len(penalties)):
            slopes[i] = math.exp(least - penalties[i])
            so_far += slopes[i]
        for i in range(len(penalties)):
            slopes[i] /= -so_far
        error += math.log(so_far) - least
    slopes[label] += 1
    return error


@kernel
def output_back(output, w, rate, x, d, slopes):
    """dE/dx at the units below, and the update of the codes (rate 0 where they are fixed)."""
    for k in range(0, output.stride, LANES):
        slope_below = zeros(1, LANES)
        for i in range(output.maps):
            at = output.weights + i * output.stride + k
            code, slope = vector(w, at), np.float32(2 * output.scale * slopes[i])
            term = (vector(x, output.x + k) - code) * slope
            slope_below += term
            store(code + vector(rate, at) * term, w, at, 0)
        store(slope_below, d, output.x + k, 0)


@pasted
def backward(program, w, rate, x, d, g, turned, slopes):
    """From dE/dy down to the first layer, with every weight updated on the way."""
    output_back(program[-1], w, rate, x, d, slopes)
    for n in range(len(program) - 2, -1, -1):
        layer = program[n]
        stop = layer.y + layer.rows * layer.columns * layer.maps
        if layer.squashes:
            through_squash(x[layer.y : stop], d[layer.y : stop])
        if layer.kind == DENSE:
            multiply_back(layer, w, rate, x, d)
            continue
        if layer.kind == SUBSAMPLING:
            subsample_back(layer, w, x, d, g)
        elif layer.kind == SPLITTING:
            split_back(layer, w, x, d, g)
        else:
            if n > 0:
                d[layer.x : layer.y] = 0
                convolve_back(layer, w, turned, d)
            convolution_gradient(layer, x, d, g)
        start, stop = layer.weights, layer.end
        update(w[start:stop], rate[start:stop], g[start:stop])


@entry
def present(program, w, rate, x, d, g, turned, images, labels, order, affine, j):
    """A pass over the samples that `order` names, each distorted if `affine` has maps.

    Returns the errors and the sum of E^p.
    """
    penalties, slopes = np.empty(program[-1].maps), np.empty(program[-1].maps)
    line = np.empty(images.shape[3] + 4, np.float32)
    errors, so_far = 0, 0.0
    for n in range(len(order)):
        image, label = images[order[n]], labels[order[n]]
        if len(affine):
            take_distorted(image, affine[n], line, x)
        else:
            take(image, x)
        forward(program, w, x, penalties)
        errors += np.argmin(penalties) != label
        so_far += loss(penalties, label, j, slopes)
        backward(program, w, rate, x, d, g, turned, slopes)
    return errors, so_far


@entry
def answer(program, w, x, images, penalties):
    """The penalties of each image."""
    for n in range(len(images)):
        take(images[n], x)
        forward(program, w, x, penalties[n])
