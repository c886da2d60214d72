"""What bots had, by hour and day, by city and source, and who came back: counted ahead (docs/adr/0011)."""
