"""`serin bench`: what a model costs and how fast it answers, by memory size, or what a running endpoint bears."""
