"""Sizes of a network: what the card of a model says, and what can be known without its engine."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import ModelError

ACTIVATION_NAMES = ("gelu", "relu", "silu", "softplus")
Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Architecture:
    """Sizes of a network; one set of weights works on frames of any size.

    Attributes:
        classes: number of texture classes, >= 1.
        input_channels: 1 for a taxel array, 3 for a colour gel.
        channels: output channels of each layer.
        dilations: dilation of each layer, as many as `channels`.
        kernel: odd side of every kernel, in taxels.
        activation: one of `ACTIVATION_NAMES`.

    Raises:
        ModelError: if the sizes do not fit together.
    """

    classes: int
    input_channels: int = 1
    channels: tuple[int, ...] = (16, 24, 32, 32)
    dilations: tuple[int, ...] = (1, 1, 2, 4)
    kernel: int = 3
    activation: str = "gelu"

    def __post_init__(self) -> None:
        if len(self.channels) != len(self.dilations) or not self.channels:
            raise ModelError(
                f"channels {self.channels} and dilations {self.dilations} differ in length or are "
                "empty: give one dilation for each layer"
            )
        sizes = (self.classes, self.input_channels, self.kernel, *self.channels, *self.dilations)
        if any(type(size) is not int or size < 1 for size in sizes):
            raise ModelError(f"{self} has a size that is no whole number: all must be at least 1")
        if self.kernel % 2 == 0:
            raise ModelError(f"kernel is {self.kernel}: it must be odd, so that layers are centred")
        if self.activation not in ACTIVATION_NAMES:
            raise ModelError(f"activation is {self.activation!r}: use one of {ACTIVATION_NAMES}")

    @property
    def radius(self) -> int:
        """Receptive radius R in taxels: the canvas grows by R on every side."""
        return (self.kernel - 1) // 2 * sum(self.dilations)

    @property
    def weights(self) -> int:
        """Number of weights of all layers and of the texture head."""
        inputs = (self.input_channels, *self.channels[:-1])
        trunk = (
            outputs * (self.kernel**2 * before + 1)
            for before, outputs in zip(inputs, self.channels, strict=True)
        )
        return sum(trunk) + self.classes * (self.pooled_features + 1)

    @property
    def pooled_features(self) -> int:
        """Length of the pooled feature vector: sums and root sums of squares of the last layer."""
        return 2 * self.channels[-1]

    @property
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every array in a weights file, by name."""
        shapes: dict[str, tuple[int, ...]] = {}
        inputs = (self.input_channels, *self.channels[:-1])
        for layer, sizes in enumerate(zip(self.channels, inputs, strict=True)):
            shapes[f"trunk.{layer}.convolution.weight"] = (*sizes, self.kernel, self.kernel)
            shapes[f"trunk.{layer}.convolution.bias"] = sizes[:1]
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
                f"architecture {sizes} is not understood ({error}): "
                f"its keys are {sorted(Architecture.__dataclass_fields__)}"
            ) from error
