"""`python -m smolkalam`, where the command itself is not on the path."""

from smolkalam import main

if __name__ == "__main__":
    main()
