-- Make a room, with an empty log. KEYS: room. ARGV: epoch, topic, seconds since 1970.
-- Returns 1, or 0 if it is there already.
if redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'head', 0, 'topic', ARGV[2], 'made', ARGV[3])
return 1
