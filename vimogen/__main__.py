"""`python -m vimogen`."""

from vimogen.cli import main

if __name__ == "__main__":
    main()
