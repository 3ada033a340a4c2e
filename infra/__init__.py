"""The CDK app: one capability a file. A stack only wires constructs; settings are typed data from ``config``."""
