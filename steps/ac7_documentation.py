"""Steps of AC7: the documentation of the adapter's module."""

from behave import then, when
from behave.runner import Context
from hamcrest import assert_that, contains_string, empty, greater_than_or_equal_to, is_, not_

from realtime_server.oracle import event_names
from support.phrases import column, world


@when("the adapter's module documentation is read")
def the_documentation_is_read(context: Context) -> None:
    world(context).read_documentation()


@then("it names")
def it_names(context: Context) -> None:
    for term in column(context, "term"):
        assert_that(world(context).documentation, contains_string(term), "the documentation names it")


@then("it does not name")
def it_does_not_name(context: Context) -> None:
    for term in column(context, "term"):
        assert_that(world(context).documentation, not_(contains_string(term)))


@then("it names at least {count:d} events")
def it_names_at_least(context: Context, count: int) -> None:
    assert_that(len(world(context).events_documented()), greater_than_or_equal_to(count))


@then("every event it names belongs to the GA protocol")
def every_event_it_names_is_ga(context: Context) -> None:
    assert_that(sorted(world(context).events_documented() - event_names()), is_(empty()))
