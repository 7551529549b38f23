"""What a close code or an error code means, what to do about it, and whether the same again may succeed.

Close codes are those of RFC 6455 §7.4 and of IANA's registry, as this service uses them; which of them are
worth another connection is the list of the vendor's own client (PyPI ``openai`` 3.54.0,
``websocket_reconnection.py``). Refusals of a connection stand in ``realtime_adapter.refusals``; the other
error codes are those that were recorded or reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from realtime_adapter.refusals import KNOWN, KnownRefusal


@dataclass(frozen=True)
class Explanation:
    """What one code means.

    Attributes:
        name: The code.
        cause: What has happened.
        remedy: What to do about it.
        again: Whether the same, done again without any change, may succeed.
    """

    name: str
    cause: str
    remedy: str
    again: bool = False


def _by_name(*explanations: Explanation) -> dict[str, Explanation]:
    return {explanation.name: explanation for explanation in explanations}


_CHANGE_NETWORK = "Connect again; if it recurs, look at the network, proxies and idle time-outs in between."

_CLOSES = _by_name(
    Explanation(
        "1000",
        "One side closed the connection in order: all that was to be said was said.",
        "None is needed.",
    ),
    Explanation(
        "1001",
        "The server is going away, or the session has reached its 60 minutes.",
        "Connect again; a session cannot be prolonged.",
        again=True,
    ),
    Explanation(
        "1002",
        "One side broke the WebSocket protocol.",
        "Look at what stands between: a proxy that changes frames, or a server that is none.",
    ),
    Explanation("1003", "One side was sent a kind of data it does not take.", "Send events as text frames."),
    Explanation("1005", "The server closed without giving a code.", _CHANGE_NETWORK, again=True),
    Explanation("1006", "The connection ended without a close frame.", _CHANGE_NETWORK, again=True),
    Explanation(
        "1007", "A text frame was not UTF-8.", "Look at what stands between: something changes frames."
    ),
    Explanation(
        "1008",
        "The server ended the connection for breaking a rule that has no code of its own.",
        "Read the close reason and the error event before it; the same again would end alike.",
    ),
    Explanation("1009", "A frame was larger than the receiver takes.", "Send the audio in smaller pieces."),
    Explanation(
        "1010", "The client needs a WebSocket extension that the server did not offer.", "Ask for none."
    ),
    Explanation("1011", "The server met an error of its own.", "Connect again, a little later.", again=True),
    Explanation("1012", "The server restarts.", "Connect again, a little later.", again=True),
    Explanation("1013", "The server is overloaded.", "Connect again, later, and less often.", again=True),
    Explanation("1014", "A gateway in between got a bad answer.", "Look at the gateway, then connect again."),
    Explanation(
        "1015",
        "TLS failed.",
        "Check the endpoint's certificate, the clock, and whether url should begin with ws://.",
        again=True,
    ),
    Explanation(
        "3000",
        "The server does not accept the credential: a wrong key, none, or a client secret that has expired.",
        "Check the key in OPENAI_API_KEY or OPENAI_REALTIME_API_KEY; the same key is refused again.",
    ),
    Explanation(
        "4000",
        "The server refuses the form of the request: the beta header, or a missing or unfit model.",
        "Correct what the close reason names after its dot; the same request is refused again.",
    ),
    Explanation(
        "4004",
        "The model does not exist, or the key may not use it.",
        "Name another model, or use a key that has it; the same request is refused again.",
    ),
)

_RANGES = (
    (range(1000, 3000), "It is reserved for the WebSocket protocol, and not one that this package knows."),
    (
        range(3000, 4000),
        "It is registered with IANA for a library or a service, and not one this service uses.",
    ),
    (range(4000, 5000), "It is of the service's own making, and not one that has been seen so far."),
)

_CODES = _by_name(
    Explanation(
        "conversation_already_has_active_response",
        "A response was asked for while one was in progress; that one goes on.",
        "Wait for response.done, then ask again. This adapter does so by itself.",
        again=True,
    ),
    Explanation(
        "response_cancel_not_active",
        "A response was cancelled that had ended already, or never begun.",
        "None is needed: nothing was lost. This adapter takes it for harmless.",
    ),
    Explanation(
        "input_audio_buffer_commit_empty",
        "Less than 100 ms of audio lay in the input buffer: too little was sent, or all is committed.",
        "Send 100 ms (4,800 bytes of PCM16 at 24 kHz) or more first, and commit none under turn detection.",
    ),
    Explanation(
        "rate_limit_exceeded",
        "The key has used up its requests or tokens for now.",
        "Wait as long as rate_limits.updated says, and ask again.",
        again=True,
    ),
    Explanation(
        "inference_rate_limit_exceeded",
        "The deployment is at its limit (Azure's word for rate_limit_exceeded).",
        "Wait, and ask again.",
        again=True,
    ),
    Explanation(
        "insufficient_quota",
        "The account has no credit left.",
        "Pay, or raise the limit of the project; the same is refused until then.",
    ),
    Explanation(
        "credit_balance_exhausted", "The account has no credit left.", "Pay; the same is refused until then."
    ),
    Explanation("server_error", "The server met an error of its own.", "Ask again.", again=True),
    Explanation(
        "max_output_tokens",
        "The answer was cut short at its limit of tokens.",
        "Ask for a shorter answer, or raise max_output_tokens.",
    ),
    Explanation(
        "content_filter",
        "The answer was cut short because of what it said.",
        "Ask for something else; the same is likely to be cut short again.",
    ),
    Explanation(
        "client_cancelled",
        "The client cancelled the response.",
        "None is needed; ask again if it is still wanted.",
    ),
    Explanation(
        "turn_detected",
        "The user began to speak, and the server cancelled the response.",
        "None is needed: the answer to what the user says follows.",
    ),
    Explanation(
        "unknown_parameter",
        "A field was sent that GA does not have; often one of the beta's, or one at its old place.",
        "Take away the field that param names: in GA all about audio lies under session.audio.",
    ),
    Explanation(
        "missing_required_parameter",
        "A field is missing that GA needs.",
        "Add the field that param names; every session.update needs session.type, every PCM format its rate.",
    ),
    Explanation(
        "invalid_value", "A field has a value that GA does not have there.", "Correct what param names."
    ),
    Explanation("invalid_type", "A field has a value of the wrong JSON type.", "Correct what param names."),
    Explanation(
        "integer_below_min_value",
        "A number is too small; PCM has at least 24,000 Hz.",
        "Correct what param names.",
    ),
    Explanation("integer_above_max_value", "A number is too large.", "Correct what param names."),
    Explanation("decimal_below_min_value", "A number is too small.", "Correct what param names."),
    Explanation("decimal_above_max_value", "A number is too large.", "Correct what param names."),
    Explanation(
        "string_above_max_length",
        "A text is too long: an item's id has at most 32 characters, an event's 512.",
        "Shorten what param names.",
    ),
    Explanation("empty_string", "A text is empty that may not be.", "Fill, or leave out, what param names."),
    Explanation(
        "invalid_json", "A frame was sent that is no JSON.", "Send one JSON object in each text frame."
    ),
    Explanation(
        "invalid_event", "A frame was sent that is no event.", "Send one JSON object in each text frame."
    ),
    Explanation(
        "cannot_update_voice",
        "The voice was changed after the model had spoken.",
        "Choose the voice before the first answer, or connect again with another one.",
    ),
    Explanation(
        "unsupported_parameter",
        "The model does not have the field that param names.",
        "Leave it out, or name a model that has it.",
    ),
    Explanation(
        "item_create_duplicate_item_id",
        "An item was created with an id that is taken.",
        "Give it another id, or none.",
    ),
    Explanation(
        "item_create_invalid_previous_item_id",
        "An item was to follow one that is not there.",
        "Name one that is there, root for the beginning, or none for the end.",
    ),
    Explanation("item_delete_invalid_item_id", "There is no such item to delete.", "Name one that is there."),
    Explanation(
        "item_retrieve_invalid_item_id", "There is no such item to retrieve.", "Name one that is there."
    ),
    Explanation(
        "item_truncate_invalid_item_id", "There is no such item to truncate.", "Name one that is there."
    ),
    Explanation(
        "invalid_tool_call_id",
        "The result of a function call names a call that was not made.",
        "Give the call_id of the call as the server sent it.",
    ),
)


def of_close(code: int) -> Explanation:
    """Return what a close code means.

    Raises:
        LookupError: no close code: those are 1000 to 4999.
    """
    if known := _CLOSES.get(str(code)):
        return known
    for numbers, cause in _RANGES:
        if code in numbers:
            return Explanation(str(code), cause, "Read the close reason and the error event before it.")
    raise LookupError(f"{code} is no close code; those are 1000 to 4999 (RFC 6455 §7.4).")


def explain(word: str) -> list[Explanation]:
    """Return what a close code means, with the refusals it stands for, or an error code, or a close reason.

    Args:
        word: Like ``4000``, ``session_expired`` or ``invalid_request_error.beta_api_shape_disabled``.

    Raises:
        LookupError: it is nothing known; names what comes close.
    """
    if word.isdecimal():
        close = of_close(int(word))
        return [
            close,
            *(_of_refusal(known) for known in KNOWN if known.close_code == int(word) and known.code),
        ]
    for known in KNOWN:
        if word in (known.code, known.close_reason):
            return [_of_refusal(known)]
    code = word.rpartition(".")[2]
    if code in _CODES:
        return [_CODES[code]]
    near = get_close_matches(code, names(), n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]}?" if near else "Call it without a code to see all that are known."
    raise LookupError(f"{word} is no close code and no error code that is known. {hint}")


def names() -> list[str]:
    """Return every code that is known: close codes first."""
    refusals = [known.code for known in KNOWN if known.code]
    return [*_CLOSES, *refusals, *_CODES]


def _of_refusal(known: KnownRefusal) -> Explanation:
    # A session that has expired can be had anew; a connection that was refused is refused again.
    again = of_close(known.close_code).again
    return Explanation(known.code or known.close_reason, known.message, known.remedy, again)
