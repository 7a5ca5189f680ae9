"""candor.messaging"""
