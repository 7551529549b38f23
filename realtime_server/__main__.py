"""``python -m realtime_server``: the server alone, for clients in any language."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from dataclasses import fields
from pathlib import Path

from realtime_server import deviations, faults, rules
from realtime_server.deviations import DEVIATIONS, Deviating, Dialect
from realtime_server.handshake import NO_CREDIT_KEY, REFUSED_KEYS
from realtime_server.recording import Recording
from realtime_server.replay import ReplayServer
from realtime_server.script import Answer, Script
from realtime_server.server import HOST, PortInUse, RealtimeServer
from realtime_server.wordings import Worded

_EPILOG = """\
Any API key is let in, except those that play a refused one:
{keys}
  {no_credit:<15} insufficient_quota in every response (RT-response-19)

The model of the URL must be one the vendor publishes, for example ?model=gpt-realtime-mini.
The server listens on {host} only and answers each request with the same spoken sentence, unless a
scenario says what it answers to what. POST /v1/realtime/client_secrets makes ephemeral keys. Ctrl-C ends it.

a scenario is a TOML file; all of it is optional:

  user_transcripts = ["What is the weather in London?"]   # what the next spoken turns are heard as
  faults = ["stall ms=300"]                               # see --faults
  transcription = "after response"                        # or "before commit"
  session_created = "missing"                             # as session_updated, which may also be "altered":
  alteration = {{ instructions = "Sing." }}                 # then this is merged into what is echoed
  refusal_timing = "close only"                           # "error, pause, close",
                                                          # "error only then end of stream"

  [[answers]]                     # answers whoever says something like this, as often as it is said
  to = "weather"                  # a regular expression, in any case
  tool_calls = [{{ name = "get_weather", arguments = {{ city = "London" }}, call_id = "call_1" }}]

  [[answers]]                     # without "to": given once, in the order of the file
  transcript = "It is foggy."     # also: status, reason, error, pause_ms, slice_bytes, unanswered,
                                  # refused_with, transcript_deltas, transcript_in_done, event_names
  audio = "foggy.wav"             # mono PCM16 at 24 kHz beside the file; without it a tone sounds

  [default_answer]                # to everything else
  transcript = "I do not know."

  [mcp_servers]                   # those that can be reached, with their tools; an answer calls them by
  shop = ["find"]                 # mcp_calls = [{{ server_label = "shop", name = "find", output = "tea" }}];
                                  # error in place of output lets one fail

