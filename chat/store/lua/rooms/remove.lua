-- Take away a room with all that it has, and put on the bus that it is gone. If it is to be a silent one, it stays where
-- somebody said something, came lately or is here.
-- KEYS: bus, state of the bus, room, members, log, sent, links, the room's other parts.
-- ARGV: room name, the signal (JSON), bus length, how many seconds are lately (0: also where it is not silent).
-- Returns who was a member, or nothing if it stays.
-- include clock
-- include tell
local bus, bus_state, room, members, _, _, links = unpack(KEYS, 1, 7)
local name, signal, bus_length, lately = unpack(ARGV)
if lately ~= '0' then
  local now = clock()
  local since = now / 1000 - lately
  local head, made = unpack(redis.call('HMGET', room, 'head', 'made'))
  if head ~= '0' or tonumber(made or 0) > since then return end
  local visited = redis.call('ZCOUNT', members, '(' .. since, '+inf') > 0
  if visited or redis.call('ZCOUNT', links, '(' .. now, '+inf') > 0 then return end
end
local users = redis.call('ZRANGE', members, 0, -1)
if redis.call('UNLINK', unpack(KEYS, 3)) > 0 then
  tell(bus, bus_state, bus_length, name, '', '0', 'roomRemoved', signal)
end
return users
