"""What an export of the trail brings along for whoever verifies it; nothing of ours imports it."""
