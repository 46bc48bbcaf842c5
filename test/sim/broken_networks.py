"""Networks that are told where a contact is, each by one mistake that people make."""

from collections.abc import Callable

import numpy as np
import torch
from tactile_equiv_sim.moves import Stage
from tactile_equiv_sim.scene import Contact, Pose
from tactile_equiv_sim.script import Script
from torch import Tensor, nn
from torch.nn import functional

from tactile_equiv.architecture import Architecture
from tactile_equiv.card import Card
from tactile_equiv.frame import Normalisation, level
from tactile_equiv.model import Classifier, Model
from tactile_equiv.network import TactileNetwork
from tactile_equiv.pooling import pool

CHANNELS = 12
GAIN = 1.5
SIZES = Architecture(2, channels=(CHANNELS,) * 3, dilations=(1, 1, 1))
NORMALISATION = Normalisation(dead_zone=0.5, scale=64)

Canvas = Callable[[Tensor], Tensor]
"""Frames (N, 1, H, W) to features (N, F, H + 2R, W + 2R)."""


def seeded(make, seed=0):
    torch.manual_seed(seed)
    return make()


def convolution(inputs=CHANNELS, outputs=CHANNELS, **options):
    layer = nn.Conv2d(inputs, outputs, 3, **options)
    nn.init.normal_(layer.bias, 0, 0.3)
    return layer


def same_size(**options):
    layers = [convolution(1, padding=1, **options)]
    layers += [convolution(padding=1, **options) for _ in range(2)]
    return nn.Sequential(*(part for layer in layers for part in (layer, nn.GELU())))


class BackgroundPadding(nn.Module):
    """Same-size maps, each padded with what an infinite empty plane would hold there."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([convolution(1), convolution(), convolution()])

    def forward(self, x):
        background = torch.zeros(1, 1, 1, 1)
        for layer in self.layers:
            height, width = x.shape[2] + 2, x.shape[3] + 2
            padded = background.expand(len(x), -1, height, width).clone()
            padded[:, :, 1:-1, 1:-1] = x
            x = functional.gelu(layer(padded))
            background = functional.gelu(layer(background.expand(1, -1, 3, 3)))
        return x - background


class Coordinates(nn.Module):
    """A net that is told where it is (CoordConv)."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(convolution(3, padding=1), nn.GELU())

    def forward(self, x):
        size = (len(x), 1, *x.shape[2:])
        rows = torch.linspace(-1, 1, x.shape[2])[:, None].expand(size)
        columns = torch.linspace(-1, 1, x.shape[3])[None].expand(size)
        return self.net(torch.cat([x, rows, columns], dim=1))


class LocallyConnected(nn.Module):
    """A kernel of its own at every position."""

    def __init__(self, rows, columns):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(CHANNELS, 9, rows * columns) / 3)

    def forward(self, x):
        neighbours = functional.unfold(x, 3, padding=1)[:, None]  # (N, 1, 9, HW)
        answers = functional.gelu((self.weight * neighbours).sum(dim=2))  # (N, F, HW)
        return answers.view(len(x), -1, *x.shape[2:])


def strided():
    return nn.Sequential(convolution(1, stride=2, padding=1), nn.GELU(), convolution(padding=1))


def max_pooled():
    return nn.Sequential(convolution(1, padding=1), nn.GELU(), nn.MaxPool2d(2))


def on_canvas(features: nn.Module) -> Canvas:
    """Features of any size, spread over the sensor; nothing beyond its border."""

    def canvas(frames: Tensor) -> Tensor:
        fine = functional.interpolate(features(frames), frames.shape[2:])
        return functional.pad(fine, [SIZES.radius] * 4)

    return canvas


def exact() -> Canvas:
    trunk = TactileNetwork(SIZES).trunk
    for layer in trunk:
        nn.init.normal_(layer.convolution.bias, 0, 0.3)
    return trunk


def cropped_pooling() -> Canvas:
    """Exact inside; what lies beyond the border is lost before pooling."""
    trunk, edge = exact(), [SIZES.radius] * 4
    return lambda frames: functional.pad(functional.pad(trunk(frames), [-e for e in edge]), edge)


