"""Low-rank all-inhibitory networks that store binary patterns (Podlaski & Machens 2024)."""
