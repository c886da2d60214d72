"""When scheduled exports are due, who may get them, and the mails that tell of them."""