BROKEN: dict[str, Callable[[int, int], Canvas]] = {
    "strided": lambda rows, columns: on_canvas(strided()),
    "max_pool": lambda rows, columns: on_canvas(max_pooled()),
    "zero_padding": lambda rows, columns: on_canvas(same_size()),
    "background_padding": lambda rows, columns: on_canvas(BackgroundPadding()),
    "cropped_pooling": lambda rows, columns: cropped_pooling(),
    "locally_connected": lambda rows, columns: on_canvas(LocallyConnected(rows, columns)),
    "coordinates": lambda rows, columns: on_canvas(Coordinates()),
}
REASONS = {
    "strided": ("map_shift_error", r"multiples of 2 taxels and on no others: a stride"),
    "max_pool": ("map_shift_error", r"multiples of 2 taxels and on no others: a stride or pooling"),
    "zero_padding": ("map_shift_error", r"within \d taxels of the border .* padding does this"),
    "background_padding": ("map_shift_error", r"within \d taxels of the border .* padding does"),
    "cropped_pooling": ("score_drift", r"while the map is exact: pooling a map cropped"),
    "locally_connected": ("map_shift_error", r"on short shifts as on long ones: .*not shared"),
    "coordinates": ("map_shift_error", r"grow with the shift .*: coordinates fed"),
}
"""By name, the finding that must fail and what its sentence must say."""
NETWORKS = {"exact": lambda rows, columns: exact(), **BROKEN}
"""By name, from rows and columns of the sensor."""


class Engine:
    """A back end of any canvas, with a contact head."""

    name, device = "torch", "cpu"

    def __init__(self, canvas: Canvas, head: Tensor) -> None:
        self._canvas, self._head = canvas, head  # (F,)

    def run(self, frame):
        with torch.inference_mode():
            canvas = self._canvas(torch.from_numpy(frame)[None])[0]
            evidence = torch.tensordot(self._head, on_sensor(canvas), 1)
            return torch.tanh(GAIN * evidence.clamp(min=0)).numpy(), canvas.numpy()


def on_sensor(canvas: Tensor) -> Tensor:
    return functional.pad(canvas, [-SIZES.radius] * 4)


def model_of(name: str, script: Script) -> Model:
    """A model of the classes of a script; both heads are fitted to contacts in the middle."""
    rows, columns = script.sensor.rows, script.sensor.cols
    frames, masks, labels = presses_in_the_middle(script)
    with torch.no_grad():
        canvas = seeded(lambda: NETWORKS[name](rows, columns))
        features = canvas(frames)
        cells = on_sensor(features).movedim(1, 3).flatten(0, 2)  # (N H W, F)
        head = torch.linalg.lstsq(cells, masks.flatten()[:, None]).solution[:, 0]
        classifier = fitted_classifier(pool_all(features), labels)
    card = Card(name, "simulated array", script.labels, SIZES, NORMALISATION)
    return Model(card, classifier, Engine(canvas, head))


def pool_all(features: Tensor) -> np.ndarray:
    return np.arcsinh(np.array([pool(one) for one in features.numpy()], np.float64))


def fitted_classifier(pooled: np.ndarray, labels: np.ndarray) -> Classifier:
    """Least squares with a ridge: log-odds 2 for the class and -2 for the others."""
    mean, scale = pooled.mean(axis=0), pooled.std(axis=0) + 1e-3
    known = (pooled - mean) / scale
    wanted = 4 * (labels[:, None] == np.arange(SIZES.classes)) - 2.0
    bias = wanted.mean(axis=0)
    gram = known.T @ known + 0.1 * len(known) * np.eye(known.shape[1])
    weight = np.linalg.solve(gram, known.T @ (wanted - bias)).T
    return Classifier(weight, bias, mean, scale)


def presses_in_the_middle(script: Script) -> tuple[Tensor, Tensor, np.ndarray]:
    """Levelled frames (N, 1, H, W), masks (N, H, W) and labels (N,), at phases between taxels."""
    scene = script.scene()
    (x, y), pitch = Stage(scene, script.objects).middle_mm, script.sensor.pitch_mm
    loads = {contact.surface: contact.pose for contact in script.contacts()}
    frames, masks, labels = [], [], []
    for surface, pose in loads.items():
        for down, across in np.mgrid[0:1:0.25, 0:1:0.25].reshape(2, -1).T.tolist():
            place = Pose(x + across * pitch, y + down * pitch, pose.angle_rad, pose.load_n)
            seen = scene.frame([Contact(surface, place)])
            frames.append(level(seen.values, NORMALISATION).network_input)
            masks.append(seen.mask)
            labels.append(script.labels.index(surface.texture_class))
    tensors = torch.from_numpy(np.array(frames)), torch.from_numpy(np.array(masks, np.float32))
    return *tensors, np.array(labels)
