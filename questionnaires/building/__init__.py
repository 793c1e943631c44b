"""The pages on which staff build questionnaires, and the rules behind them."""
