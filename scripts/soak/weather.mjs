// What the network and the server do to a run: kinds of faults, and how often they come together.

/** A fault is decided before the request reaches the server, or about the answer. `none` lets it pass. */
export const faults = [
  'cut', // the connection ends without an answer
  'slow down', // 503, as S3 throttles
  'too many requests', // 429 with Retry-After
  'internal error', // 500
  'silence', // no answer at all
  'late', // an answer, up to a second later
  'lost answer', // the request is carried out, and the connection ends
  'reset in the middle', // a part of the body, and the connection ends
  'short body', // a part of the body under an honest length
  'flipped bit', // the body with one bit changed
  'error in a 200', // S3's way of failing late
  'garbage', // not HTTP
]

/** How likely a request meets a fault of any kind in each weather. */
export const weathers = { calm: 0, breeze: 0.05, rain: 0.25, storm: 0.7, blackout: 1 }

/** How often each weather comes. */
export const forecast = { calm: 2, breeze: 5, rain: 5, storm: 2, blackout: 1 }
