"""Images as the model is shown them: PNG or JPEG, as a data URI."""

from __future__ import annotations

import pybase64

from realtime_adapter.errors import ConfigurationError

_KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def data_uri(image: bytes) -> str:
    """Return an image file as a data URI (RFC 2397).

    Raises:
        ConfigurationError: it is neither PNG nor JPEG.
    """
    kind = None
    if isinstance(image, bytes | bytearray):
        kind = next((kind for start, kind in _KINDS.items() if bytes(image).startswith(start)), None)
    if kind is None:
        raise ConfigurationError(
            "image is neither a PNG nor a JPEG file.",
            remedy="Give the bytes of one, for example Path('menu.png').read_bytes().",
            param="image",
        )
    return f"data:{kind};base64,{pybase64.b64encode_as_string(image)}"
