"""Low-rank all-inhibitory networks that store overlapping binary patterns (Podlaski & Machens 2024)."""
