"""behave's hooks: one World per scenario, its evidence into the report, the reckoning at the end."""

# ruff: noqa: E402

from support import run

run.begin_loading()  # before anything that can fail: no older verdict may outlive a run that did not start

from contextlib import ExitStack

from behave.model import Feature, Scenario, Step
from behave.runner import Context

from support import interop, redaction
from support.evidence import Evidence
from support.honest_allure import reports_folder
from support.night import Night
from support.settings import Settings
from support.world import World, environment


def before_all(context: Context) -> None:
    """Begin the run's record first, so that a setting that cannot be used is in the report too."""
    run.begin(context)
    context.settings = Settings.read(context.config.userdata)
    redaction.hold(context.settings.live_key)
    context.night = Night(context.settings, reports_folder(context.config))
    run.describe(context, **context.settings.facts())


def before_feature(context: Context, feature: Feature) -> None:
    """Give live scenarios one more attempt, for what the infrastructure does."""
    context.night.allow_one_retry(feature)


def before_scenario(context: Context, scenario: Scenario) -> None:
    """Open the scenario's World, or say why the scenario stays unproven."""
    if why := context.night.why_unproven(scenario) or interop.why_unproven(scenario.effective_tags):
        scenario.skip(why)
        return
    owned = ExitStack()
    context.add_cleanup(owned.close)
    owned.enter_context(environment())
    world = World(context.settings, context.settings.wire, context.night.recording_for(scenario))
    context.world = owned.enter_context(world.opened())
    context.evidence = Evidence(context.world)


def after_step(context: Context, step: Step) -> None:
    """Attach to the step what it put on the wire."""
    if "evidence" in context:
        context.evidence.attach(step)


def after_scenario(context: Context, scenario: Scenario) -> None:
    """Hang up, so that every transcript is closed, and attach what went over the wire, come what may."""
    if "world" in context:
        try:
            context.world.finish()
        finally:
            context.evidence.finish()
            context.night.keep(context.world, scenario)
            run.describe(context, **context.night.facts())
        context.world.require_replayed()
        context.world.require_examined()


def after_all(context: Context) -> None:
    """Say what the night could not reach."""
    if "night" in context:
        run.object_to(context, context.night.problems())
