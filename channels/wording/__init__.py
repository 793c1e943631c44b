"""What notices say: versions of their words, approved by two people, and the remarks that keep them safe."""
