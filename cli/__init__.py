"""The `serin` command. None of its dependencies reaches Lambda."""
