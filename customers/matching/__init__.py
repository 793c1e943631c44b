"""Customers who may be one person or one company (名寄せ): found by what they share, judged by people."""
