"""The network on PyTorch: the reference that every other engine must agree with."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from tactile_equiv.architecture import Architecture, Weights
from tactile_equiv.backends import Backend, MissingBackendError
from tactile_equiv.frame import FloatArray
from tactile_equiv.layers import ZeroPreservingLayer
from tactile_equiv.network import TactileNetwork


class TorchBackend(Backend):
    """PyTorch in inference mode, on one thread of the CPU or on a CUDA device.

    A network over a group runs as its `TactileNetwork.plain`.

    Two threads gain little on frames this small, and fall behind tenfold where another process
    keeps the other core busy. The memory format channels_last gains nothing on one thread, and its
    GELU rounds apart, so that untouched skin is no longer exactly 0.0.

    Raises:
        MissingBackendError: if torch sees no CUDA device and `device` is "cuda".
    """

    name = "torch"
    call_cells = 3000

    def __init__(self, network: TactileNetwork, device: str) -> None:
        if device == "cuda" and not torch.cuda.is_available():
            raise MissingBackendError("it sees no CUDA device: install a CUDA build of torch")
        if device == "cuda":
            torch.backends.cudnn.allow_tf32 = False  # ten bits of mantissa are no parity
        self.device = device
        self._network = network.plain().eval().to(device)
        if device == "cpu" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
            self._network = with_onednn(self._network)
        torch.set_num_threads(1)
        self._network.keep_zero()

    def run_batch(self, frames: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `Backend.run_batch`."""
        with torch.inference_mode():
            contact_maps, canvases = self._network(torch.from_numpy(frames).to(self.device))
            return contact_maps.cpu().numpy(), canvases.cpu().numpy()


class OneDnnConvolution(nn.Conv2d):
    """A convolution that oneDNN computes whatever its size.

    Left to itself torch takes another algorithm below about 20000 input values: a slower one, and a
    small box of the skin would differ from the whole frame by 1e-6.
    """

    @staticmethod
    def like(given: nn.Conv2d) -> OneDnnConvolution:
        """The same convolution with the same weights; one of stride 1 and one group."""
        made = OneDnnConvolution(1, 1, 1)
        made.weight, made.bias = given.weight, given.bias
        made.padding, made.dilation = given.padding, given.dilation
        return made

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', H', W')."""
        assert isinstance(self.padding, tuple)
        return torch.mkldnn_convolution(
            x, self.weight, self.bias, self.padding, self.stride, self.dilation, self.groups
        )


def with_onednn(network: TactileNetwork) -> TactileNetwork:
    """A copy of a network of plain layers whose trunk oneDNN computes."""
    copied = copy.deepcopy(network)
    for layer in copied.trunk:
        assert isinstance(layer, ZeroPreservingLayer)
        layer.convolution = OneDnnConvolution.like(layer.convolution)
    return copied


def network_of(architecture: Architecture, weights: Weights) -> TactileNetwork:
    """A network from the arrays of a weights file, on the CPU."""
    network = TactileNetwork(architecture)
    network.load_state_dict({name: torch.tensor(array) for name, array in weights.items()})
    return network.eval()


def weights_of(network: TactileNetwork) -> Weights:
    """The arrays that a weights file holds, in float32."""
    return {
        name: value.detach().cpu().float().numpy().copy()
        for name, value in network.state_dict().items()
    }
