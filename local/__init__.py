"""AWS on one machine: the emulator, the containers and the CDK command for integration tests and ``make`` targets."""
