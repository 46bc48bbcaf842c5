"""Sizes of a network: what the card of a model says, and what can be known without its engine."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import ModelError

SYMMETRIES = {"translation": 1, "c4": 4, "d4": 8}
"""Elements of the group that each symmetry adds to translations; see `group_convolution`."""

CHANNELS = {
    "translation": (16, 24, 32, 32),
    "c4": (8, 12, 16, 16),
    "d4": (6, 8, 11, 11),
}
"""Channels of each symmetry that take about as many weights (21 000, 20 000, 19 000)."""

ACTIVATION_NAMES = ("gelu", "relu", "silu", "softplus")
Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Architecture:
    """Sizes of a network; one set of weights works on frames of any size.

    Attributes:
        classes: number of texture classes, >= 1.
        input_channels: 1 for a taxel array, 3 for a colour gel.
        channels: output features of each layer; over a group each is computed once per element.
        dilations: dilation of each layer, as many as `channels`.
        kernel: odd side of every kernel, in taxels.
        activation: one of `ACTIVATION_NAMES`.
        symmetry: one of `SYMMETRIES`: what the network is equivariant to, besides translation
            quarter turns ("c4"), quarter turns and mirrors ("d4").
        poolings: pooled vectors that the texture head reads, one after another: 1 for frames, more
            for recordings whose skins are pooled one by one (`Spectrum.poolings`).
        correlations: the texture head also reads how far each two features go together, see
            `pooling.pooled_features`; of frames alone.

    Raises:
        ModelError: if the sizes do not fit together.
    """

    classes: int
    input_channels: int = 1
    channels: tuple[int, ...] = CHANNELS["translation"]
    dilations: tuple[int, ...] = (1, 1, 2, 4)
    kernel: int = 3
    activation: str = "gelu"
    symmetry: str = "translation"
    poolings: int = 1
    correlations: bool = False

    def __post_init__(self) -> None:
        if len(self.channels) != len(self.dilations) or not self.channels:
            raise ModelError(
                f"channels {self.channels} and dilations {self.dilations} differ in length or are "
                "empty: give one dilation for each layer"
            )
        single = (self.classes, self.input_channels, self.kernel, self.poolings)
        sizes = (*single, *self.channels, *self.dilations)
        if any(type(size) is not int or size < 1 for size in sizes):
            raise ModelError(f"{self} has a size that is no whole number: all must be at least 1")
        if self.kernel % 2 == 0:
            raise ModelError(f"kernel is {self.kernel}: it must be odd, so that layers are centred")
        if self.activation not in ACTIVATION_NAMES:
            raise ModelError(f"activation is {self.activation!r}: use one of {ACTIVATION_NAMES}")
        if self.symmetry not in tuple(SYMMETRIES):
            raise ModelError(f"symmetry is {self.symmetry!r}: use one of {tuple(SYMMETRIES)}")
        if type(self.correlations) is not bool or (self.correlations and self.poolings > 1):
            raise ModelError(
                f"correlations is {self.correlations!r} with {self.poolings} poolings: it must be "
                "true or false, and false where there are several poolings"
            )

    @property
    def radius(self) -> int:
        """Receptive radius R in taxels: the canvas grows by R on every side."""
        return (self.kernel - 1) // 2 * sum(self.dilations)

    @property
    def weights(self) -> int:
        """Number of weights that are learnt, of all layers and of the texture head."""
        return self._weights(1)

    @property
    def plain_weights(self) -> int:
        """The same as engines hold them: over a group each kernel at every turn, `weights` else."""
        return self._weights(SYMMETRIES[self.symmetry])

    def _weights(self, turns: int) -> int:
        order = SYMMETRIES[self.symmetry]
        inputs = (self.input_channels, *(order * features for features in self.channels[:-1]))
        trunk = (
            turns * outputs * (self.kernel**2 * before + 1)
            for before, outputs in zip(inputs, self.channels, strict=True)
        )
        return sum(trunk) + self.classes * (self.pooled_features + 1)

    @property
    def pooled_features(self) -> int:
        """Length P of what the texture head reads: sums and root sums of squares of the last layer,
        for each pooling; with `correlations` one number more for each two features."""
        features = self.channels[-1]
        pairs = features * (features - 1) // 2 if self.correlations else 0
        return 2 * features * self.poolings + pairs

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every array in a weights file, by name."""
        shapes: dict[str, tuple[int, ...]] = {}
        inputs = (self.input_channels, *self.channels[:-1])
        order = SYMMETRIES[self.symmetry]
        part = ".convolution" if order == 1 else ""
        for layer, sizes in enumerate(zip(self.channels, inputs, strict=True)):
            planes = () if order == 1 else (order if layer else 1,)
            kernel = (*sizes, *planes, self.kernel, self.kernel)
            shapes[f"trunk.{layer}{part}.weight"] = kernel
            shapes[f"trunk.{layer}{part}.bias"] = sizes[:1]
        features, pooled = self.channels[-1], self.pooled_features
        return {
            **shapes,
            "contact_head.weight": (1, features, 1, 1),
            "contact_prior": (1,),
            "texture_head.weight": (self.classes, pooled),
            "texture_head.bias": (self.classes,),
            "feature_unit": (features, 1, 1),
            "pooled_mean": (pooled,),
            "pooled_scale": (pooled,),
        }

    def to_json(self) -> dict[str, Any]:
        """The sizes as plain JSON values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @staticmethod
    def from_json(sizes: dict[str, Any]) -> Architecture:
        """Inverse of `to_json`.

        Raises:
            ModelError: if a key is unknown or missing, or a value is of the wrong type.
        """
        try:
            given: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in sizes.items()
            }
            return Architecture(**given)
        except (TypeError, AttributeError) as error:
            raise ModelError(
                f"architecture {sizes!s:.300} is not understood ({error!s:.300}): "
                f"its keys are {sorted(Architecture.__dataclass_fields__)}"
            ) from error
