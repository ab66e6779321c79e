-- Append to the bus what concerns no room's log: everybody's workers must see it, nobody stores it.
-- KEYS: bus, state of the bus. ARGV: type, entry (JSON), bus length.
-- include clock
-- include tell
-- A Redis that is full takes what begins by making room.
redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', ARGV[3])
tell(KEYS[1], KEYS[2], ARGV[3], '', '', '0', ARGV[1], ARGV[2])
