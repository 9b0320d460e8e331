-- wrk's script: sends a request template, filled with the tokens and sessions of a list, one line a pair.
--   wrk … -- TEMPLATE VALUES THREADS cycle|once
-- `once`: every line is sent once; when they run out, the run says so and its result is void.

local threads_seen = {}

function setup(thread)
  thread:set("number", #threads_seen)
  threads_seen[#threads_seen + 1] = thread
end

local function contents(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("*a")
  file:close()
  return text
end

-- The template, cut at its two places; either may be missing.
local function pieces(template)
  local token, session = template:find("{{token}}", 1, true), template:find("{{session}}", 1, true)
  if token and session then
    return template:sub(1, token - 1), template:sub(token + 9, session - 1), template:sub(session + 11)
  elseif token then
    return template:sub(1, token - 1), template:sub(token + 9), ""
  end
  return template, "", ""
end

local values, position, once, compose = {}, 0, false, nil
exhausted = 0

function init(arguments)
  local front, middle, back = pieces(contents(arguments[1]))
  local threads, line = tonumber(arguments[3]), 0
  once = arguments[4] == "once"
  for pair in contents(arguments[2]):gmatch("[^\n]+") do
    if line % threads == number then values[#values + 1] = pair end
    line = line + 1
  end
  compose = function(pair)
    local token, session = pair:match("^(%S*) ?(%S*)$")
    return front .. token .. middle .. session .. back
  end
  -- Few requests are put together once, many each time: they would not fit into memory.
  if #values * (#front + #middle + #back) < 100000000 and not once then
    for index, pair in ipairs(values) do values[index] = compose(pair) end
    compose = nil
  end
end

function request()
  position = position + 1
  if position > #values then
    if once then
      exhausted = 1
      wrk.thread:stop()
    end
    position = 1
  end
  local value = values[position]
  return compose and compose(value) or value
end

function done(summary, latency, requests)
  local ran_out = 0
  for _, thread in ipairs(threads_seen) do ran_out = ran_out + (tonumber(thread:get("exhausted")) or 0) end
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"seconds":%.6f,"bytes":%d,"status":%d,"socket":%d,"timeout":%d,"p50":%d,"p99":%d,"exhausted":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, errors.status,
    errors.connect + errors.read + errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(99), ran_out))
end
