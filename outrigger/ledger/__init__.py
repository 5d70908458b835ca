"""What stops cost beyond their price: one line an exit, and figures over many of them."""
