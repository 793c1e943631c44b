"""The people of an institution: who they are, what they may see, how they come and go."""
