"""Mistral's models on Google's cloud, through the client that the package has for them."""

from watchkeeper.patching import LatePatches
from watchkeeper.providers.mistral import CHAT, FIM, wrapped
from watchkeeper.recorder import Recorder


def instrument(recorder: Recorder) -> list[LatePatches]:
    return [wrapped(recorder, "mistralai.gcp.client", (CHAT, FIM), "gcp.vertex_ai")]
