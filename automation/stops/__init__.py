"""What protects a holding, and what could: fixed, trailing, ATR and time stops, which are Actions from templates."""
