// Who is measured, and with what settings each runs.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { awsCache } from './build.mjs'
import { work } from './places.mjs'

/** How many tasks end at about the same time: what Nx runs in parallel on a larger CI machine. */
export const TASKS_AT_ONCE = 8

/** What GitHub Actions tells the job of a push to main. */
const pushToMain = {
  CI: 'true',
  GITHUB_ACTIONS: 'true',
  GITHUB_EVENT_NAME: 'push',
  GITHUB_REF: 'refs/heads/main',
  GITHUB_REF_TYPE: 'branch',
}

/** All peers, ours first. Those that are `local` talk to no server. */
export async function allPeers(built, servers, { withAws = true } = {}) {
  const peers = [
    ours(servers),
    sealed(built, servers),
    { ...ours(servers), id: 'served', client: 'served', exact: false },
    { id: 'http', client: 'http', environment: { NX_SELF_HOSTED_REMOTE_CACHE_SERVER: servers.http } },
    withAws && (await aws(servers)),
    {
      id: 'tar',
      client: 'tar',
      settings: { archives: join(work, 'archives') },
      retrievesAtOnce: TASKS_AT_ONCE,
      local: true,
      exact: true,
    },
    { id: 'copy', client: 'copy', local: true, storesNothing: true },
  ]
  return peers.filter(Boolean)
}

/**
 * This project thrice, in CI runs of pushes to main: storing unsigned, signing with a key, and signing by an identity of
 * `issuer`. Each has a prefix of its own, so that what all of them store is there together.
 */
export function signers(built, servers, issuer) {
  const { publicKey, secretKey } = keyPair(built)
  const signer = (id, trust, environment) => ({
    ...ours(servers),
    id,
    section: {
      ...section(servers, servers.s3),
      cacheKeyPrefix: id,
      ...(trust && { trust: { ...trust, branches: ['main'] } }),
    },
    environment: { ...keys(servers), ...pushToMain, ...environment },
  })
  return [
    signer('unsigned'),
    signer('key', { publicKeys: [publicKey] }, { NX_S3_CACHE_SIGNING_KEY: secretKey }),
    signer('identity', { identities: [issuer.identity] }, issuer.permission),
  ]
}

/** This project with its defaults; `endpoint` may be one that is far away. */
export function ours(servers, endpoint = servers.s3) {
  return { id: 'ours', client: 'ours', section: section(servers, endpoint), environment: keys(servers), exact: true }
}

/** A trusted run on main, which seals and signs. */
function sealed(built, servers) {
  const { publicKey, secretKey } = keyPair(built)
  return {
    ...ours(servers),
    id: 'sealed',
    section: { ...section(servers, servers.s3), trust: { publicKeys: [publicKey], branches: ['main'] } },
    environment: {
      ...keys(servers),
      NX_S3_CACHE_ENCRYPTION_KEY: 'ab'.repeat(32),
      NX_S3_CACHE_SIGNING_KEY: secretKey,
      ...pushToMain,
    },
  }
}

function keyPair(built) {
  const require = createRequire(import.meta.url)
  return require(join(built.plugin, '@nx/s3-cache/index.js')).generateSigningKey('bench')
}

export async function aws(servers, endpoint = servers.s3) {
  const settings = { awsCache: await awsCache(), bucket: servers.bucket, endpoint }
  return { id: 'aws', client: 'aws', settings, environment: keys(servers) }
}

/** Long enough for slow machines: an upload that is dropped would make the run look fast. */
function section({ bucket }, endpoint) {
  return { bucket, endpoint, region: 'us-east-1', forcePathStyle: true, flushTimeout: '5m' }
}

function keys({ accessKeyId, secretAccessKey }) {
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
}
