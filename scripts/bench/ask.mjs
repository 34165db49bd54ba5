// Asks an S3 server for one small object, again and again over a few connections, and prints how often a second it was
// answered. The request is signed once (AWS Signature Version 4), so that the client costs next to nothing.
import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { performance } from 'node:perf_hooks'

const { s3, bucket, key, accessKeyId, secretAccessKey, requests, connections } = JSON.parse(process.argv[2])
const { host, hostname, port } = new URL(s3)

const sha256 = text => createHash('sha256').update(text).digest('hex')
const hmac = (secret, text) => createHmac('sha256', secret).update(text).digest()

function signed(path) {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const scope = [time.slice(0, 8), 'us-east-1', 's3', 'aws4_request']
  const payload = sha256('')
  const headers = { host, 'x-amz-content-sha256': payload, 'x-amz-date': time }
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const canonical = ['GET', path, '', lines.join(''), names, payload].join('\n')
  const toSign = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n')
  const signature = hmac(scope.reduce(hmac, `AWS4${secretAccessKey}`), toSign).toString('hex')
  const credential = `${accessKeyId}/${scope.join('/')}`
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`
  const all = { ...headers, authorization }
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${head.join('')}\r\n`)
}

const request = signed(`/${bucket}/${key}`)

/** The bytes of one whole answer, which must be a good one. */
async function answerSize() {
  const socket = connect({ host: hostname, port })
  socket.write(request)
  let answer = Buffer.alloc(0)
  for await (const bytes of socket) {
    answer = Buffer.concat([answer, bytes])
    const end = answer.indexOf('\r\n\r\n') + 4
    if (end < 4) continue
    const head = answer.subarray(0, end).toString()
    if (!head.startsWith('HTTP/1.1 200')) throw new Error(answer.toString())
    const size = end + Number(head.match(/content-length: (\d+)/i)[1])
    if (answer.length >= size) return size
  }
  throw new Error('the server hung up')
}

async function ask(times, size) {
  const socket = connect({ host: hostname, port, noDelay: true })
  let [asked, received] = [1, 0]
  socket.write(request)
  socket.on('data', bytes => {
    received += bytes.length
    if (received < asked * size) return
    if (asked++ === times) socket.destroy()
    else socket.write(request)
  })
  await once(socket, 'close')
  if (received !== times * size) throw new Error(`the answers differ in size: ${received} bytes, not ${times * size}`)
}

const bytes = await answerSize()
await ask(requests / 20, bytes) // warm
const started = performance.now()
await Promise.all(Array.from({ length: connections }, () => ask(requests / connections, bytes)))
const perSecond = Math.round((requests / (performance.now() - started)) * 1000)
process.stdout.write(JSON.stringify({ perSecond, bytes }))
