"""Mistral's models on Azure, through the client that the package has for them."""

from watchkeeper.patching import LatePatches
from watchkeeper.providers.mistral import CHAT, OCR, wrapped
from watchkeeper.recorder import Recorder


def instrument(recorder: Recorder) -> list[LatePatches]:
    return [wrapped(recorder, "mistralai.azure.client", (CHAT, OCR), "azure.ai.inference")]
