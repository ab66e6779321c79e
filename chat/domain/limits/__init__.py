"""How much of anything there may be: paces, budgets, and by whom they are counted."""
