-- Append an entry to a room's log, and to the bus, as one step; once for each (user, id).
-- KEYS: room, members, log, sent, bus, state of the bus, pace bucket.
-- ARGV: room name, its JSON, user, id, type, the JSON of the entry's own fields without its opening brace,
--       log length, bus length, pace capacity (0: no limit, -1: nothing new), pace tokens per second.
-- Returns {'absent'} where a part of it is missing, or the member, {'wait', ms}, {'known', epoch, seq, entry} or {'new', epoch, seq, at}.
-- include clock
-- include pace
-- include tell
local room, members, log, sent, bus, bus_state, bucket = unpack(KEYS)
local name, name_json, user, id, kind, fields = unpack(ARGV, 1, 6)

local epoch = redis.call('HGET', room, 'epoch')
if not epoch or not redis.call('ZSCORE', members, user) then return { 'absent' } end

local known = redis.call('ZSCORE', sent, user .. ' ' .. id)
if known then
  local stored = redis.call('XRANGE', log, known .. '-0', known .. '-0')
  return { 'known', epoch, known, stored[1] and stored[1][2][2] or '' }
end

local now = clock()
local wait = pace(bucket, tonumber(ARGV[9]), tonumber(ARGV[10]), now)
if wait > 0 then return { 'wait', wait } end

local seq = string.format('%.0f', redis.call('HINCRBY', room, 'head', 1))
local at = string.format('%.0f', now)
local entry = '{"type":"' .. kind .. '","room":' .. name_json .. ',"epoch":"' .. epoch .. '","seq":' .. seq
  .. ',"at":' .. at .. ',' .. fields
local added = redis.pcall('XADD', log, 'NOMKSTREAM', 'MAXLEN', '~', ARGV[7], seq .. '-0', 'e', entry)
if not added and seq == '1' then added = redis.call('XADD', log, seq .. '-0', 'e', entry) end
-- The store threw the log away, or where it ends.
if type(added) ~= 'string' then return { 'absent' } end
redis.call('ZADD', sent, seq, user .. ' ' .. id)
-- Repeats are known for as long as the log is kept.
redis.call('ZREMRANGEBYRANK', sent, 0, -1 - tonumber(ARGV[7]))

tell(bus, bus_state, ARGV[8], name, epoch, seq, kind, entry)
return { 'new', epoch, seq, at }
