// An issuer of identity tokens on this machine, as GitHub Enterprise Server is one: RS256, a key set and a token endpoint.
import { createSign, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'

const BEARER = 'hush-the-request-token'
const encode = value => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Starts one; `stop()` ends it. */
export async function startIssuer() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: '1', use: 'sig', alg: 'RS256' }
  const asked = { keys: 0, tokens: 0 }
  const issuer = { asked, claims: {}, down: false }

  const server = createServer((request, response) => {
    const url = new URL(request.url, `http://${request.headers.host}`)
    const answer = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    if (issuer.down) return answer(503, {})
    if (url.pathname === '/_services/token/.well-known/jwks') {
      asked.keys++
      return answer(200, { keys: [jwk] })
    }
    if (request.headers.authorization !== `Bearer ${BEARER}`) return answer(401, {})
    asked.tokens++
    answer(200, { value: token(url.searchParams.get('audience')) })
  })

  function token(audience) {
    const iat = Math.floor(Date.now() / 1000)
    const claims = {
      iss: `http://${host}/_services/token`,
      aud: audience,
      iat,
      exp: iat + 300,
      repository: 'acme/shop',
      repository_id: '724198237',
      ref: 'refs/heads/main',
      ref_protected: 'true',
      event_name: 'push',
      sha: '9f3182061f1e2cca4702c368cbc039b7dc9d4485',
      workflow_ref: 'acme/shop/.github/workflows/ci.yml@refs/heads/main',
      run_id: '1001',
      run_attempt: '1',
      actor: 'octocat',
      ...issuer.claims,
    }
    const message = `${encode({ alg: 'RS256', typ: 'JWT', kid: '1' })}.${encode(claims)}`
    return `${message}.${createSign('sha256').update(message).sign(privateKey, 'base64url')}`
  }

  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${server.address().port}`
  return Object.assign(issuer, {
    /** The remote of the repository whose runs it vouches for. */
    repository: `http://${host}/acme/shop.git`,
    identity: `github-enterprise:${host}/acme/shop`,
    /** What a job has that may ask for a token. */
    permission: {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://${host}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: BEARER,
    },
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
    /** Whether a text shows a token, or what one is asked for with. */
    isShownIn: text => text.includes(BEARER) || /eyJ[\w-]{20}/.test(text),
  })
}
