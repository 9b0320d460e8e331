"""The parts of the benchmark. Each has `run(plan)`, which answers plain data, and a place in the report."""
