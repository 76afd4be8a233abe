"""What is compiled on first use: by the compiler that Brian2 needs, one per core, and kept.

Whatever decides what a compiler makes is part of a kept file's name: sources, flags, the compiler's
version and the processor. What is kept may be deleted at any time.
"""
