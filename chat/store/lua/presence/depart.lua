-- Let links run out after a grace. KEYS: links. ARGV: grace in ms, then a link ("user connection") for each.
-- include clock
local expiry = clock() + ARGV[1]
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], 'XX', expiry, ARGV[i]) end
