"""Laws of random matrix theory in closed form. Name the module when you import one."""
