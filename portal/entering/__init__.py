"""Ways in beside the link of a notice: the reference number, the institution's own app, another device."""
