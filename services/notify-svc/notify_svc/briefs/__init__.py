"""The weekly brief by mail, to addresses that stand in the settings: kept, composed, and sent once in effect."""
