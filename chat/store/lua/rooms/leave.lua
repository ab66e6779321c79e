-- End a membership: its person is no member and not here from now on, and the bus says so.
-- KEYS: members, links, here, labels, roll, changes, bus, state of the bus, the room that they left just now.
-- ARGV: user, room name, the signal (JSON), bus length.
-- Returns 1, also where it is repeated within a minute, or 0 for somebody who was no member.
-- include clock
-- include change
-- include depart
-- include tell
local members, links, here, labels, roll, changes, bus, bus_state, left_now = unpack(KEYS)
local user, room, signal, bus_length = unpack(ARGV)
if redis.call('ZREM', members, user) == 0 then return redis.call('GET', left_now) == room and 1 or 0 end
redis.call('SET', left_now, room, 'EX', 60)
-- Links are found by walking through them all, so only where there are some, and only until they are found.
local cursor, left = '0', tonumber(redis.call('HGET', here, user)) or 0
while left > 0 do
  local found
  cursor, found = unpack(redis.call('ZSCAN', links, cursor, 'MATCH', user .. ' *', 'COUNT', 500))
  for i = 1, #found, 2 do
    if redis.call('ZREM', links, found[i]) == 1 then
      left = left - 1
      depart(here, labels, roll, changes, user)
    end
  end
  if cursor == '0' then break end
end
tell(bus, bus_state, bus_length, room, '', '0', 'left', signal)
return 1
