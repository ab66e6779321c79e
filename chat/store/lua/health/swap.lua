-- Keep a text in place of another. KEYS: a key for that alone. ARGV: the text. Returns the one before, if there was one.
local before = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1])
return before
