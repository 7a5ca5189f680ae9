"""What we are made of: packages locked, their licences, what is known to be vulnerable, and the bill of materials."""
