"""``python -m benchmarks``."""

from benchmarks.program import main

if __name__ == "__main__":
    main()
