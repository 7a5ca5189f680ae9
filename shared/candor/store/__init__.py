"""candor.store"""
