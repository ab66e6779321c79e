-- Start the lease of a name anew, and that of how far its person has read.
-- KEYS: user, reads, ids of all who spoke, ids of the others, form, form...
-- ARGV: user id, lease in seconds, the same for somebody who did not speak.
-- include clock
-- include lease
local user, _, heard, unheard = unpack(KEYS, 1, 4)
if redis.call('EXISTS', user) == 0 then return end
local spoke = redis.call('HGET', user, 'spoke')
local short = spoke == '0' or spoke == '-'
lease(KEYS, short and unheard or heard, ARGV[1], short and ARGV[3] or ARGV[2])
