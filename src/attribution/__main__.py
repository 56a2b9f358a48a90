"""Run the command line with ``python -m attribution``."""

from attribution.cli import main

if __name__ == "__main__":
    main(prog_name="attribution")
