"""Stays that have ended, as an inbox: each once, until an officer has dealt with it or the file says otherwise."""
