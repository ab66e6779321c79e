-- Make a room, with an empty log. KEYS: room.
-- ARGV: epoch, topic, seconds since 1970, who makes it with which id (empty: nobody).
-- Returns 1, also where the same maker made it before, or 0 if it is there already.
if redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1]) == 0 then
  return ARGV[4] ~= '' and redis.call('HGET', KEYS[1], 'maker') == ARGV[4] and 1 or 0
end
redis.call('HSET', KEYS[1], 'head', 0, 'topic', ARGV[2], 'made', ARGV[3])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'maker', ARGV[4]) end
return 1
