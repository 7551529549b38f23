"""What is promised: the seven acceptance criteria, and what a scenario's tags claim about them.

A scenario claims exactly one criterion (or capability) and exactly one level; anything else cannot be traced
and is a fault. The texts are for a reader who knows the product and no Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

REQUIREMENT = "https://github.com/langwatch/scenario/issues/602"


@dataclass(frozen=True)
class Criterion:
    """One promise.

    Attributes:
        id: The tag that claims it, without ``@``.
        title: A few words, for headings and lists.
        text: The promise in full.
        link: Where the requirement stands.
    """

    id: str
    title: str
    text: str
    link: str = REQUIREMENT

    @property
    def heading(self) -> str:
        """Id and title, as they head a group of the report."""
        return f"{self.id} · {self.title}"


def _by_id(*criteria: Criterion) -> dict[str, Criterion]:
    return {criterion.id: criterion for criterion in criteria}


CRITERIA = _by_id(
    Criterion(
        "AC1",
        "GA handshake",
        "The client opens the realtime endpoint for its model with its key alone, and without the header "
        "of the retired beta. The endpoint lets it in, where it used to close the connection with 4000.",
    ),
    Criterion(
        "AC2",
        "GA session",
        "The client's first request configures the session in the GA form: kind, audio formats, voice, "
        "transcription and manual turns, each in its GA place. The endpoint accepts all of it.",
    ),
    Criterion(
        "AC3",
        "Audio received",
        "The audio of an answer reaches the caller unchanged. Audio under the retired event name is still "
        "understood, with one warning.",
    ),
    Criterion(
        "AC4",
        "Transcripts",
        "The words of the answer and the words of the question are both available to the caller after a "
        "turn.",
    ),
    Criterion(
        "AC5",
        "Sending and interrupting",
        "Spoken input is committed and answered once, text input is answered at once, and an answer in "
        "progress can be interrupted.",
    ),
    Criterion(
        "AC6",
        "The guards bite",
        "Should the client fall back to the beta's header, configuration or event names, these tests turn "
        "red for that reason, and need no key to do so.",
    ),
    Criterion(
        "AC7",
        "Documentation",
        "The documentation of the client describes GA, its endpoint, its key-only sign-in and its events, "
        "and nothing of the beta.",
    ),
)

CAPABILITIES = _by_id(
    Criterion(
        "CAP-AUDIO-FORMATS",
        "Audio in other forms",
        "G.711 and rates of 8, 16 and 48 kHz are converted on the way in and on the way out; it sounds the "
        "same, and however a stream is cut, the result is the same.",
    ),
    Criterion(
        "CAP-CLIENT-SECRETS",
        "Client secrets",
        "The key buys a short-lived secret over HTTP, and only that reaches the socket; a refusal is final, "
        "and a gateway that sells secrets is told once what each session used.",
    ),
    Criterion(
        "CAP-EXPLAIN",
        "Every code has a cause and a remedy",
        "A close code, an error code or a close reason from a log is explained: what happened, what to do, "
        "and whether trying again makes sense.",
    ),
    Criterion(
        "CAP-MODELS",
        "Models that end by date",
        "Whoever names no model gets one without an announced end; whoever uses one that ends within 90 days "
        "is told once, with the replacement; after its end the refusal says so.",
    ),
    Criterion(
        "CAP-RECONNECT",
        "The end of a session, and what comes after",
        "The end of a session is announced before it comes; a lost connection is opened again where that can "
        "help, with the conversation so far, and never after a refusal.",
    ),
    Criterion(
        "CAP-RECORDING",
        "Recording a conversation",
        "A conversation becomes one WAV file of two channels, the user's and the agent's, in which all that "
        "was said and heard lies where it was.",
    ),
    Criterion(
        "CAP-SCENARIO",
        "In place of langwatch-scenario's own agent",
        "A scripted run of langwatch-scenario has this client as its agent, by changing one import: what the "
        "user said reaches the endpoint, the whole answer and its words reach the run's messages.",
    ),
    Criterion(
        "CAP-NIGHT",
        "The night",
        "Once a night the live endpoint is asked: what it proved is recorded and counted, what it cost is "
        "known and bounded, and what it did not prove, or now says otherwise, is named.",
    ),
    Criterion(
        "CAP-SYNC",
        "Without await",
        "Scripts, notebooks and threads use the client without an event loop of their own, and any number of "
        "sessions live side by side in one process.",
    ),
    Criterion(
        "CAP-TELEMETRY",
        "Traces",
        "A session is a span and each answer a span inside it, in the words of the conventions, each mark "
        "with the number of its frame, and nothing of what was said.",
    ),
    Criterion(
        "CAP-WIRE-LOG",
        "A log of the wire",
        "Each frame is a numbered line of JSON, with neither a secret nor audio in it.",
    ),
    Criterion(
        "CAP-USAGE",
        "Usage and cost",
        "What each response used is kept and summed count by count, and what the session cost is known from "
        "a dated table of prices, or said to be unknown.",
    ),
    Criterion(
        "CAP-TURNS",
        "Whole turns and single events",
        "A finished turn is given whole, with its audio, its words, its calls, its usage and its timings, or "
        "as an error that holds what came of it; and whoever wants to can see every event.",
    ),
    Criterion(
        "CAP-TOOLS",
        "The functions that the model calls",
        "Each call reaches the caller once, in the shape of OpenAI's chat API. A Python function given as a "
        "tool is run with checked arguments, and answered whatever comes of it.",
    ),
    Criterion(
        "CAP-BARGE-IN",
        "Barging in",
        "An answer that the user speaks over is stopped, and the conversation keeps what the user has really "
        "heard of it: never more than was received, and untouched when nothing was played.",
    ),
    Criterion(
        "CAP-TURN-DETECTION",
        "Turns that the endpoint takes",
        "The endpoint can be left to find out when the user has finished, by silence or by what is said. "
        "Then the client only speaks and listens, and asks only where that is left to it.",
    ),
    Criterion(
        "CAP-SESSION",
        "The settings of the session",
        "Every setting of the endpoint can be asked for by name, when connecting and later. One that cannot "
        "be used is named before anything is sent; one that is refused is told with the endpoint's reason.",
    ),
    Criterion(
        "CAP-TRANSCRIPTS",
        "The words of the conversation",
        "What both sides have said can be read at any time in the order of the conversation; words that "
        "still come, and words that will not be known, are told from those that are all there.",
    ),
    Criterion(
        "CAP-IMAGES",
        "Images shown to the model",
        "An image is shown to the model as a message of the user and answered like any other; what is no "
        "image is refused before it is sent.",
    ),
    Criterion(
        "CAP-OUT-OF-BAND",
        "Responses beside the conversation",
        "The model can be asked for something that the conversation neither sees nor waits for, any number "
        "of times at once; each answer goes to who asked for it.",
    ),
    Criterion(
        "CAP-SPEAKS-FIRST",
        "The agent speaks first",
        "An agent that is to open the conversation, or is told that it is its turn, is asked for one "
        "response, with no words put into its mouth; a user who speaks first is answered once.",
    ),
    Criterion(
        "CAP-KNOWN-DEFECTS",
        "Defects that other clients are known for",
        "What is known to go wrong with other clients does not with this one: nothing of one connection or "
        "turn survives into the next, and an error reaches the call that it is about and no other.",
    ),
    Criterion(
        "CAP-BOUNDS",
        "Held within bounds",
        "Nothing grows without bound and nothing is lost: an answer that nobody takes makes the endpoint "
        "wait. A dead line is noticed where that is wanted, and hanging up takes less than a second.",
    ),
    Criterion(
        "CAP-ENDPOINT-FAULTS",
        "Trouble on the line",
        "When the endpoint stalls, stumbles, breaks the rules or goes away, the caller keeps what was said "
        "until then and is told what happened by an error of its own kind; what does no harm goes unnoticed.",
    ),
    Criterion(
        "CAP-OTHER-ADAPTERS",
        "Another adapter under the same features",
        "The features judge any adapter with the same public surface. The release of langwatch-scenario that "
        "spoke the beta turns red for the beta's reasons; its newest one is green but where it is named and "
        "explained that it differs.",
    ),
    Criterion(
        "CAP-INTEROP",
        "Clients that nobody here wrote",
        "Published clients, unmodified and told nothing but the address, come through the embedded endpoint "
        "whole; the one that still speaks the beta is turned away with 4000.",
    ),
)
"""What is promised beyond the seven criteria, by its tag ``CAP-…``."""

LEVELS = {
    "unit": "against the embedded endpoint, no key",
    "integration": "with a third party's client or server, no key",
    "e2e": "against the live endpoint, with a key",
}

_LOOKS_LIKE_CRITERION = re.compile(r"AC[-_ ]?\d", re.IGNORECASE)
_SENTENCE_OF_CRITERION = re.compile(r"(AC\d+)\.\d+")  # @AC2.1, the first sentence of AC2
_LOOKS_LIKE_CAPABILITY = re.compile(r"CAP[-_]", re.IGNORECASE)


@dataclass(frozen=True)
class Claim:
    """What the tags of one scenario say.

    Attributes:
        criterion: The criterion or capability, or None when the tags name none or several.
        level: One of ``LEVELS``, or None when the tags name none or several.
        faults: What is wrong with the tags, each with its remedy; empty when they are in order.
    """

    criterion: Criterion | None
    level: str | None
    faults: tuple[str, ...] = ()


def claim(tags: Iterable[str]) -> Claim:
    """Return what ``tags`` (without ``@``, inherited ones included) claim."""
    given = list(dict.fromkeys(tags))
    known = {**CRITERIA, **CAPABILITIES}
    named = [known[tag] for tag in given if tag in known]
    levels = [tag for tag in given if tag in LEVELS]
    unknown = [tag for tag in given if tag not in known and _claims_something(tag)]
    strays = [
        tag for tag in given if (part := _SENTENCE_OF_CRITERION.fullmatch(tag)) and part[1] not in given
    ]
    faults = [_unknown(tag, known) for tag in unknown]
    faults += [
        f"@{tag} belongs to @{tag.partition('.')[0]}, which is missing; tag the feature with it"
        for tag in strays
    ]
    if not named and not unknown:
        faults.append(f"it claims no criterion; tag its feature with one of {_listed(CRITERIA)}")
    if len(named) > 1:
        faults.append(
            f"it claims {len(named)} criteria ({_listed(c.id for c in named)}); keep one, or split it"
        )
    if not levels:
        faults.append(f"it has no level; tag it with one of {_listed(LEVELS)}")
    if len(levels) > 1:
        faults.append(f"it has {len(levels)} levels ({_listed(levels)}); keep one")
    criterion = named[0] if len(named) == 1 and not unknown else None
    return Claim(criterion, levels[0] if len(levels) == 1 else None, tuple(faults))


def suggestion(tag: str, known: Iterable[str]) -> str:
    """Return ``did you mean @…?`` for a mistyped tag (without ``@``), or nothing when none comes close."""
    close = get_close_matches(tag, list(known), n=1, cutoff=0.5)
    return f"did you mean @{close[0]}?" if close else ""


def _claims_something(tag: str) -> bool:
    part = _SENTENCE_OF_CRITERION.fullmatch(tag)
    if part:
        return part[1] not in CRITERIA
    return bool(_LOOKS_LIKE_CRITERION.match(tag) or _LOOKS_LIKE_CAPABILITY.match(tag))


def _unknown(tag: str, known: Iterable[str]) -> str:
    kind = "capability" if _LOOKS_LIKE_CAPABILITY.match(tag) else "criterion"
    hint = suggestion(tag, known) or f"known are {_listed(known)}."
    return f"unknown {kind} @{tag}; {hint} A new one is added in support/criteria.py"


def _listed(tags: Iterable[str]) -> str:
    return ", ".join(f"@{tag}" for tag in tags)
