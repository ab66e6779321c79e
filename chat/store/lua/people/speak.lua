-- Note that somebody said something for the first time: their lease is a long one from now on.
-- KEYS: user, reads, ids of all who spoke, ids of the others, form, form... ARGV: user id, lease in seconds.
-- include clock
-- include lease
if redis.call('HGET', KEYS[1], 'spoke') ~= '0' then return end
redis.call('HSET', KEYS[1], 'spoke', '1')
redis.call('ZREM', KEYS[4], ARGV[1])
lease(KEYS, KEYS[3], ARGV[1], ARGV[2])
