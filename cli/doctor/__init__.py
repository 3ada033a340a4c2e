"""`serin doctor`: whether a model will deploy and run.

- ``finding``: what a check is, and what it finds;
- ``checks``: the table of all checks; what they look at, in ``model``, ``payload``, ``log_line``, ``running``,
  ``machine``, ``account``;
- ``measuring``: the model in action, whose figures ``running`` judges; ``process``: the same without
  the emulator;
- ``examine``, ``report``, ``run``: all checks on all models, printed, with an exit code.
"""
