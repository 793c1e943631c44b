"""The simulated providers, driven by the official clients over real sockets."""
