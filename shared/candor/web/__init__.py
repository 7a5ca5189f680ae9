"""candor.web"""
