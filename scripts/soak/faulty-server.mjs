// A proxy before a real S3 server that does to requests and answers what the weather says.
import { once } from 'node:events'
import { Agent, request as ask, createServer } from 'node:http'
import { faults, weathers } from './weather.mjs'

/** Starts the proxy; `weather` may be set at any time, `counts` says what it has done. */
export async function startFaultyServer(endpoint, chance) {
  const faulty = new FaultyServer(new URL(endpoint), chance)
  await faulty.listen()
  return faulty
}

class FaultyServer {
  weather = 'calm'
  requests = 0
  counts = Object.fromEntries(faults.map(fault => [fault, 0]))
  #upstream
  #chance
  #agent = new Agent({ keepAlive: true })
  #server = createServer((request, response) => this.#serve(request, response))

  constructor(upstream, chance) {
    this.#upstream = upstream
    this.#chance = chance
  }

  async listen() {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.endpoint = `http://127.0.0.1:${this.#server.address().port}`
  }

  close() {
    this.#server.close()
    this.#server.closeAllConnections()
    this.#agent.destroy()
  }

  #fault() {
    if (!this.#chance.happens(weathers[this.weather])) return 'none'
    const fault = this.weather === 'blackout' ? this.#chance.pick(['cut', 'silence']) : this.#chance.pick(faults)
    this.counts[fault]++
    return fault
  }

  async #serve(request, response) {
    this.requests++
    const fault = this.#fault()
    // Both ends may go away at any time; that is what this is for.
    for (const stream of [request, response]) stream.on('error', () => {})
    try {
      const body = await whole(request)
      if (!this.#refuse(fault, response)) this.#answer(fault, response, await this.#forward(request, body))
    } catch {
      response.destroy()
    }
  }

  /** Faults that keep the request from the server; says whether this was one. */
  #refuse(fault, response) {
    if (fault === 'cut') response.destroy()
    else if (fault === 'slow down') fail(response, 503, 'SlowDown')
    else if (fault === 'too many requests') fail(response, 429, 'TooManyRequests', { 'retry-after': '1' })
    else if (fault === 'internal error') fail(response, 500, 'InternalError')
    else return fault === 'silence'
    return true
  }

  async #forward(request, body) {
    const { hostname, port } = this.#upstream
    const { method, url: path, headers } = request
    const forwarded = ask({ hostname, port, method, path, headers, agent: this.#agent })
    forwarded.end(body)
    const [answer] = await once(forwarded, 'response')
    return { status: answer.statusCode, headers: answer.headers, body: await whole(answer) }
  }

  #answer(fault, response, { status, headers, body }) {
    const send = (sent = body, length = headers['content-length']) => {
      response.writeHead(status, { ...headers, ...(length === undefined ? {} : { 'content-length': length }) })
      response.end(sent)
    }
    const part = body.subarray(0, this.#chance.between(0, Math.max(1, body.length)))
    if (fault === 'lost answer') response.destroy()
    else if (fault === 'garbage') response.socket?.end('It is raining.\r\n\r\n')
    else if (fault === 'error in a 200') fail(response, 200, 'InternalError')
    else if (fault === 'late') setTimeout(send, this.#chance.between(50, 1000))
    else if (fault === 'short body' && body.length > 0) send(part, part.length)
    else if (fault === 'flipped bit' && body.length > 0) send(flipped(body, this.#chance))
    else if (fault === 'reset in the middle') {
      response.writeHead(status, headers)
      response.write(part, () => response.socket?.resetAndDestroy())
    } else send()
  }
}

async function whole(stream) {
  const parts = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

function fail(response, status, code, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/xml', ...headers })
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>made up by the soak</Message></Error>`)
}

function flipped(body, chance) {
  const copy = Buffer.from(body)
  copy[chance.between(0, copy.length)] ^= 1 << chance.between(0, 8)
  return copy
}
