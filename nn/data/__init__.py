"""What goes in: tables as people have them, the scales that they are put on, seeds.  It knows no network."""
