"""Every parameter of Outrigger, declared once with unit, limits and effect."""
