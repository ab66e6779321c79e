-- Give a room another epoch, with what is left of it: always, or only where the store threw a part of it away.
-- KEYS: room, members, log, sent, bus, state of the bus.
-- ARGV: room name, the epoch it gets, the signal (JSON), bus length, '1' for always.
-- Returns 1, or 0 where there is no such room, or nothing is missing.
-- include clock
-- include tell
local room, members, log, sent, bus, bus_state = unpack(KEYS)
local name, epoch, signal, bus_length, always = unpack(ARGV)
local head = tonumber(redis.call('HGET', room, 'head'))
local newest = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
-- A log of which everything was trimmed is there, and empty.
local last = newest and tonumber(newest[1]:match('^%d+')) or redis.call('EXISTS', log) == 1 and head or 0
if not head and last == 0 and redis.call('EXISTS', members) == 0 then return 0 end
if head == last and always ~= '1' then return 0 end
if last == 0 then redis.call('DEL', log, sent) end
redis.call('HSETNX', room, 'topic', '')
redis.call('HSET', room, 'epoch', epoch, 'head', string.format('%.0f', last))
tell(bus, bus_state, bus_length, name, '', '0', 'resync', signal)
return 1
