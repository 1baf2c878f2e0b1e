"""`python -m mbench`."""

from mbench.cli import main

if __name__ == "__main__":
    main()
