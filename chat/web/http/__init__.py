"""What is the same for every page and file: headers, hosts, proxies, forged forms, errors, static files, health."""
