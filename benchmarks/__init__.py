"""How fast Serin is beside what people would build instead: measured together, on one machine, in one go."""
