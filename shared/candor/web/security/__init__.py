"""Who is calling: keys, sessions, signatures, single sign-on."""
