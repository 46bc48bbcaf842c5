"""Small seeded networks, one by each way that people build them, for frames (N, 1, H, W).

A name of this file is also a factory for the audit: `networks:strided`.
"""

import sys

import torch
from torch import Tensor, nn
from torch.nn import functional

CHANNELS = 4
SIZE = 32  # of the frames that a network of fixed size takes


def seeded(make, seed=0):
    torch.manual_seed(seed)
    return make().eval()


def convolution(inputs=CHANNELS, outputs=CHANNELS, kernel=3, **options):
    layer = nn.Conv2d(inputs, outputs, kernel, **options)
    nn.init.normal_(layer.bias, 0, 0.3)
    return layer


def classifier(*trunk):
    """Trunk, global average, linear head: scores (N, 3) alone."""
    return nn.Sequential(*trunk, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS, 3))


def padded(mode):
    """Two same-size convolutions that pad alike; the answer is a map."""
    options = {"padding": 1, "padding_mode": mode}
    return nn.Sequential(convolution(1, **options), nn.ReLU(), convolution(**options), nn.ReLU())


def zero_padded():
    return seeded(lambda: padded("zeros"))


def replicate():
    return seeded(lambda: padded("replicate"))


def reflect():
    return seeded(lambda: padded("reflect"))


def circular():
    return seeded(lambda: padded("circular"))


class FunctionalPadding(nn.Module):
    """Pads by a call, not by a setting of the layer."""

    def __init__(self, mode):
        super().__init__()
        self.mode = mode
        self.first = convolution(1)
        self.second = convolution()

    def forward(self, frames: Tensor) -> Tensor:
        first = functional.relu(self.first(functional.pad(frames, (1, 1, 1, 1), self.mode)))
        return functional.relu(self.second(functional.pad(first, (1, 1, 1, 1), self.mode)))


def functional_padding(mode="replicate"):
    return seeded(lambda: FunctionalPadding(mode))


def exact():
    """Unpadded, no stride: every integer shift of a contact inside is exact."""
    return seeded(lambda: nn.Sequential(convolution(1), nn.GELU(), convolution(), nn.GELU()))


def pointwise():
    return seeded(lambda: nn.Sequential(convolution(1, kernel=1), nn.Tanh()))


def strided():
    return seeded(
        lambda: nn.Sequential(convolution(1), nn.ReLU(), convolution(stride=2), nn.ReLU())
    )


def strided_thrice():
    return seeded(lambda: nn.Sequential(convolution(1), nn.ReLU(), convolution(stride=3)))


def max_pool():
    return seeded(lambda: nn.Sequential(convolution(1), nn.ReLU(), nn.MaxPool2d(2)))


def average_pool():
    return seeded(lambda: nn.Sequential(convolution(1), nn.ReLU(), nn.AvgPool2d(2)))


class BlurPool(nn.Module):
    """Binomial filter, then every second pixel (Zhang 2019)."""

    def __init__(self):
        super().__init__()
        row = torch.tensor([1.0, 2.0, 1.0]) / 4
        self.register_buffer("kernel", (row[:, None] * row).expand(CHANNELS, 1, 3, 3).clone())

    def forward(self, maps: Tensor) -> Tensor:
        padded = functional.pad(maps, (1, 1, 1, 1), "reflect")
        return functional.conv2d(padded, self.kernel, stride=2, groups=CHANNELS)


def blur_pool():
    return seeded(lambda: nn.Sequential(convolution(1), nn.ReLU(), BlurPool()))


def invariant_scores():
    """Class scores alone, no map among the outputs."""
    return seeded(lambda: classifier(convolution(1), nn.ReLU()))


def flatten_head():
    """Weights of its own for every pixel of the map: takes frames of one size."""
    inputs = CHANNELS * (SIZE - 2) ** 2
    return seeded(
        lambda: nn.Sequential(convolution(1), nn.ReLU(), nn.Flatten(), nn.Linear(inputs, 3))
    )


class Coordinates(nn.Module):
    """Is told where it looks: two more channels hold row and column."""

    def __init__(self):
        super().__init__()
        self.layer = convolution(3, padding=1)

    def forward(self, frames: Tensor) -> Tensor:
        count, _, height, width = frames.shape
        rows = torch.linspace(0, 1, height)[:, None].expand(count, 1, height, width)
        columns = torch.linspace(0, 1, width).expand(count, 1, height, width)
        return functional.relu(self.layer(torch.cat([frames, rows, columns], 1)))


def coordinates():
    return seeded(Coordinates)


class LocallyConnected(nn.Module):
    """A convolution without weight sharing: each pixel has a kernel of its own."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(CHANNELS, 9, SIZE * SIZE) / 3)

    def forward(self, frames: Tensor) -> Tensor:
        patches = functional.unfold(frames, 3, padding=1)  # (N, 9, H W)
        return (self.weight * patches[:, None]).sum(2).unflatten(2, (SIZE, SIZE))


def locally_connected():
    return seeded(LocallyConnected)


class TwoHeads(nn.Module):
    """A residual trunk, a contact map and class scores, by name."""

    def __init__(self):
        super().__init__()
        self.stem = convolution(1, padding=1)
        self.block = convolution(padding=2, dilation=2)
        self.contact = convolution(outputs=1, kernel=1)
        self.texture = nn.Linear(CHANNELS, 3)

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        stem = functional.silu(self.stem(frames))
        trunk = stem + functional.gelu(self.block(stem))
        return {
            "contact": self.contact(trunk)[:, 0].sigmoid(),
            "texture": self.texture(trunk.mean((2, 3))),
        }


def two_heads():
    return seeded(TwoHeads)


class Calling(nn.Module):
    """A network that is a function of its frames and nothing else."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, frames):
        return self.function(frames)


def nan_producer():
    """0 / 0 on the empty frame."""
    return Calling(lambda frames: frames / frames.amax((1, 2, 3), keepdim=True))


def always_random():
    return Calling(lambda frames: functional.dropout(frames, 0.5, training=True))


def size_changer():
    """Cuts rows off where little is touched: the size of the answer depends on the content."""
    return Calling(lambda frames: frames[:, :, : 1 + int((frames > 0.5).any(3).sum()) // 2])


def path_changer():
    """Runs a layer more where there is something to see."""
    return Calling(lambda frames: (frames.exp() if frames.any() else frames).tanh())


def constant_answer():
    return Calling(lambda frames: torch.ones(len(frames), 1, 4, 4))


def class_number():
    """Answers the best class, a whole number."""
    return Calling(lambda frames: frames.flatten(1).argmax(1))


def text_answer():
    return Calling(lambda frames: "felt")


def memory_blow_up():
    return Calling(lambda frames: functional.interpolate(frames, scale_factor=8).relu())


class Counting(nn.Module):
    """Keeps state: adds up what it has seen."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(1))

    def forward(self, frames: Tensor) -> Tensor:
        self.seen += frames.sum()
        return frames + self.seen


def counting():
    return Counting()


def half_precision():
    return nn.Conv2d(1, 2, 3).half()


def for_colour():
    return nn.Conv2d(3, 2, 3)


def without_weights():
    return nn.Conv2d(1, 2, 3, device="meta")


def ending_network():
    return Calling(lambda frames: sys.exit(0))


class TwoInputs(nn.Module):
    def forward(self, left, right):
        return left + right


def two_inputs():
    return TwoInputs()


def failing_factory():
    raise OSError("no such weights")


def ending_factory():
    raise SystemExit(0)


def no_module():
    return {"weight": 1}
