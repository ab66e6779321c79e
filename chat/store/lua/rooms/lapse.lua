-- Take a room away in which nobody said anything, unless somebody came lately or is here; and put on the bus that it is
-- gone.
-- KEYS: bus, its state, members, links, room, all its other parts.
-- ARGV: room name, the signal (JSON), bus length, how many seconds are lately.
-- Returns nothing if it stays, and otherwise who was a member.
-- include clock
-- include tell
local bus, bus_state, members, links, room = unpack(KEYS, 1, 5)
local now = clock()
local since = now / 1000 - ARGV[4]
local head, made = unpack(redis.call('HMGET', room, 'head', 'made'))
if head ~= '0' or tonumber(made or 0) > since then return end
local visited = redis.call('ZCOUNT', members, '(' .. since, '+inf') > 0
if visited or redis.call('ZCOUNT', links, '(' .. now, '+inf') > 0 then return end
local users = redis.call('ZRANGE', members, 0, -1)
redis.call('UNLINK', unpack(KEYS, 3))
tell(bus, bus_state, ARGV[3], ARGV[1], '', '0', 'roomRemoved', ARGV[2])
return users
