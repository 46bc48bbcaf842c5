"""The card of a model: what it is, what it was trained on and what was measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tactile_equiv.architecture import Architecture
from tactile_equiv.errors import ModelError
from tactile_equiv.frame import Normalisation
from tactile_equiv.spectrogram import Spectrum

CARD_VERSION = 1
LATER_KEYS = ("spectrum", "latency")  # left out where there is nothing to say
TEXT_KEYS = ("name", "sensor", "licence")
NAME_LIMIT = 200  # characters
CLASS_LIMIT = 65535  # as many as vision_msgs/msg/LabelInfo can number
LATENCY_KEYS = {"rows", "columns", "multiply_adds", "rate_hz"}
OBJECT_KEYS = ("training", "measured", "sha256", "latency")


@dataclass(frozen=True)
class Card:
    """What a model is, what it was trained on and what was measured.

    Attributes:
        name: short name of the model.
        sensor: the sensor in words.
        classes: texture classes, in the order of the network's outputs.
        architecture: sizes of the network.
        normalisation: sensor units to network units.
        training: data, split, seed, command and settings.
        measured: accuracy and equivariance.
        licence: licence of the weights.
        sha256: hash of each file beside the card, by file name.
        spectrum: windows and frequency bins of a model that perceives recordings; None for a model
            of single frames.
        latency: what a frame of the model's own sensor costs, see `latency_of`; empty in the card
            of an earlier release.
    """

    name: str
    sensor: str
    classes: tuple[str, ...]
    architecture: Architecture
    normalisation: Normalisation
    training: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)
    licence: str = "Apache-2.0"
    sha256: dict[str, str] = field(default_factory=dict)
    spectrum: Spectrum | None = None
    latency: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for keys, kind, right in ((TEXT_KEYS, str, "a text"), (OBJECT_KEYS, dict, "an object")):
            for key in keys:
                if not isinstance(value := getattr(self, key), kind):
                    raise ModelError(f"{key} of the card is {value!r:.40}: it must be {right}")
        for name in (self.name, *self.classes):
            if not (name.isprintable() and len(name) <= NAME_LIMIT):
                raise ModelError(
                    f"the card names {name!r:.60}: a name goes into every message and log, and has "
                    f"at most {NAME_LIMIT} characters that can be printed"
                )
        if self.latency and (
            self.latency.keys() != LATENCY_KEYS
            or any(type(v) is not int or v < 0 for v in self.latency.values())
        ):
            raise ModelError(
                f"latency of the card is {self.latency!r:.80}: it must name "
                f"{sorted(LATENCY_KEYS)}, whole numbers"
            )
        named, different = len(self.classes), len(set(self.classes))
        if not named == different == self.architecture.classes:
            raise ModelError(
                f"the card names {named} classes ({different} different) "
                f"but the network has {self.architecture.classes} outputs: each output needs a "
                "name of its own"
            )
        if named > CLASS_LIMIT:
            raise ModelError(f"the card names {named} classes: at most {CLASS_LIMIT} are numbered")
        if self.spectrum is not None and self.architecture.input_channels % self.spectrum.channels:
            raise ModelError(
                f"the network sees {self.architecture.input_channels} channels, which is no "
                f"multiple of the {self.spectrum.channels} of the card's spectrum"
            )
        if self.spectrum is not None and self.architecture.correlations:
            raise ModelError(
                "the network pools correlations and the card has a spectrum: correlations are of "
                "frames alone"
            )
        views = 1 if self.spectrum is None else self._poolings(self.spectrum)
        if self.architecture.poolings != views:
            raise ModelError(
                f"the network has {self.architecture.poolings} poolings but the card's spectrum "
                f"makes {views}: they must be the same"
            )

    def _poolings(self, spectrum: Spectrum) -> int:
        return spectrum.poolings(self.architecture.input_channels // spectrum.channels)

    def to_json(self) -> dict[str, Any]:
        """The card as JSON values."""
        values = {
            "version": CARD_VERSION,
            **vars(self),
            "classes": list(self.classes),
            "architecture": self.architecture.to_json(),
            "normalisation": self.normalisation.to_json(),
        }
        if self.spectrum is not None:
            values["spectrum"] = self.spectrum.to_json()
        return {k: v for k, v in values.items() if k not in LATER_KEYS or v}

    @staticmethod
    def from_json(values: dict[str, Any]) -> Card:
        """Inverse of `to_json`.

        Raises:
            ModelError: if the card is of another version, or a key is missing, unknown or wrong.
        """
        if values.get("version") != CARD_VERSION:
            raise ModelError(
                f"card version is {values.get('version')!r:.40}: this release reads version "
                f"{CARD_VERSION}"
            )
        rest = {k: v for k, v in values.items() if k != "version"}
        try:
            if not isinstance(rest["classes"], list):
                raise TypeError("classes must be a list of names")
            spectrum = rest.pop("spectrum", None)
            return Card(
                **{
                    **rest,
                    "spectrum": None if spectrum is None else Spectrum.from_json(spectrum),
                    "classes": tuple(map(str, rest["classes"])),
                    "architecture": Architecture.from_json(rest["architecture"]),
                    "normalisation": Normalisation.from_json(rest["normalisation"]),
                }
            )
        except (TypeError, KeyError) as error:
            raise ModelError(
                f"card.json is not understood ({error!s:.300}): its keys are "
                f"{sorted(Card.__dataclass_fields__)}"
            ) from error
