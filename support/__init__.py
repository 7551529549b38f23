"""Everything the steps lean on: the World of a scenario, its evidence, the report and its honesty."""
