-- Some entries of a log, oldest first. Which is 'latest', 'before' or 'after' a seq, or 'resume': after a seq of the
-- given epoch, or the latest where the log does not go on from there.
-- There are at most `limit` of them, and, but for the first, no more than are `bytes` long together: those next to the
-- place asked for. They are read a few at a time, so that what is read is bounded too.
-- Returns {'reset' or '', 'complete' or '', entry...}; complete: there is nothing more in the direction asked for.
local function page(log, epoch, head, which, from, of_epoch, limit, bytes)
  local function id(seq) return string.format('%.0f-0', seq) end

  -- The entries from `start` on, by XRANGE or XREVRANGE; whether there are no more; and the id of the first there is.
  local function walk(command, start, stop)
    local entries, found, size, count, first = {}, 0, 0, 20, nil
    while true do
      -- One more than may be in the page tells whether it is complete.
      count = math.min(count, limit + 1 - found)
      local rows = redis.call(command, log, start, stop, 'COUNT', count)
      first = first or rows[1] and rows[1][1]
      for i = 1, #rows do
        local entry = rows[i][2][2]
        size = size + #entry
        if found == limit or size > bytes and found > 0 then return entries, false, first end
        found = found + 1
        entries[found] = entry
      end
      if #rows < count then return entries, true, first end
      start = '(' .. rows[count][1]
      -- As many as may still fit, but no more than 32: those that come may be longer.
      count = math.min(32, math.floor((bytes - size) * found / size) + 1)
    end
  end
  local function answer(entries, complete, reset)
    return { reset and 'reset' or '', complete and 'complete' or '', unpack(entries) }
  end
  local function newest(till, reset)
    local entries, complete = walk('XREVRANGE', till, '-')
    for i = 1, math.floor(#entries / 2) do
      entries[i], entries[#entries + 1 - i] = entries[#entries + 1 - i], entries[i]
    end
    return answer(entries, complete or reset, reset)
  end

  if which == 'before' then return from > 1 and newest(id(from - 1)) or answer({}, true) end
  if which == 'after' or which == 'resume' and of_epoch == epoch and from <= head then
    local entries, complete, first = walk('XRANGE', id(from + 1), '+')
    if which == 'after' or from == head or first == id(from + 1) then return answer(entries, complete) end
  end
  return newest('+', which == 'resume')
end
