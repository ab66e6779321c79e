-- Take a place in the list of rooms. KEYS: rooms, makers.
-- ARGV: room, the network from which it is made (empty: one that may have all), most rooms, most rooms of one network.
-- Returns 'full', 'shared' where the network has its share, or 'listed', also for a room that is listed already.
local rooms, makers = unpack(KEYS)
local room, network, most, share = unpack(ARGV)
if redis.call('ZSCORE', rooms, room) then return 'listed' end
if redis.call('ZCARD', rooms) >= tonumber(most) then return 'full' end
if network ~= '' then
  local own = 0
  for _, maker in ipairs(redis.call('HVALS', makers)) do
    if maker == network then own = own + 1 end
  end
  if own >= tonumber(share) then return 'shared' end
  redis.call('HSET', makers, room, network)
end
redis.call('ZADD', rooms, 0, room)
return 'listed'
