-- A token bucket, refilled by the server's clock. Returns 0, or the milliseconds until a token is there. A capacity of 0
-- is no limit, one of -1 lets nothing through.
local function pace(key, capacity, per_second, now)
  if capacity <= 0 then return -capacity end
  local bucket = redis.call('HMGET', key, 'tokens', 'at')
  local tokens, at = tonumber(bucket[1]) or capacity, tonumber(bucket[2]) or now
  tokens = math.min(capacity, tokens + math.max(0, now - at) * per_second / 1000)
  local wait = 0
  if tokens >= 1 then tokens = tokens - 1 else wait = math.ceil((1 - tokens) * 1000 / per_second) end
  redis.call('HSET', key, 'tokens', tostring(tokens), 'at', string.format('%.0f', now))
  redis.call('PEXPIRE', key, math.ceil(capacity * 1000 / per_second) + 1000)
  return wait
end
