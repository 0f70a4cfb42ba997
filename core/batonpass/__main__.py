"""`python -m batonpass` is the `batonpass` command."""

from batonpass.cli import main

if __name__ == "__main__":
    main()
