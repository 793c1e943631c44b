"""What customers are asked, in immutable versions, and what they answered."""
