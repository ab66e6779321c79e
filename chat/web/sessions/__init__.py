"""Who looks at a page: the signed cookie, and the person whom it names."""
