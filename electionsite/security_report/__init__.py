"""How safe this system is: each requirement with the tests that prove it, and the state of this installation."""
