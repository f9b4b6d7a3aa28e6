"""Settings of the server for the machine it runs on."""
