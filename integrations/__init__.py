"""Other systems of the bank: API keys, outbound webhooks, file exchange."""
