-- KEYS: bucket. ARGV: capacity (0: no limit), tokens per second. Returns the milliseconds to wait, 0 for none.
-- include clock
-- include pace
return pace(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), clock())
