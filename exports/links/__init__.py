"""Links by which somebody fetches an export's file once: how they look, what they are good for, what answers them."""
