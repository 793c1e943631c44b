"""What happened: acts recorded by services, append-only; imports nothing of ours."""
