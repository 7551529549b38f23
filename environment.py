"""behave's hooks: one World per scenario, its evidence into the report, the reckoning at the end."""

from contextlib import ExitStack

from behave.model import Scenario
from behave.runner import Context

from support import run
from support.evidence import attach_world
from support.settings import Settings
from support.world import World, environment

run.begin_loading()


def before_all(context: Context) -> None:
    """Begin the run's record first, so that a setting that cannot be used is in the report too."""
    run.begin(context)
    context.settings = Settings.read(context.config.userdata)
    run.describe(context, **context.settings.facts())


def before_scenario(context: Context, scenario: Scenario) -> None:
    """Open the scenario's World, or say why a live scenario stays unproven."""
    live = "e2e" in scenario.effective_tags
    if live and context.settings.why_unproven:
        scenario.skip(context.settings.why_unproven)
        return
    owned = ExitStack()
    context.add_cleanup(owned.close)
    owned.enter_context(environment())
    context.world = owned.enter_context(World(context.settings).opened())


def after_scenario(context: Context, scenario: Scenario) -> None:
    """Hang up, so that every transcript is closed, and attach what went over the wire."""
    if "world" in context:
        context.world.finish()
        attach_world(context.world)
        context.world.require_examined()
