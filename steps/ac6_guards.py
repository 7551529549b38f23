"""Steps of AC6: the guards, seen red against the retired beta."""

import os

from behave import given, then, when
from behave.runner import Context
from hamcrest import assert_that, empty, is_, none

from realtime_server import Sender
from support.guards import run_guard
from support.mutants import PARTLY_MENDED, RETIRED_EVENTS
from support.phrases import choice, world
from support.settings import KEY_VARIABLES
from support.tamper import NONE, Tampering

choice("Mended", PARTLY_MENDED)


@given("no key in the environment")
def no_key_in_the_environment(context: Context) -> None:
    assert_that([name for name in KEY_VARIABLES if name in os.environ], is_(empty()))


@when("the guard runs against the client as it is")
def the_guard_runs_as_it_is(context: Context) -> None:
    context.verdict = run_guard(context, context.guard, NONE)


@when("the guard runs against a client of the beta with {mended:Mended} mended")
def the_guard_runs_against_partly_mended(context: Context, mended: Tampering) -> None:
    context.verdict = run_guard(context, context.guard, mended)


@then("the guard is green")
def the_guard_is_green(context: Context) -> None:
    assert_that(context.verdict.red_at, is_(none()), str(context.verdict))


@then("the guard's endpoint has used no retired event name")
def the_guards_endpoint_has_used_no_retired_name(context: Context) -> None:
    sent = set(world(context).guards[-1].transcript.complete().types(Sender.SERVER))
    assert_that(sorted(sent & RETIRED_EVENTS), is_(empty()))
