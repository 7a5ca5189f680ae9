"""candor.ops"""