exit codes: 0 ended by Ctrl-C or SIGTERM, 1 a client did otherwise than the recording, 2 it could not start
"""


# Nobody asks a server that runs alone what its connections said, and it may run for weeks.
_REMEMBERS = 1


def _parser() -> argparse.ArgumentParser:
    keys = "\n".join(
        f"  {key:<15} {rule.code} ({rule.close_code}, {rule.id})" for key, rule in REFUSED_KEYS.items()
    )
    parser = argparse.ArgumentParser(
        "python -m realtime_server",
        description="A strict loopback double of OpenAI's Realtime API (GA) over WebSocket.",
        epilog=_EPILOG.format(keys=keys, no_credit=NO_CREDIT_KEY, host=HOST),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--port", type=_port, default=8765, help="port to listen on; 0 picks a free one (8765)"
    )
    parser.add_argument("--host", choices=[HOST], default=HOST, help="loopback is all there is")
    parser.add_argument(
        "--scenario", type=Path, metavar="FILE", help="answer as this TOML file says; its form is shown below"
    )
    parser.add_argument(
        "--replay",
        type=Path,
        metavar="FILE",
        help="serve a recording: say again what was said, and check that the client does what was done",
    )
    parser.add_argument(
        "--worded",
        type=int,
        metavar="SEED",
        help="put the answers in other words each time, drawn from a seed",
    )
    parser.add_argument(
        "--deviate",
        choices=list(DEVIATIONS),
        action="append",
        default=[],
        help="speak otherwise than the service does; --deviations says how; may be repeated",
    )
    parser.add_argument(
        "--deviations", action="store_true", help="print the deviations and what they are, then exit"
    )
    parser.add_argument(
        "--delta-interval-ms",
        type=_interval_ms,
        default=20,
        metavar="MS",
        help="pause between the deltas of an answer, so that a client can interrupt it (20)",
    )
    parser.add_argument(
        "--debug",
        action="store_true",
        help="error events also name the rule and what the refused construct looks like",
    )
    parser.add_argument(
        "--rules",
        nargs="?",
        const="text",
        choices=["text", "json"],
        help="print what is enforced, how it is known and what is not emulated, then exit",
    )
    parser.add_argument(
        "--faults",
        action="store_true",
        help="print what can be made to go wrong, with its parameters, then exit",
    )
    parser.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="FAULT",
        help='let this go wrong, for example --fault "close code=1011 after=3"; may be repeated',
    )
    return parser


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a number from 0 to 65535")
    return int(text)


def _interval_ms(text: str) -> float:
    try:
        interval_ms = float(text)
    except ValueError:
        interval_ms = -1
    if not 0 <= interval_ms <= 60_000:
        raise argparse.ArgumentTypeError(f"{text!r} is no pause; give milliseconds from 0 to 60000")
    return interval_ms


def _script(arguments: argparse.Namespace) -> Script:
    """Return what is to be played.

    Raises:
        ValueError: the scenario file cannot be played; the message says why.
    """
    if arguments.scenario is None:
        script = Script(default_answer=Answer(pause_ms=arguments.delta_interval_ms, scripted=False))
    else:
        from realtime_server import scenario_file  # noqa: PLC0415 - pydantic takes its time to import

        script = scenario_file.read(arguments.scenario, pause_ms=arguments.delta_interval_ms)
    if arguments.worded is not None:
        told = {field.name: getattr(script, field.name) for field in fields(Script) if field.init}
        script = Worded(**told, seed=arguments.worded)
    script.faults = [*script.faults, *arguments.fault, *(Deviating(name) for name in arguments.deviate)]
    return script


def _server(arguments: argparse.Namespace) -> RealtimeServer:
    """Return the server that is to listen.

    Raises:
        ValueError: the scenario file or the recording cannot be played; the message says why.
    """
    if arguments.replay is not None:
        return ReplayServer(Recording.read(arguments.replay), str(arguments.replay), arguments.port)
    dialect = Dialect(arguments.deviate)
    server = RealtimeServer(_script(arguments), arguments.port, debug=arguments.debug, dialect=dialect)
    server.remembers = _REMEMBERS
    return server


def _fault(text: str) -> faults.Fault:
    try:
        return faults.fault(text)
    except faults.FaultError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _asked_for(arguments: argparse.Namespace) -> str | None:
    """Return the table that is to be printed instead of serving, or None."""
    if arguments.rules:
        return rules.as_json() if arguments.rules == "json" else rules.as_text()
    if arguments.deviations:
        return deviations.as_text()
    return faults.as_text() if arguments.faults else None


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    arguments = _parser().parse_args(argv)
    if (text := _asked_for(arguments)) is not None:
        sys.stdout.write(f"{text}\n")
        return 0
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _interrupt)  # SIGINT too: a shell starts background jobs with it ignored
    try:
        server = _server(arguments)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    try:
        server.start()
        sys.stdout.write(f"listening on {server.url}\n")
        sys.stdout.flush()
        threading.Event().wait()
    except PortInUse as error:
        sys.stderr.write(f"{error.strerror}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"cannot listen on port {arguments.port}: {error.strerror}; choose another\n")
        return 2
    except KeyboardInterrupt:
        pass  # how it is meant to end
    finally:
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, signal.SIG_IGN)  # a second Ctrl-C must not cut the goodbye short
        server.stop()
    return int(isinstance(server, ReplayServer) and bool(server.differences))


if __name__ == "__main__":
    sys.exit(main())
