"""candor.local"""
