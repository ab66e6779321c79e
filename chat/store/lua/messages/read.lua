-- A page of a log, with the room as it is in the same step.
-- KEYS: room, members, log. ARGV: whose membership it takes (empty: nobody's), which, seq, epoch, limit, bytes (see page).
-- Returns {} where there is no such room, or not for them, and else {topic, epoch, head, what page returns...}.
-- include page
local room, members, log = unpack(KEYS)
local user, which, from, of_epoch, limit, bytes = unpack(ARGV)
local topic, epoch, head = unpack(redis.call('HMGET', room, 'topic', 'epoch', 'head'))
if not epoch or user ~= '' and not redis.call('ZSCORE', members, user) then return {} end
local found = page(log, epoch, tonumber(head), which, tonumber(from), of_epoch, tonumber(limit), tonumber(bytes))
return { topic, epoch, head, unpack(found) }
