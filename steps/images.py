"""Steps of images shown to the model."""

import base64
from typing import Any

from behave import then, when
from behave.runner import Context
from hamcrest import assert_that, equal_to

from realtime_server import Sender
from support.phrases import choice, world

# One pixel each; of the JPEG, its beginning is enough.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"
choice("Image", {"PNG": ("image/png", PNG), "JPEG": ("image/jpeg", JPEG), "GIF": ("image/gif", GIF)})
Image = tuple[str, bytes]


@when('the client shows a {image:Image} image and says "{words}"')
async def the_client_shows_and_says(context: Context, image: Image, words: str) -> None:
    await world(context).client.send_image(image[1], words)


@when("the client shows a {image:Image} image without words")
async def the_client_shows(context: Context, image: Image) -> None:
    await world(context).client.send_image(image[1])


@when("the client tries to show a {image:Image} image")
async def the_client_tries_to_show(context: Context, image: Image) -> None:
    await world(context).attempt(world(context).client.send_image(image[1]))


@then('the message sent shows the {image:Image} image beside "{words}"')
def the_message_shows_beside(context: Context, image: Image, words: str) -> None:
    assert_that(content_sent(context), equal_to([{"type": "input_text", "text": words}, shown(image)]))


@then("the message sent shows the {image:Image} image alone")
def the_message_shows_alone(context: Context, image: Image) -> None:
    assert_that(content_sent(context), equal_to([shown(image)]))


def content_sent(context: Context) -> Any:
    return world(context).first_event(Sender.CLIENT, "conversation.item.create")["item"]["content"]


def shown(image: Image) -> dict[str, str]:
    kind, data = image
    url = f"data:{kind};base64,{base64.b64encode(data).decode()}"
    return {"type": "input_image", "image_url": url, "detail": "auto"}
