-- Give a log another epoch, unless somebody did so already. KEYS: room. ARGV: the epoch it had, the one it gets.
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then redis.call('HSET', KEYS[1], 'epoch', ARGV[2]) end
