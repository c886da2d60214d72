"""The pages of exports, in the look of the admin and below its address."""
