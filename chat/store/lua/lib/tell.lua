-- Put an item on the bus, and count it. A new bus begins at a number that no earlier one can have reached, so that
-- whoever read one that was lost sees it. Needs clock.
local function tell(bus, state, length, room, epoch, seq, kind, entry)
  local n = redis.call('HINCRBY', state, 'head', 1)
  if n == 1 then
    n = clock() * 1000
    redis.call('HSET', state, 'head', string.format('%.0f', n), 'start', string.format('%.0f', n))
  end
  redis.call('XADD', bus, 'MAXLEN', '~', length, string.format('%.0f-0', n),
    'room', room, 'epoch', epoch, 'seq', seq, 'type', kind, 'entry', entry)
end
