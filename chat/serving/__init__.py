"""How gunicorn serves the chat. Knows little of the chat: gunicorn's worker patches the standard library first."""
