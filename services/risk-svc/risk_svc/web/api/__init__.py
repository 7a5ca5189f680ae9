"""HTTP: routes, the bodies they take and give, and how answers are made."""
