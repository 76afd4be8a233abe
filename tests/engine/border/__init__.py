"""Models beside plain Brian2: what holds of its contract holds of every one of them."""
