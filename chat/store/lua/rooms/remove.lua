-- Take away a room with all that it has, and put on the bus that it is gone.
-- KEYS: bus, state of the bus, members, then the room and its other parts.
-- ARGV: room name, the signal (JSON), bus length.
-- Returns who was a member.
-- include clock
-- include tell
local users = redis.call('ZRANGE', KEYS[3], 0, -1)
if redis.call('UNLINK', unpack(KEYS, 3)) > 0 then
  tell(KEYS[1], KEYS[2], ARGV[3], ARGV[1], '', '0', 'roomRemoved', ARGV[2])
end
return users
