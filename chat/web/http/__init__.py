"""What is the same for every page and file: headers, hosts, proxies, forgery of forms, errors, static files, health."""
