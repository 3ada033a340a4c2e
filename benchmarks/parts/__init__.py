"""The parts of the table, each a module with ``name`` and ``run(quick) -> rows``."""
