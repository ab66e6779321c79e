-- Make somebody a member again of a room that lost all of its members, as a store does that throws keys away.
-- KEYS: room, members. ARGV: somebody who was a member, by what they read; seconds since 1970.
-- Returns 2 for the first one, 1 for those who follow, and 0 where nothing was lost, or there is no such room.
local room, members = unpack(KEYS)
local first = redis.call('EXISTS', members) == 0
if redis.call('EXISTS', room) == 0 or not first and not redis.call('HGET', room, 'regained') then return 0 end
redis.call('HSET', room, 'regained', 1)
redis.call('ZADD', members, ARGV[2], ARGV[1])
return first and 2 or 1
