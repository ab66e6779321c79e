-- Write and read, as what the chat does takes. KEYS: a key for that alone. ARGV: what to write.
redis.call('SET', KEYS[1], ARGV[1], 'EX', 60)
return redis.call('GET', KEYS[1])
