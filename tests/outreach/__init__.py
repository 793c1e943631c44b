"""Tests of calls and visits."""
