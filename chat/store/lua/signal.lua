-- Append to the bus what concerns no room's log: everybody's workers must see it, nobody stores it.
-- KEYS: bus, bus head. ARGV: type, entry (JSON), bus length.
local n = string.format('%.0f', redis.call('INCR', KEYS[2]))
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], n .. '-0',
  'room', '', 'epoch', '', 'seq', '0', 'type', ARGV[1], 'entry', ARGV[2])
return n
